"""The rules of the diff are documented, each with its before and after."""

import re
from collections.abc import Mapping

from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.examples import examples


def test_every_rule_is_in_the_table_and_on_one_page(reference: Mapping[str, str]) -> None:
    overview = reference["reference/diff-rules.md"]
    listed = re.findall(r"^\| \[`([a-z0-9-]+)`\]\(diff/([a-z-]+)\.md#\1\) \| (\w+) \|", overview, re.M)
    assert sorted(name for name, _, _ in listed) == sorted(DIFF_RULES)
    for name, area, severity in listed:
        rule = DIFF_RULES[name]
        assert severity == ("undecided" if rule.undecided else rule.severity)
        assert f"## `{name}` {{#{name}}}" in reference[f"reference/diff/{area}.md"]


def test_examples_are_shown(reference: Mapping[str, str]) -> None:
    text = "".join(page for path, page in reference.items() if path.startswith("reference/diff/"))
    for name, example in examples().items():
        section = text.partition(f"{{#{name}}}")[2].partition("\n## ")[0]
        assert f'```yaml title="before"\n{example.base_text}```' in section, name
        assert f'```yaml title="after"\n{example.revision_text}```' in section, name
