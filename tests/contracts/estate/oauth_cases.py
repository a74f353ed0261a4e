"""Mistakes in `oauth` of an application, as `test_estate` tries them: what is changed in a good estate, and
where the finding must stand."""

APP = "        title: Reading Club mobile app\n"
PLACE = "/consumers/reading-club/applications/reading-club-app/oauth"


def oauth(text: str) -> list[tuple[str, str, str]]:
    return [("consumers.yaml", APP, f"{APP}        oauth: {text}\n")]


OAUTH_CASES = {
    "oauth-method-conflict": (
        oauth("{ auth-methods: [client_secret_basic, private_key_jwt], jwks-uri: 'https://a.example/k' }"),
        ("consumers.yaml", "auth-methods: |["),
        f"{PLACE}/auth-methods",
    ),
    "oauth-key-missing": (
        oauth("{ auth-methods: [private_key_jwt] }"),
        ("consumers.yaml", "auth-methods: |["),
        f"{PLACE}/auth-methods",
    ),
    "oauth-key-conflict": (
        oauth("{ jwks: { keys: [] }, jwks-uri: 'https://a.example/k' }"),
        ("consumers.yaml", "jwks-uri: |'"),
        f"{PLACE}/jwks-uri",
    ),
    "oauth-key-unusable": (
        oauth("{ jwks: { keys: [{ kty: oct, k: AAAA }] } }"),
        ("consumers.yaml", "keys: [|{"),
        f"{PLACE}/jwks/keys/0",
    ),
    "oauth-key-unused": (
        oauth("{ redirect-uris: ['https://app.example/cb'] }"),
        ("consumers.yaml", "redirect-uris: |["),
        f"{PLACE}/redirect-uris",
    ),
    "oauth-uri-unsafe": (
        oauth("{ jwks-uri: 'http://a.example/k' }"),
        ("consumers.yaml", "jwks-uri: |'"),
        f"{PLACE}/jwks-uri",
    ),
    "oauth-grant-unusable": (
        oauth("{ grants: [refresh_token] }"),
        ("consumers.yaml", "grants: |["),
        f"{PLACE}/grants",
    ),
    "oauth-redirect-unusable": (
        oauth("{ grants: [authorization_code], redirect-uris: ['http://app.example/cb'] }"),
        ("consumers.yaml", "redirect-uris: [|'"),
        f"{PLACE}/redirect-uris/0",
    ),
    "oauth-profile-broken": (
        oauth("{ profile: fapi-2 }"),
        ("consumers.yaml", "profile: |fapi"),
        f"{PLACE}/profile",
    ),
}
