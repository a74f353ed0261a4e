"""Small estates for tests: the one that `ostiary init` writes, with one thing changed."""

from functools import cache
from pathlib import Path

from catalog.cli.init import scaffold

UPSTREAMS = "upstreams:\n"


def write_estate(root: Path, *changes: tuple[str, str, str]) -> Path:
    """The scaffold below `root`, with (file, old text, new text) replaced; the old text must be there."""
    texts = dict(_scaffold())
    for name, old, new in changes:
        if old:
            assert old in texts[name], f"{old!r} is not in {name}"
        texts[name] = texts[name].replace(old, new, 1) if old else new
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@cache
def _scaffold() -> dict[str, str]:
    return scaffold("test-estate")
