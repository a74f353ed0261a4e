"""One way of posting to the catalog what a gateway tells it."""

from typing import Final

import aiohttp

_LIMITS: Final = aiohttp.ClientTimeout(total=10.0, sock_connect=3.0)


class Post:
    """Posts JSON to a `path` of the catalog, as a gateway that has the `token`."""

    def __init__(self, session: aiohttp.ClientSession, catalog_url: str, path: str, token: str) -> None:
        self._session = session
        self._url = catalog_url.rstrip("/") + path
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def __call__(self, data: bytes) -> int | str:
        """The status of the answer, or why there is none."""
        try:
            async with self._session.post(
                self._url, data=data, headers=self._headers, timeout=_LIMITS, allow_redirects=False
            ) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError
            return str(error) or type(error).__name__
