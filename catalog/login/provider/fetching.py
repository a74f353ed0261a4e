"""Asking the provider: JSON over HTTPS, bounded in time and size, without redirects.

The address comes from the operator's own settings, and often is an internal one, so it is taken as it stands.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

_SECONDS: Final = 5.0
_MAX_BODY: Final = 1_048_576


class ProviderFault(Exception):
    """The provider does not answer, or not as the standard has it. The message holds nothing that it sent."""


async def ask(
    url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of a GET, or of a POST with a form. Raises ProviderFault.

    A session for each: log-ins are rare, and nobody has to close it.
    """
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                "GET" if form is None else "POST", url, data=form, headers=headers, allow_redirects=False
            ) as answer,
        ):
            body = await answer.content.read(_MAX_BODY)
            if not answer.content.at_eof():
                raise ProviderFault("the answer is too large")
            value = json.loads(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ProviderFault(f"it does not answer ({type(error).__name__})") from None
    except ValueError:
        raise ProviderFault("the answer is no JSON") from None
    if not isinstance(value, dict):
        raise ProviderFault("the answer is no JSON object")
    return answer.status, value
