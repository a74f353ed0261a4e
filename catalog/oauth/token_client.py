"""A client of the token endpoint: what `ostiary token` and the demonstration use to get an access token."""

from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp
import msgspec

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)


class TokenError(Exception):
    """No token was given. `code` is the OAuth error (RFC 6749 §5.2), or "" where there was none to read."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}" if code else description)
        self.code = code


async def request_token(catalog: str, client_id: str, secret: str, scopes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The token response to a client-credentials request at the catalog's URL. Raises TokenError."""
    if urlsplit(catalog).scheme not in ("http", "https"):
        raise TokenError("", f"{catalog!r} is no http(s) URL")
    form = {"grant_type": "client_credentials", **({"scope": " ".join(scopes)} if scopes else {})}
    # RFC 6749 §2.3.1: both are form-encoded before they become Basic credentials.
    authorization = aiohttp.encode_basic_auth(quote_plus(client_id), quote_plus(secret))
    try:
        async with (
            aiohttp.ClientSession(
                timeout=_TIMEOUT, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
            session.post(
                catalog.rstrip("/") + "/oauth/token",
                data=form,
                headers={"authorization": authorization},
                allow_redirects=False,  # the secret goes to the address that was named, and nowhere else
            ) as response,
        ):
            status, body = response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise TokenError("", f"the catalog at {catalog} cannot be reached: {reason}") from None
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise TokenError("", f"{catalog} answered {status} and no JSON; is it the catalog?") from None
    if status == 200 and isinstance(answer.get("access_token"), str):
        return answer
    if "error" in answer:
        raise TokenError(str(answer["error"]), str(answer.get("error_description", "")))
    raise TokenError("", f"the catalog answered {status}: {answer.get('detail', 'no reason given')}")
