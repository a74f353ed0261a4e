"""To which key an access token is bound (RFC 9449 §5, RFC 8705 §3), so that whoever copies the token has
nothing."""

from dataclasses import dataclass
from typing import Any, Literal

from catalog.clock import Clock
from catalog.oauth.clients.assertion import FAPI_ALGORITHMS
from catalog.oauth.clients.settings import ClientSettings
from catalog.oauth.wire.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from catalog.oauth.wire.request import FormRequest
from catalog.oauth.wire.used_ids import UsedIds
from contracts.client_certificates import thumbprint
from contracts.public_keys import ALGORITHMS
from policies.credentials.dpop_nonces import DpopNonces
from policies.credentials.dpop_proof import SKEW, Proof, ProofFault, read_proof


@dataclass(frozen=True, slots=True)
class Binding:
    """The key by its thumbprint; of no kind there is none."""

    kind: Literal["none", "dpop", "mtls"] = "none"
    thumbprint: str = ""

    @property
    def token_type(self) -> str:
        """RFC 9449 §5: such a token has a scheme of its own."""
        return "DPoP" if self.kind == "dpop" else "Bearer"

    @property
    def confirmation(self) -> dict[str, Any]:
        """The `cnf` claim (RFC 7800), if there is one."""
        match self.kind:
            case "none":
                return {}
            case "dpop":
                return {"cnf": {"jkt": self.thumbprint}}
            case "mtls":
                return {"cnf": {"x5t#S256": self.thumbprint}}

    @property
    def key(self) -> str:
        """The key's name for what is stored: `jkt:…` or `x5t:…`, or empty."""
        return {"none": "", "dpop": f"jkt:{self.thumbprint}", "mtls": f"x5t:{self.thumbprint}"}[self.kind]


class Binder:
    """Finds the key that a request at an endpoint was proved with."""

    def __init__(self, used: UsedIds, nonces: DpopNonces, clock: Clock) -> None:
        self._used = used
        self._nonces = nonces
        self._clock = clock

    async def binding(self, request: FormRequest, client: ClientSettings, endpoint: str) -> Binding:
        """What the client's tokens are bound to; nothing where it neither proves a key nor has to.

        Raises InvalidDpopProof, UseDpopNonce, InvalidRequest, SQLAlchemyError.
        """
        wanted = client.constraint
        if wanted == "mtls" or (wanted == "any" and not request.proofs):
            if request.proofs:
                raise InvalidDpopProof("The tokens of this client are bound to its certificate.")
            if request.certificate is None:
                raise InvalidRequest("The tokens of this client are bound to a key: prove one.")
            return Binding("mtls", thumbprint(request.certificate))
        if not request.proofs:
            if wanted == "dpop":
                raise InvalidDpopProof("The tokens of this client are bound to a DPoP key: send a proof.")
            return Binding()
        proof = await self._proof(request, client, endpoint)
        return Binding("dpop", proof.thumbprint)

    async def _proof(self, request: FormRequest, client: ClientSettings, endpoint: str) -> Proof:
        if len(request.proofs) > 1:
            raise InvalidDpopProof("There is more than one proof.")
        strict = client.profile == "fapi-2"
        algorithms = FAPI_ALGORITHMS if strict else ALGORITHMS
        try:
            text = request.proofs[0].encode("latin-1")
            proof = read_proof(text, "POST", endpoint, self._clock(), algorithms=algorithms)
        except ProofFault as fault:
            raise InvalidDpopProof(f"The proof is not accepted: {fault}.") from None
        # §8: what is bound to a nonce of ours cannot have been made beforehand by whoever borrowed the key.
        if (strict or proof.nonce is not None) and not self._nonces.is_good(proof.nonce):
            raise UseDpopNonce(self._nonces.current())
        spent = await self._used.spend("dpop", proof.thumbprint, proof.jti, until=proof.forgettable + SKEW)
        if not spent:
            raise InvalidDpopProof("The proof was used before.")
        return proof
