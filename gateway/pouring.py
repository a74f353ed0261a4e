"""A content that Odoo gives, on its way into the relay: at the client's pace, and given up with it."""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.upstreams.odoo.content import Content, ContentBrokenOffError
from gateway.wire.messages import Receiver
from policies.exchange import Header

_DETAIL: Final = "The content broke off."


class Pouring:
    """Implements the pipeline's `Call`: one whose request has been sent."""

    sent = True

    def __init__(self, content: Content) -> None:
        self._content = content
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._cancelled = False

    async def into(self, receiver: Receiver, status: int, headers: list[Header]) -> None:
        """Tells the receiver of the answer, to its end. Of what was cancelled nothing more is told."""
        try:
            receiver.head(status, headers, None)
            async for piece in self._content.pieces():
                if self._cancelled:
                    return
                receiver.data(piece)
                async with asyncio.timeout_at(self._content.deadline):
                    await self._flowing.wait()
            if not self._cancelled:
                receiver.ended()
        except ContentBrokenOffError as broken:
            if not self._cancelled:
                receiver.failed(broken.problem_id, _DETAIL)
        except TimeoutError:
            if not self._cancelled:
                receiver.failed("upstream-timeout", _DETAIL)
        finally:
            self._content.close()

    def write(self, data: bytes, /) -> bool:
        return True

    def finish(self, trailers: Sequence[Header] = (), /) -> None:
        return

    def pause(self) -> None:
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def unbounded(self) -> None:
        return

    def cancel(self) -> None:
        self._cancelled = True
        self._flowing.set()
        self._content.close()
