"""RFC 9421, appendix B and §2.5: the signature bases that it prints, and its signatures by its keys."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from contracts.public_keys import PublicKey, public_key
from policies.content_digest import matches
from policies.credentials.signature_base import (
    SignatureFault,
    SignatureInput,
    SignedRequest,
    read_inputs,
    read_signature,
    signature_base,
)

DATA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data/rfc9421/appendix-b.json").read_text())
SECRET = base64.b64decode(DATA["test-shared-secret"])
ALGORITHMS = {"test-key-rsa-pss": "PS512", "test-key-ecc-p256": "ES256", "test-key-ed25519": "EdDSA"}


def key(name: str) -> PublicKey:
    made = jwt.get_algorithm_by_name(ALGORITHMS[name]).to_jwk(load_pem_public_key(DATA["keys"][name].encode()))
    jwk = json.loads(made)
    return public_key({each: jwk[each] for each in ("kty", "crv", "x", "y", "n", "e") if each in jwk})


def request(**fields: str) -> SignedRequest:
    given = DATA["request"]
    merged = {**given["fields"], **{name.replace("_", "-"): value for name, value in fields.items()}}
    return SignedRequest(
        given["method"], given["url"], {name.encode(): value.encode() for name, value in merged.items()}
    )


def case(name: str) -> tuple[SignatureInput, bytes]:
    (signature,) = read_inputs(DATA["cases"][name]["input"].encode())
    return signature, read_signature(DATA["cases"][name]["signature"].encode(), signature.label)


def verifies(signature: SignatureInput, proof: bytes, of: SignedRequest) -> bool:
    base, name = signature_base(of, signature), signature.parameters["keyid"]
    if name == "test-shared-secret":
        return hmac.compare_digest(hmac.digest(SECRET, base, "sha256"), proof)
    return key(name).verifies(base, proof, ALGORITHMS[name])


@pytest.mark.parametrize("name", DATA["cases"])
def test_the_signature_base_is_the_one_that_it_prints(name: str) -> None:
    signature, _ = case(name)
    assert signature_base(request(), signature).decode() == "\n".join(DATA["cases"][name]["base"])


@pytest.mark.parametrize("name", DATA["cases"])
def test_its_signature_verifies(name: str) -> None:
    assert verifies(*case(name), request())


@pytest.mark.parametrize("name", [each for each in DATA["cases"] if each != "B.2.1"])
def test_what_is_covered_is_held(name: str) -> None:
    """§B.4: another value of whatever is covered breaks it, and what is not covered may change."""
    signature, proof = case(name)
    for component, parameters in signature.components:
        if component.startswith("@") or parameters:
            continue
        assert not verifies(signature, proof, request(**{component.replace("-", "_"): "other"}))
    assert verifies(signature, proof, request(accept="*/*", x_added="1"))


def test_the_signature_of_its_response() -> None:
    """B.2.4: ECDSA, over what only a response has; a request that covers a status is refused."""
    base = "\n".join(DATA["response"]["base"]).encode()
    proof = base64.b64decode(DATA["response"]["signature"])
    assert key("test-key-ecc-p256").verifies(base, proof, "ES256")
    with pytest.raises(SignatureFault, match="not supported"):
        read_inputs(b'sig=("@status");created=1')


def test_its_content_digest() -> None:
    """RFC 9530, of the request's content."""
    field, content = DATA["request"]["fields"]["content-digest"].encode(), DATA["request"]["body"].encode()
    assert matches(field, content)
    assert not matches(field, content + b" ")
