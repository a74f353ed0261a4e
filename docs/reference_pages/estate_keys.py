"""What each key of an estate's files means, by the type that holds it; the build fails for one that is missing."""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "EstateFile": {
        "name": "The estate's name, for people.",
        "upstreams": "The servers behind the gateway, by name.",
        "plans": "The limits that a subscription can be metered by, by name.",
        "gateway": "Where the gateway is.",
        "defaults": "What holds where a contract says nothing.",
        "deprecation-policy": "What partners are promised before a version ends, where an API says nothing else.",
        "lint": "How `ostiary lint` judges the estate. Without it, by `ostiary:recommended`.",
        "governance": "Who decides about the changes of an API that says nothing else: any architect "
        "(`centralised`), those of its own domain (`federated`), or nobody but diff and lint (`decentralised`).",
        "changes": "What [changes](../guides/changes.md) need before they are in force.",
        "credentials": "What holds for the [credentials](../guides/credentials.md) of applications.",
        "issuers": "[Authorization servers](../guides/issuers.md) besides the catalog whose tokens are accepted, "
        "by name.",
        "policies": "Settings of [policies](../guides/policies.md) by their ids, for all APIs.",
    },
    "IssuerEntry": {
        "issuer": "Its URL, exactly as `iss` in its tokens has it: https, or http on loopback.",
        "environment": "The one environment in which its tokens open anything. Catalogs of others leave it out.",
        "algorithms": "Those that it signs with. Without any, its JWTs are not accepted.",
        "jwks-uri": "Where its keys are. Without it they are found by its metadata (OpenID Connect Discovery, "
        "RFC 8414).",
        "audiences": "What `aud` may be. Without any: the gateway's `public-url`, or the URL of the version that "
        "is called.",
        "token-types": "The `typ` of its access tokens. `JWT` also admits a token without; only for issuers "
        "that do not write `at+jwt`.",
        "client-claim": "The claim that names the client; its value is looked up in `identities`.",
        "scope-claims": "The claims that hold scopes or roles: text with spaces, or a list.",
        "scope-map": "Scopes of the contracts by what the claims hold. With it, nothing else counts.",
        "introspection": "How tokens are asked about that are no JWTs.",
    },
    "IntrospectionEntry": {
        "client-id": "Who asks: the client that the issuer knows the gateway as.",
        "credential": "The name of the gateway's secret that proves it (`client_secret_basic`).",
        "endpoint": "Where to ask. Without it, as the issuer's metadata says.",
        "prefix": "How the issuer's opaque tokens begin. Needed where several issuers are asked.",
        "max-cache": "The most seconds for which an answer is believed: so long a revocation at the issuer takes.",
    },
    "CredentialsEntry": {
        "max-days": "The most days that a client secret or an API key may live.",
        "upstream-max-days": "The most days that a value of an upstream credential may be meant to live.",
        "on-leak": "What becomes of a credential that has leaked: `revoke` ends it, `tell` only tells its owner.",
        "reminders": "How many days before its end the owner of a credential is reminded.",
    },
    "ChangesEntry": {
        "approval": "What has to be decided by whom. A list takes the place of the "
        "[default rules](../guides/changes.md#the-default-rules) as a whole.",
        "freeze-windows": "Times in which nothing is published but emergencies.",
        "waiver-max-days": "The most days for which a finding can be waived.",
        "waiver-notice-days": "How many days before its end a waiver is announced to end.",
        "emergency-review-days": "Within how many days somebody else has to review an emergency change.",
    },
    "ApprovalRule": {
        "name": "What conditions call it.",
        "when": "For which changes it holds. Without it, for all.",
        "require": "What such a change needs.",
        "reason": "Why, for those who meet it.",
    },
    "WhenEntry": {
        "unit": "`api`, or `estate` for the estate's own files.",
        "apis": "APIs by name.",
        "verdict": "What [the diff](../guides/diff.md) found among the changes: something `breaking`, something "
        "`undecided`, or neither (`compatible`).",
        "lint": "What the linter found that was not there before: `errors` (at least `lint.fail-on`), `warnings`, "
        "or neither (`clean`).",
        "touches": "What it does [besides changing contracts](../guides/changes.md#what-a-change-touches).",
        "classification": "Of the API, before or after the change.",
        "criticality": "Of the API, before or after the change.",
        "governance": "Of the API, before or after the change.",
    },
    "RequireEntry": {
        "approvals": "Who has to approve. What several rules ask of the same people is asked once: the most "
        "counts.",
        "waived": "Which findings have to be waived, each by itself: those that are `breaking`, those that are "
        "`undecided`, or new ones of the linter (`lint`, from `lint.fail-on` on).",
    },
    "ApproversEntry": {
        "roles": "In which role; one of them is enough.",
        "count": "How many people.",
        "of": "Of which teams: `anyone`, the API's `owner`, its `domain`, or as its `governance` has it: the "
        "domain's own architects where that is `federated`, else anyone.",
    },
    "FreezeWindow": {
        "from": "Its first second.",
        "until": "The first second after it.",
        "reason": "Why, for those who have to wait.",
        "except": "APIs (or `estate`) that it spares.",
    },
    "DeprecationPolicyEntry": {
        "notice-days": "The least days between a version's deprecation and its sunset.",
        "documentation": "Where partners read about it.",
        "brown-outs": "The [brown-outs](../guides/deprecation.md#brown-outs) that every sunset has.",
        "reminders": "How many days before a sunset, or the end of an extension, those concerned are reminded.",
        "brown-out-reminders": "How many days before a brown-out they are.",
        "quiet-days": "For how many days nobody may have called a version that is retired.",
        "extension-max-days": "The most days after the sunset for which a single application can be spared.",
    },
    "BrownOutRule": {
        "days-before": "How many days before the sunset.",
        "minutes": "How long it lasts.",
        "at": "When it begins, in UTC.",
    },
    "LintEntry": {
        "rulesets": "[Rulesets](lint-rules.md) by name (`ostiary:recommended`, `ostiary:odoo`, `spectral:oas`), "
        "or as files in Spectral's format.",
        "ignore-file": "The file with the waivers of single findings.",
        "fail-on": "The mildest severity that makes the exit code 1, unless `--fail-on` says otherwise.",
    },
    "UpstreamEntry": {
        "url": "Where it is. A path in it takes the place of the version's base path.",
        "kind": "`odoo` for an Odoo that serves `x-ostiary-odoo` operations, `http` for everything else.",
        "description": "For people.",
        "credential": "The name of the secret with which the gateway calls it. The gateway finds the value in its "
        "own [settings](settings.md#upstream-credentials).",
        "credential-header": "The request header that carries the credential. `http` only.",
        "credential-scheme": "The word before the credential in that header; `null` for none. `http` only.",
        "protocol": "`json2` from Odoo 19 on, `jsonrpc` for 17 and 18, else `xmlrpc`. `odoo` only.",
        "database": "The database. JSON-RPC needs it; JSON-2 where one Odoo serves several. `odoo` only.",
        "login": "The login of the credential's user. JSON-RPC needs it. `odoo` only.",
        "tls": "For an `https` URL: whom the gateway trusts, and what it proves itself with. The upstream is "
        "verified in any case.",
        "connections": "The most connections that a gateway worker opens at once to it, or each of its targets; "
        "what comes on top waits. Of an `odoo`, the most operations that all workers which share their state have "
        "under way there at once.",
        "timeouts": "How long a call may take.",
        "targets": "The origins of several like servers, such as `https://10.0.0.7:8443`, called in place of "
        "the origin of `url`. Its path, and its host as `Host`, hold for all of them.",
        "breaker": "When calls are held back, as the upstream fails.",
        "retries": "How often a call is tried again that may be.",
        "ejection": "When a target that fails is left out, where there are several.",
        "health": "A check of each target, beside the calls. Off where there is no such mapping.",
        "care": "What an Odoo is [spared](../guides/odoo.md#care-for-the-erp). `odoo` only.",
        "residency": "Where it and all its targets keep what they are sent, such as `eu`: for the policy "
        "[residency](../guides/access-rules.md#residency).",
        "system": "The system that it is a way into, where several upstreams lead into one: what has business "
        "objects of record in the [graph](../guides/portal-architects.md#the-graph). Left out, it is one by "
        "itself.",
    },
    "BreakerEntry": {
        "consecutive": "Failures in a row that open the breaker.",
        "rate": "The share of failures within the window that opens it.",
        "minimum": "Calls within the window below which the share does not count.",
        "window": "Seconds over which the share is taken.",
        "open-for": "Seconds for which calls are refused before some are let through to try.",
        "probes": "Calls let through at once to try; when as many have succeeded the breaker closes.",
    },
    "RetriesEntry": {
        "attempts": "Tries after the first of [what may be repeated](../request-flow.md#an-upstream-that-fails).",
        "budget": "The most tries again, as a share of the calls over time: 0.2 is one for five.",
        "pause": "The most seconds before the first further try, doubled for each after it; chance shortens it.",
    },
    "EjectionEntry": {
        "failures": "Failures in a row after which a target is left out.",
        "base": "Seconds for which it is left out the first time; doubled where it fails again soon after.",
        "longest": "The most seconds for which it is left out.",
        "share": "The largest share of the targets that may be left out at once.",
    },
    "CareEntry": {
        "wait": "Seconds for which a call waits for its turn at most, within its `timeouts.total`.",
        "queue": "Calls that may wait in one worker; one more is refused at once.",
        "pace": "How fast calls go, one at a time, such as `1/second` for Odoo Online; as fast as it answers "
        "without.",
        "repeats": "How often a call is made again that Odoo undid, as it met another in a record.",
        "back-off": "The most seconds before it is made again, doubled for each further time; chance shortens it.",
    },
    "HealthEntry": {
        "path": "What is asked of each target. Needed but for an `odoo`: that is asked at `/web/health`, and has "
        "to say `pass`.",
        "interval": "Seconds between two checks.",
        "timeout": "Seconds after which a check has failed.",
        "unhealthy-after": "Failed checks in a row after which a target is left out.",
        "healthy-after": "Good checks in a row after which it is taken back.",
    },
    "TlsEntry": {
        "ca": "The name of the secret with the authorities (PEM) that are trusted, in place of the machine's.",
        "client-certificate": "The name of the secret with the gateway's own certificate, chain and key (PEM), "
        "for an upstream that asks for one.",
        "server-name": "The name that is asked for and verified, where it is not the URL's host.",
    },
    "TimeoutsEntry": {
        "connect": "Until the connection stands; also how long a call waits for a free one. Seconds.",
        "first-byte": "Until the answer begins. Seconds.",
        "between-bytes": "The longest silence after that. Seconds.",
        "total": "For the whole call; for an Odoo operation, for all the calls it makes. Seconds.",
    },
    "PlanEntry": {
        "limits": "All of them hold at once, each for an application and version unless it says otherwise. "
        "`RateLimit` shows the names.",
        "description": "For people.",
        "api-keys": "Whether API keys are good under it, where a contract takes them.",
        "policies": "Settings of [policies](../guides/policies.md) for calls under the plan; they hold before all "
        "others.",
    },
    "LimitEntry": {
        "limit": "How many units in what time.",
        "by": "Whose calls are counted together: those that agree in all that is named.",
        "window": "`fixed` begins with the first call; `calendar` is a day or month; `sliding`, `log` and `gcra` "
        "have no edge. See [limits](../guides/limits.md).",
        "burst": "The most that `gcra` gives at once.",
        "time-zone": "Whose days or months a `calendar` window is (`Europe/Brussels`); UTC without.",
        "on-unavailable": "Without the shared state each worker enforces its share (`local`), the limit does not "
        "hold (`open`), or every call is refused with 503 (`closed`).",
    },
    "GatewayEntry": {
        "public-url": "Where partners reach the gateway; the audience of every access token.",
    },
    "DefaultsEntry": {
        "max-body": "The largest request body, in bytes. `x-ostiary-limit` overrides it.",
        "unknown-query": "What happens to a query parameter that the contract does not declare: 422, or nothing.",
    },
    "TeamsFile": {"teams": "Who owns APIs, by name."},
    "TeamEntry": {
        "title": "For people.",
        "contact": "Where the team is reached.",
        "members": "The people, by a short name.",
        "domain": "The domain to which the team belongs. Its architects decide together about the domain's APIs.",
    },
    "MemberEntry": {
        "name": "The person's name.",
        "email": "Where the person is reached.",
        "roles": "What the person does.",
    },
    "ConsumersFile": {"consumers": "The partner organisations, by name."},
    "ConsumerEntry": {
        "title": "For people.",
        "contact": "Whom to tell of a change.",
        "applications": "The OAuth clients. The key is the `client_id`, which no other consumer can have.",
        "team": "A team of `teams.yaml`: its partner developers act for the consumer "
        "([A partner's applications](../guides/portal-applications.md)).",
        "claims": "What [access tokens and API keys](../guides/estate.md#claims) of its applications say of it "
        "besides: by name a text, a whole number, a flag, or a list of texts and numbers.",
    },
    "ApplicationEntry": {
        "title": "For people.",
        "subscriptions": "What it may call.",
        "identities": "Which clients of [other issuers](../guides/issuers.md) it is: values of the issuer's "
        "`client-claim`, by the issuer's name. Nobody else can have them.",
        "oauth": "How it authenticates to the catalog as an [OAuth client](../guides/oauth.md), and what it may "
        "ask for. Left out, it has a secret and uses client credentials.",
        "pinned": "By API, the date that stands for the version which its calls get that name none; of APIs whose "
        "[versions are chosen by date](../guides/versioning.md#by-date).",
    },
    "OAuthEntry": {
        "auth-methods": "How it authenticates at the token endpoint, by the names of IANA's registry: "
        "`client_secret_basic` and `client_secret_post`, `private_key_jwt`, `tls_client_auth` or "
        "`self_signed_tls_client_auth`. Left out, it follows from the keys that are given: without any, a secret.",
        "grants": "The grants that it may use.",
        "redirect-uris": "Where codes may be sent. Compared as they stand; of a loopback address the port may "
        "differ for a public client.",
        "public": "It runs where no secret can be kept, such as a browser or a phone, and authenticates by none.",
        "jwks": "Its public keys (RFC 7517), for `private_key_jwt`.",
        "jwks-uri": "Where its public keys are fetched instead.",
        "tls-client-auth": "Which certificates of the authority that the catalog trusts are its own.",
        "certificates": "Its self-signed certificates, each as PEM or as its `x5t#S256` thumbprint. A thumbprint "
        "alone is enough only where a TLS terminator passes certificates on.",
        "token-binding": "To what its access tokens are bound: `dpop` (RFC 9449) or `mtls` (RFC 8705). A gateway "
        "refuses those that are not.",
        "profile": "`fapi-2` turns the [strict settings](../guides/oauth.md#profiles) on together.",
        "exchange": "Whose tokens it may exchange for its own (RFC 8693).",
    },
    "TlsClientAuthEntry": {
        "subject-dn": "The subject, as a string of RFC 4514.",
        "san-dns": "A DNS name among the alternative names.",
        "san-uri": "A URI among them.",
        "san-ip": "An IP address among them.",
        "san-email": "An e-mail address among them.",
    },
    "ExchangeEntry": {
        "issuer": "Who issued the token that is exchanged: an entry of `issuers`.",
        "audience": "For whom that token must have been issued (`aud`).",
        "clients": "The clients of that issuer whose tokens are taken, by its `client-claim`; any by default.",
        "subjects": "The subjects (`sub`) whose tokens are taken; any by default.",
        "scopes": "The scopes that the new token may have; all that the application is granted by default.",
        "actor": "Whether an actor token may come with it, and whether one must.",
    },
    "SubscriptionEntry": {
        "api": "The API.",
        "version": "Its version.",
        "plan": "The plan that meters it.",
        "scopes": "What is granted. A call needs a scope both in its token and here.",
    },
    "ApiFile": {
        "title": "For people.",
        "owner": "A team of `teams.yaml`.",
        "contact": "Whom to ask.",
        "upstream": "The upstream that serves every version which names no other.",
        "classification": "How sensitive the data is.",
        "versions": "The versions and their lifecycles; each has a contract beside this file.",
        "description": "For people.",
        "criticality": "From 1 (the business stops) to 4.",
        "governance": "Who decides about its changes, where that is not as in the estate.",
        "domain": "The domain to which it belongs, where that is not its owner's.",
        "system-of-record-for": "The kinds of record of which this API holds the truth.",
        "business-objects": "The kinds of record that this API carries, whoever holds the truth of them.",
        "slo": "The service level that is promised.",
        "plans": "The plans that partners may subscribe under.",
        "notice-days": "The least days between a version's deprecation and its sunset, in place of the estate's.",
        "versioning": "How clients [choose a version](../guides/versioning.md). Left out, by the path.",
        "policies": "Settings of [policies](../guides/policies.md) for all operations of the API.",
    },
    "VersionEntry": {
        "state": "`draft` is compiled and not served, `retired` answers 410. The other two are served.",
        "deprecation": "Since when it is deprecated, or will be. Sent as `Deprecation` (RFC 9745).",
        "sunset": "When it ends. Sent as `Sunset` (RFC 8594); from then on the answer is 410.",
        "successor": 'The version to move to. Sent as `Link` with `rel="successor-version"`.',
        "migration-guide": 'Where the move is described. Sent as `Link` with `rel="deprecation"`.',
        "brown-outs": "Windows before the sunset in which every call is refused, besides those of the "
        "estate's `deprecation-policy`. Sent as 410 with `Retry-After`.",
        "upstream": "An upstream for this version alone.",
        "released": "The date that stands for the version where clients choose by date.",
        "policies": "Settings of [policies](../guides/policies.md) for all operations of the version, such as the "
        "[version that serves it](../guides/version-adapters.md).",
    },
    "VersioningEntry": {
        "by": "What names the version: the `path`, a `header`, a `media-type`, or a `date`.",
        "header": "The header field that names the version, or the date. `API-Version` if it is left out. It says "
        "in each answer which version has served.",
        "vendor": "The name in `application/vnd.<vendor>.v2+json`. The API's own if it is left out.",
        "default": "The version of calls that name none. Without it they are refused.",
    },
    "BrownOutEntry": {
        "from": "Its first second.",
        "until": "The first second after it.",
    },
    "SloEntry": {
        "availability": "Percent over 30 days.",
        "latency-p95": "The 95th percentile, in milliseconds over 30 days.",
    },
}
