"""All that there is about dynamic registration, put together."""

from dataclasses import dataclass

from starlette.routing import Route

from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.credentials.making import Maker
from catalog.oauth.grants.ending import Ending
from catalog.oauth.registration.admission import Admission
from catalog.oauth.registration.ending import RegistrationEnding
from catalog.oauth.registration.endpoint import RegistrationEndpoint
from catalog.oauth.registration.initial_access import InitialAccess
from catalog.oauth.registration.members import MemberRegistrations
from catalog.oauth.registration.registrar import Registrar
from catalog.oauth.registration.review import RegistrationReview
from catalog.people.directory import Directory
from catalog.people.tokens import MemberTokens
from catalog.publication import Publisher
from catalog.storage.engine import Store
from contracts.estate_files import CredentialsEntry


@dataclass(frozen=True, slots=True)
class RegistrationRoom:
    """`review` and `initial` are for those who decide, `members` for partners' developers, `ending` ends what is
    over by its time."""

    clock: Clock
    review: RegistrationReview
    initial: InitialAccess
    ending: RegistrationEnding
    members: MemberRegistrations
    endpoint_url: str
    routes: tuple[Route, ...]


def registration_room(
    store: Store,
    pepper: bytes,
    environment: str,
    issuer: str,
    maker: Maker,
    ledger: SecretLedger,
    tokens: MemberTokens,
    directory: Directory,
    grants: Ending,
    publisher: Publisher,
    audit: AuditLog,
    clock: Clock,
) -> RegistrationRoom:
    """Over a store that was migrated; `issuer` is the catalog's own URL."""

    def max_days() -> int:
        estate = publisher.estate
        return (CredentialsEntry() if estate is None else estate.file.credentials).max_days

    initial = InitialAccess(store, pepper, environment, clock, audit)
    admission = Admission(initial, tokens, directory, clock)
    ending = RegistrationEnding(store, audit, clock, grants, publisher.republish)
    registrar = Registrar(
        store,
        pepper,
        environment,
        clock,
        audit,
        maker,
        admission,
        ending,
        lambda: publisher.current,
        publisher.republish,
        max_days,
    )
    review = RegistrationReview(
        store,
        audit,
        clock,
        registrar,
        ending,
        lambda: publisher.estate,
        lambda: publisher.current,
        publisher.republish,
    )
    endpoint = RegistrationEndpoint(issuer, admission, registrar, ledger, clock)
    members = MemberRegistrations(store, registrar, lambda: publisher.estate)
    return RegistrationRoom(clock, review, initial, ending, members, endpoint.url, tuple(endpoint.routes))
