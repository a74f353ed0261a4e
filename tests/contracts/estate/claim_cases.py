"""Mistakes in `claims` of a consumer, as `test_estate` tries them."""

_CLUB = "    contact: it@reading-club.example\n"

CLAIM_CASES = {
    "claim-reserved": (
        [("consumers.yaml", _CLUB, f"{_CLUB}    claims: {{ partner_id: 7, scope: everything }}\n")],
        ("consumers.yaml", "|scope: everything"),
        "/consumers/reading-club/claims/scope",
    ),
}
