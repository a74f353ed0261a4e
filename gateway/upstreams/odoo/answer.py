"""What comes of an exchange that Odoo serves."""

from dataclasses import dataclass

from gateway.upstreams.odoo.content import Content
from policies.exchange import Header


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to a partner, complete but for what the gateway's own stages add. With a `content` the body
    is that, as it comes."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    content: Content | None = None
