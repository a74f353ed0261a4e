"""Plain values written as YAML that YAML 1.1 and 1.2 readers understand alike, in the order they have."""

import re
from typing import Any

import yaml

# PyYAML quotes what YAML 1.1 would read as something else; these are numbers in YAML 1.2 only (`1e3`, `0o7`).
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9][-+._0-9a-fA-FxXoO]*")


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # A list's items stand deeper than its key, as people write them.
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value.rstrip("\n") and not re.search(r"[ \t]\n", value):
        style = "|"
    elif _LIKE_A_NUMBER.fullmatch(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump(value: Any) -> str:
    """`value` as a block-style YAML document that ends with a line break."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
