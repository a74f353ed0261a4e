"""Sender-constrained tokens: whoever presents one proves to hold the key that it is bound to.

A token is verified once, the proof with each request. DPoP (RFC 9449 §7): a proof in the field `DPoP` for this
method, this URI and this token, used once. Mutual TLS (RFC 8705 §3): the certificate of the connection, or the one
that a listed TLS terminator tells of.
"""

from collections.abc import Awaitable
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from contracts.public_keys import ALGORITHMS
from policies.authentication import resource_metadata
from policies.credentials.dpop_proof import ProofFault, read_proof
from policies.credentials.used_proofs import NoRoomError, proof_digest
from policies.exchange import Binding, Exchange
from policies.path_versions import path_called
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "sender-constraint"

_ALGORITHMS: Final = " ".join(sorted(ALGORITHMS))


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where no access token is looked at."""
    if operation.public or not operation.scopes:
        return None
    return SenderConstraint(version, ports).check


class SenderConstraint:
    """Reads `exchange.principal`."""

    __slots__ = ("_audience", "_clock", "_metadata", "_nonces", "_proofs")

    def __init__(self, version: ApiVersion, ports: Ports) -> None:
        self._audience = ports.audience
        self._clock = ports.clock
        self._proofs = ports.proofs
        self._nonces = ports.nonces
        self._metadata = resource_metadata(ports.audience, version)

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        principal = exchange.principal
        if principal is None or principal.binding is None:
            return ALLOW
        if principal.binding.kind == "mtls":
            return self._certificate(exchange, principal.binding)
        return self._proof(exchange, principal.binding)

    def _certificate(self, exchange: Exchange, binding: Binding) -> Verdict:
        certificate = exchange.client_certificate
        if certificate is not None and certificate.thumbprint == binding.thumbprint:
            return ALLOW
        detail = "The access token is bound to a client certificate that this request does not come with."
        return self._deny("token-invalid", detail, f'Bearer error="invalid_token", {self._metadata}')

    def _proof(self, exchange: Exchange, binding: Binding) -> Verdict | Awaitable[Verdict]:
        text = exchange.fields.get(b"dpop")
        if text is None:
            return self._invalid("there is none")
        # The scheme was looked at when the token was; the token is what follows it.
        token = exchange.fields[b"authorization"].split(None, 1)[1].strip()
        uri = self._audience + path_called(exchange)
        try:
            proof = read_proof(text, exchange.method, uri, self._clock(), token)
        except ProofFault as fault:
            return self._invalid(str(fault))
        if proof.thumbprint != binding.thumbprint:
            return self._invalid("it is not signed by the key that the access token is bound to")
        if self._nonces is not None and not self._nonces.is_good(proof.nonce):
            return self._nonce(self._nonces.current())
        try:
            first = self._proofs.use(proof_digest(proof.thumbprint, proof.jti), proof.forgettable)
        except NoRoomError:
            return _busy()
        return self._judged(first) if isinstance(first, bool) else self._after_asking(first)

    async def _after_asking(self, asked: Awaitable[bool]) -> Verdict:
        try:
            return self._judged(await asked)
        except NoRoomError:
            return _busy()

    def _judged(self, first: bool) -> Verdict:
        return ALLOW if first else self._invalid("it was used before")

    def _invalid(self, reason: str) -> Deny:
        challenge = f'DPoP error="invalid_dpop_proof", algs="{_ALGORITHMS}", {self._metadata}'
        return self._deny("dpop-proof-invalid", f"The DPoP proof is not accepted: {reason}.", challenge)

    def _nonce(self, nonce: str) -> Deny:
        detail = "The DPoP proof needs the nonce in the DPoP-Nonce field."
        challenge = f'DPoP error="use_dpop_nonce", algs="{_ALGORITHMS}", {self._metadata}'
        return self._deny("dpop-proof-invalid", detail, challenge, ("dpop-nonce", nonce))

    @staticmethod
    def _deny(problem_id: str, detail: str, challenge: str, *more: tuple[str, str]) -> Deny:
        return Deny(POLICY, problem(problem_id, detail, headers=(("www-authenticate", challenge), *more)))


def _busy() -> Deny:
    detail = "No further DPoP proof can be remembered now; try again."
    return Deny(POLICY, problem("overloaded", detail, headers=(("retry-after", "5"),)))
