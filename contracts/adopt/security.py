"""Gives every operation of a foreign OpenAPI document a `security` that the gateway can enforce.

What an operation already demands of OAuth access tokens stays. Where nothing is demanded, or only what the
gateway does not verify (API keys, Basic), the operation gets `<api>:read` or `<api>:write` by its method.
`security: []` is a decision that its author wrote down, and stays too.
"""

from typing import Any, Final

from contracts.adopt.yaml_edit import YamlEdit
from contracts.documents.document import Document, escape

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SAFE: Final = ("get", "head", "options", "trace")


def secure(edit: YamlEdit, document: Document, api: str) -> list[str]:
    """Makes the changes; returns what was changed, as sentences."""
    schemes = _schemes(document.value)
    unsupported = {name for name, scheme in schemes.items() if not _supported(scheme)}
    usable = schemes.keys() - unsupported
    own = _free_name("oauth", schemes)
    inherited = document.value.get("security")
    given_up = inherited is not None and _enforceable(inherited, usable) != inherited
    used: dict[str, None] = {}
    replaced, public = 0, 0
    for path, item in _mapping(document.value.get("paths")).items():
        for method in METHODS:
            operation = _mapping(item).get(method)
            if not isinstance(operation, dict):
                continue
            stated = operation.get("security", inherited)
            kept = _enforceable(stated, usable)
            public += stated == []
            if kept:
                wanted = kept
            elif stated == []:
                wanted = []
            else:
                scope = f"{api}:{'read' if method in _SAFE else 'write'}"
                used[scope] = None
                replaced += stated is not None
                wanted = [{own: [scope]}]
            if operation.get("security") != wanted if "security" in operation else given_up or inherited != wanted:
                edit.put(f"/paths/{escape(path)}/{method}", "security", wanted, before="responses")
    notes = []
    if given_up:
        edit.remove("", "security")
        notes.append("the document's own `security` was taken out: it named what the gateway does not verify")
    if used:
        notes.append(
            f"operations that demanded no OAuth token now demand {' or '.join(used)}, by their method"
            f" (security scheme {own!r})"
        )
    if replaced:
        notes.append(
            f"{replaced} of them demanded something else before ({', '.join(sorted(unsupported)) or 'unknown'})"
        )
    if public:
        notes.append(f"{public} operation{'s' * (public > 1)} said `security: []` and stay public: is that meant?")
    if unsupported:
        notes.append(
            f"security schemes that the gateway does not verify were taken out: {', '.join(sorted(unsupported))}"
        )
    if used or unsupported:
        remaining = {name: scheme for name, scheme in schemes.items() if name in usable}
        if used:
            remaining[own] = _scheme(api, used)
        _put_schemes(edit, document, remaining)
    return notes


def _scheme(api: str, scopes: dict[str, None]) -> dict[str, Any]:
    words = {"read": f"Read {api}", "write": f"Change {api}"}
    return {
        "type": "oauth2",
        "description": "Access tokens of the Ostiary catalog",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/oauth/token",
                "scopes": {scope: words[scope.rpartition(":")[2]] for scope in scopes},
            }
        },
    }


def _put_schemes(edit: YamlEdit, document: Document, schemes: dict[str, Any]) -> None:
    if not isinstance(document.value.get("components"), dict):
        edit.put("", "components", {"securitySchemes": schemes})
    elif schemes:
        edit.put("/components", "securitySchemes", schemes)
    else:
        edit.remove("/components", "securitySchemes")


def _enforceable(stated: Any, usable: Any) -> list[Any]:
    """The alternatives that demand a token and nothing that the gateway cannot verify."""
    if not isinstance(stated, list):
        return []
    return [each for each in stated if isinstance(each, dict) and each and each.keys() <= set(usable)]


def _schemes(root: Any) -> dict[str, Any]:
    return _mapping(_mapping(root.get("components")).get("securitySchemes"))


def _supported(scheme: Any) -> bool:
    kind = _mapping(scheme).get("type")
    bearer = kind == "http" and str(scheme.get("scheme")).lower() == "bearer"
    # A reference is left for `check` to follow.
    return bearer or kind in ("oauth2", "openIdConnect") or "$ref" in _mapping(scheme)


def _free_name(wanted: str, taken: Any) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}{number}"
    return name


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
