from policies.credentials.verified_tokens import VerifiedTokens
from policies.exchange import Principal


def principal(expires: float = 100.0) -> Principal:
    return Principal("iss", "client", "sub", "consumer", frozenset(), expires, "jti", {})


def test_the_least_recently_used_go_first() -> None:
    tokens = VerifiedTokens(capacity=2)
    tokens.get(b"", 1, 0)
    tokens.put(b"a", 1, principal())
    tokens.put(b"b", 1, principal())
    assert tokens.get(b"a", 1, 0) is not None
    tokens.put(b"c", 1, principal())
    assert tokens.get(b"b", 1, 0) is None
    assert tokens.get(b"a", 1, 0) is not None
    assert len(tokens) == 2


def test_an_expired_one_is_dropped() -> None:
    tokens = VerifiedTokens()
    tokens.get(b"", 1, 0)
    tokens.put(b"a", 1, principal(expires=100.0))
    assert tokens.get(b"a", 1, 99.9) is not None
    assert tokens.get(b"a", 1, 100.0) is None
    assert len(tokens) == 0


def test_another_generation_starts_empty() -> None:
    tokens = VerifiedTokens()
    tokens.get(b"", 1, 0)
    tokens.put(b"a", 1, principal())
    assert tokens.get(b"a", 2, 0) is None
    assert len(tokens) == 0


def test_what_was_verified_in_another_generation_is_not_kept() -> None:
    tokens = VerifiedTokens()
    tokens.get(b"", 2, 0)
    tokens.put(b"a", 1, principal())
    assert tokens.get(b"a", 2, 0) is None


def test_one_that_only_ends_like_a_verified_one_is_not_found() -> None:
    tokens = VerifiedTokens()
    tokens.get(b"", 1, 0)
    signature = b"s" * 342
    tokens.put(b"Bearer header.claims." + signature, 1, principal())
    assert tokens.get(b"Bearer header.other." + signature, 1, 0) is None
    assert tokens.get(signature[-64:], 1, 0) is None
    assert tokens.get(b"Bearer header.claims." + signature, 1, 0) is not None


def test_those_that_are_used_outlive_a_flood_of_others() -> None:
    tokens = VerifiedTokens(capacity=10)
    tokens.get(b"", 1, 0)
    tokens.put(b"used", 1, principal())
    for number in range(1000):
        assert tokens.get(b"used", 1, 0) is not None
        tokens.put(b"%d" % number, 1, principal())
    assert len(tokens) == 10


def test_the_keys_are_not_shown() -> None:
    tokens = VerifiedTokens()
    tokens.get(b"", 1, 0)
    tokens.put(b"secret", 1, principal())
    assert "secret" not in repr(tokens)
