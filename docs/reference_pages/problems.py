"""The catalogue of problem types."""

from http import HTTPStatus

from contracts import problems
from reference_pages.markup import code, escaped, table
from reference_pages.sources import problems_by_module

_PLACES = (
    ("policies/", "the policy"),
    ("gateway/upstreams/odoo/", "the Odoo adapter"),
    ("gateway/upstreams/", "the upstream client"),
    ("gateway/wire/", "the listener"),
    ("gateway/", "the pipeline"),
    ("catalog/", "the catalog"),
)


def page() -> str:
    """A summary, then one section for each type."""
    rows = sorted(problems.CATALOGUE.values(), key=lambda row: (row.status, row.id))
    parts = [
        "# Problems\n",
        (
            "Every refusal is `application/problem+json` (RFC 9457). Branch on `type`: it never changes. "
            "`title` and `status` belong to the type, `detail` says what happened this time. `instance` is "
            "`urn:ostiary:request:` and the request's id, which is also in `X-Request-Id` and in the access log. "
            "Of a gateway's refusal `policy` names the [policy](policies.md) that refused, or the part: "
            "`routing`, `target`, `upstream`, `mediation`. "
            "No member repeats a token, a submitted value or an upstream's internals; the one text that is not "
            "ours is the sentence of Odoo's in `business-rule`. The token endpoint answers in the form of "
            "RFC 6749 §5.2 instead.\n"
        ),
        table(
            ["Status", "Problem", "Title"],
            ([str(row.status), f"[`{row.id}`](#{row.id})", row.title] for row in rows),
        ),
    ]
    parts += map(_section, rows)
    return "\n".join(parts)


def _section(row: problems.ProblemType) -> str:
    facts = [
        ["`type`", code(row.type_uri)],
        ["`status`", f"{row.status} {HTTPStatus(row.status).phrase}"],
        ["`title`", row.title],
        ["Answered by", _sources(row.id)],
    ]
    return f"## `{row.id}` {{#{row.id}}}\n\n{escaped(row.meaning)}\n\n{table(['', ''], facts)}"


def _sources(problem_id: str) -> str:
    found = []
    for path, ids in problems_by_module().items():
        if problem_id in ids:
            what = next(name for prefix, name in _PLACES if path.startswith(prefix))
            found.append(f"{what} (`{path}`)")
    return ", ".join(found)
