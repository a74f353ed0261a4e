"""The modules that extensions and the two processes build on, through mkdocstrings."""

_MODULES = (
    "contracts.problems",
    "contracts.operations",
    "contracts.snapshot",
    "policies.exchange",
    "policies.verdict",
    "policies.ports",
    "policies.binding",
    "policies.policy",
    "policies.stages",
    "gateway.wire.messages",
)


def page() -> str:
    """One directive for each module."""
    return "\n".join(
        (
            "# Python\n",
            (
                "Ostiary is an application: it gets an environment of its own, and its import names are its "
                "folders. These modules are the seams between the folders. They may change before version 1.0.\n"
            ),
            *(f"::: {name}\n    options:\n      show_root_full_path: true\n" for name in _MODULES),
        )
    )
