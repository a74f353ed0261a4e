"""Whether a pattern runs on the engine that validators use: linear in the text's length, whatever the pattern.

ECMA-262's look-around and back-references need backtracking, which lets one short pattern and one chosen text
stop a worker (ReDoS). Such patterns are refused when a contract is compiled.
"""

from functools import lru_cache

import jsonschema_rs

REGEX_ENGINE = jsonschema_rs.RegexOptions()


@lru_cache(maxsize=4096)
def pattern_fault(pattern: str) -> str:
    """What is wrong with a pattern, as the rest of a sentence; empty for one that can be enforced."""
    if _compiles(pattern, REGEX_ENGINE):
        return ""
    if _compiles(pattern, None):
        return "needs backtracking (look-around or back-references), which is not linear in time"
    return "is no regular expression (ECMA-262), or too large"


def _compiles(pattern: str, engine: jsonschema_rs.RegexOptions | None) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=engine)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
