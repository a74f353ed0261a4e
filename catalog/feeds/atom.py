"""A feed as Atom (RFC 4287). No I/O."""

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree

from catalog.clock import rfc3339
from catalog.feeds.feed import Entry, Feed

MEDIA_TYPE: Final = "application/atom+xml"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_NEVER_XML: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
"""What XML 1.0 §2.2 admits in no document, even escaped."""


def atom(feed: Feed, entries: Iterable[Entry], base: str) -> bytes:
    """The document. `base` is the catalog's own address. Its ids are of this catalog and hold no token."""
    shown = tuple(entries)
    root = ElementTree.Element("feed", xmlns=_NAMESPACE)
    what = feed.name if feed.kind == "api" else f"for {feed.name}"
    _add(root, "id", f"{base}/feeds/{feed.key_id}")
    _add(root, "title", f"What is new: {what}")
    _add(root, "updated", rfc3339(max((each.at for each in shown), default=feed.created_at)))
    _add(ElementTree.SubElement(root, "author"), "name", "Ostiary")
    for each in shown:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", f"{base}/feeds/entries/{each.id}")
        _add(entry, "title", each.title)
        _add(entry, "updated", rfc3339(each.at))
        ElementTree.SubElement(entry, "link", rel="alternate", href=base + each.path)
        _add(entry, "content", each.text).set("type", "text")
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    made.text = text.translate(_NEVER_XML)
    return made
