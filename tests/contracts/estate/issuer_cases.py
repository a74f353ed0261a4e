"""Mistakes in `issuers` and `identities`, as `test_estate` tries them: what is changed in a good estate, and where
the finding must stand."""

SSO = """\
issuers:
  sso:
    issuer: %s
    environment: production
    algorithms: [%s]
"""
OTHER = """\
  %s:
    issuer: https://login.example
    environment: production
    introspection: { client-id: gateway, credential: sso-secret, prefix: '%s' }
"""
APP = "        title: Reading Club mobile app\n"
LAB = "        title: Reading Club experiments\n"
URL = "https://sso.example/realms/partners"


def issuer(text: str) -> list[tuple[str, str, str]]:
    return [("ostiary.yaml", "upstreams:\n", text + "upstreams:\n")]


def known_as(*identities: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [("consumers.yaml", title, f"{title}        identities: {each}\n") for title, each in identities]


ISSUER_CASES = {
    "issuer-unsafe": (
        issuer(SSO % ("http://sso.example", "ES256")),
        ("ostiary.yaml", "issuer: |http://sso"),
        "/issuers/sso/issuer",
    ),
    "issuer-accepts-nothing": (issuer(SSO % (URL, "")), ("ostiary.yaml", "|sso:\n"), "/issuers/sso"),
    "issuer-twice": (
        issuer(SSO % (URL, "ES256") + (SSO % (URL, "RS256")).replace("issuers:\n  sso:", "  again:")),
        ("ostiary.yaml", "  again:\n    issuer: |https"),
        "/issuers/again/issuer",
    ),
    "issuer-key-unused": (
        issuer(SSO % (URL, "") + f"    jwks-uri: {URL}/certs\n"),
        ("ostiary.yaml", "|jwks-uri"),
        "/issuers/sso/jwks-uri",
    ),
    "issuer-unused": (issuer(SSO % (URL, "ES256")), ("ostiary.yaml", "|sso:\n"), "/issuers/sso"),
    "introspection-ambiguous": (
        issuer("issuers:\n" + OTHER % ("one", "op_") + OTHER % ("two", "op_x")),
        (
            "ostiary.yaml",
            "  two:\n    issuer: https://login.example\n    environment: production\n    |introspection",
        ),
        "/issuers/two/introspection",
    ),
    "unknown-issuer": (
        [*issuer(SSO % (URL, "ES256")), *known_as((APP, "{ soo: [shop] }"))],
        ("consumers.yaml", "identities: { |soo"),
        "/consumers/reading-club/applications/reading-club-app/identities/soo",
    ),
    "identity-twice": (
        [*issuer(SSO % (URL, "ES256")), *known_as((APP, "{ sso: [a, shop] }"), (LAB, "{ sso: [shop] }"))],
        ("consumers.yaml", "identities: { sso: [|shop"),
        "/consumers/reading-club/applications/reading-club-lab/identities/sso/0",
    ),
}
