"""Calls mypyc and the C compiler: `mypyc_setup.py CONFIGURATION MODULE…`, run in the packages' folder.

A script of its own, as both end the process they run in when something is wrong.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mypyc.build import mypycify
from setuptools import setup
from setuptools.command.build_ext import build_ext


class ParallelBuild(build_ext):  # type: ignore[misc]  # setuptools has no types here
    """Compiles the C files of one extension on all cores: setuptools itself takes one after the other."""

    def build_extensions(self) -> None:
        compiler: Any = self.compiler

        def compile_all(
            sources: Sequence[str],
            output_dir: str | None = None,
            macros: Any = None,
            include_dirs: Any = None,
            debug: Any = 0,
            extra_preargs: Any = None,
            extra_postargs: Any = None,
            depends: Any = None,
        ) -> list[str]:
            macros, objects, after, options, jobs = compiler._setup_compile(
                output_dir, macros, include_dirs, sources, depends, extra_postargs
            )
            before = compiler._get_cc_args(options, debug, extra_preargs)

            def one(path: str) -> None:
                source, suffix = jobs[path]
                compiler._compile(path, source, suffix, before, after, options)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(one, [path for path in objects if path in jobs]))
            return list(objects)

        compiler.compile = compile_all
        super().build_extensions()


def main() -> None:
    configuration, *modules = sys.argv[1:]
    extensions = mypycify(
        ["--config-file", configuration, *modules],
        opt_level="2",
        debug_level="0",
        multi_file=True,
        group_name="ostiary",
    )
    setup(
        name="ostiary-hot-path",
        packages=[],
        ext_modules=extensions,
        cmdclass={"build_ext": ParallelBuild},
        script_args=["--quiet", "build_ext", "--inplace"],
    )


if __name__ == "__main__":
    main()
