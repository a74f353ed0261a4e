"""What is wrong with a token's claims: by whom it is, for whom, whose and when (RFC 8725, RFC 9068)."""

import json

from tests.conformance.jose.forging import Forger
from tests.support.policy_world import AUDIENCE, NOW, compact, header


def who(forger: Forger) -> dict[str, str]:
    """RFC 8725 §3.8, §3.9, §3.12: by whom, for whom, whose; and bound to a key that the caller does not show."""
    issuers = {
        "unknown": "https://evil.example",
        "with a slash more": forger.issuer + "/",
        "with a port": forger.issuer.replace(".example", ".example:443"),
        "in another case": forger.issuer.upper(),
        "a prefix": forger.issuer[:-1],
        "with a fragment": forger.issuer + "#",
        "with a nul": forger.issuer + "\0",
        "in other letters": forger.issuer.replace("a", "а"),
        "not https": forger.issuer.replace("https", "http"),
        "empty": "",
        "null": None,
        "a number": 1,
        "a list": [forger.issuer],
        "missing": ...,
    }
    audiences = {
        "of another": "https://other.example",
        "a prefix of which is ours": AUDIENCE + ".evil.example",
        "a prefix of ours": AUDIENCE[:-1],
        "with a slash more": AUDIENCE + "/",
        "of another version": AUDIENCE + "/orders/v2",
        "of the version and a slash": AUDIENCE + "/orders/v1/",
        "with a port": AUDIENCE + ":443",
        "in another case": AUDIENCE.upper(),
        "with a user": AUDIENCE.replace("://", "://x@"),
        "several in one text": f"{AUDIENCE} https://x.example",
        "empty": "",
        "no one's": [],
        "missing": ...,
        "null": None,
        "a list in a list": [[AUDIENCE]],
        "partly no text": [AUDIENCE, 1],
        "an object": {AUDIENCE: 1},
    }
    clients = {"unknown": "nobody", "in another case": "ACME-SHOP", "with a nul": "acme-shop\0"}
    clients |= {"a number": 7, "a list": ["acme-shop"], "empty": "", "null": None, "missing": ...}
    found = {f"issuer {name}": forger.body_of(iss=value) for name, value in issuers.items()}
    found |= {f"audience {name}": forger.body_of(aud=value) for name, value in audiences.items()}
    found |= {f"client {name}": forger.body_of(client_id=value) for name, value in clients.items()}
    found |= {
        "subject missing": forger.body_of(sub=...),
        "subject a number": forger.body_of(sub=7),
        "token id missing": forger.body_of(jti=...),
        "token id an object": forger.body_of(jti={}),
        "scope a number": forger.body_of(scope=7),
        "scope an object": forger.body_of(scope={"orders.read": True}),
        "bound by dpop, sent as bearer": forger.body_of(
            cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}
        ),
        "bound to a certificate": forger.body_of(cnf={"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        "bound to nothing": forger.body_of(cnf=None),
    }
    return found


def when(forger: Forger) -> dict[str, str]:
    text = json.dumps(forger.claims(exp=0))
    return {
        "expired": forger.body_of(exp=NOW),
        "expired long ago": forger.body_of(exp=0),
        "expired before all times": forger.body_of(exp=-(10**30)),
        "expired, in text": forger.body_of(exp=str(NOW + 600)),
        "expiry missing": forger.body_of(exp=...),
        "expiry null": forger.body_of(exp=None),
        "expiry true": forger.body_of(exp=True),
        "expiry a list": forger.body_of(exp=[NOW + 600]),
        "expiry a date": forger.body_of(exp="2099-01-01T00:00:00Z"),
        "expiry in milliseconds": forger.body_of(exp=(NOW + 600) * 1000),
        "expiry beyond all dates": forger.body_of(exp=10**30),
        "expiry an overflowing float": compact(header(), text.replace('"exp": 0', '"exp": 1e999')),
        "not yet valid": forger.body_of(nbf=NOW + 31),
        "valid from, in text": forger.body_of(nbf=str(NOW)),
        "issued in the future": forger.body_of(iat=NOW + 31),
        "issued before all times": forger.body_of(iat=-1),
        "issue time missing": forger.body_of(iat=...),
        "issue time in text": forger.body_of(iat=str(NOW)),
    }
