"""Calls mypyc and the C compiler: `mypyc_setup.py CONFIGURATION TRAINING MODULE…`, run in the packages' folder.

A script of its own, as both end the process they run in when something is wrong. TRAINING is a program that is run
on a form with counters in it, so that the compiler knows what runs often; empty, there is none.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from mypyc.build import mypycify
from setuptools import setup
from setuptools.command.build_ext import build_ext

# GCC's. What did not run in training is compiled as without it: it is rare here, and may be common elsewhere.
COUNTING: Final = ("-fprofile-generate", "-fprofile-update=single")
TRAINED: Final = ("-fprofile-use", "-fprofile-partial-training", "-Wno-missing-profile")


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
    configuration, training, *modules = sys.argv[1:]
    extensions = mypycify(
        ["--config-file", configuration, *modules],
        opt_level="2",
        debug_level="0",
        multi_file=True,
        group_name="ostiary",
    )
    if training:
        build(extensions, COUNTING, COUNTING)
        packages = str(Path.cwd())
        command = [sys.executable, training, packages]
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": packages}, capture_output=True, text=True)
        if done.returncode == 0:
            build(extensions, TRAINED, ())
            return
        print("untrained:", done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
    build(extensions, (), ())


def build(extensions: Sequence[Any], compiling: Sequence[str], linking: Sequence[str]) -> None:
    """With options for the C compiler and the linker beside those that mypyc has chosen."""
    own = [list(extension.extra_compile_args) for extension in extensions]
    for extension in extensions:
        extension.extra_compile_args = [*extension.extra_compile_args, *compiling]
        extension.extra_link_args = list(linking)
    setup(
        name="ostiary-hot-path",
        packages=[],
        ext_modules=list(extensions),
        cmdclass={"build_ext": ParallelBuild},
        script_args=["--quiet", "build_ext", "--inplace", "--force"],
    )
    for extension, before in zip(extensions, own, strict=True):
        extension.extra_compile_args = before


if __name__ == "__main__":
    main()
