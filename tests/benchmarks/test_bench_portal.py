"""The benchmark of the portal's tables opens what it says, and each page stays below its bound."""

from pathlib import Path

import pytest

from tests.benchmarks import portal_tables
from tests.browser.portal.looking_at import MOST_BYTES
from tests.browser.portal.stage import chromium_here

pytestmark = pytest.mark.timeout(300)


async def test_every_page_is_opened_and_weighs_little(tmp_path: Path) -> None:
    chromium_here()
    opened = await portal_tables.measure(tmp_path, applications=1_200, times=1)
    assert [each.name for each in opened] == [name for name, _ in portal_tables.PAGES]
    assert {each.name: each.whole for each in opened if each.whole >= MOST_BYTES} == {}
    table = {each.name: each.elements for each in opened}
    assert table["ledger"] > table["ledger, not used for 90 days"]  # there is something in it


def test_a_page_is_told_in_one_line() -> None:
    opened = portal_tables.Opened("ledger", "/portal", 200, 12.4, 40.6, 51.0, 39_100, 104_600, 900)
    assert portal_tables.told([opened]).splitlines()[-1] == "| ledger | 12 | 41 | 51 | 39.1 | 104.6 |"
