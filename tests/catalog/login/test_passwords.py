"""Passwords: what is taken, and how it is kept."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from catalog.login.password_rules import fault, own_words
from catalog.login.passwords import STRONG, Passwords, Strength
from catalog.people.members import Member
from catalog.storage.tables.login import accounts
from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, accept, log_in
from tests.catalog.serving import QUICK, World, serving

INES = Member("ines", "Inês Duarte", "ines.duarte@aurora-shipping.example", {"harbour-sales": frozenset()})
QUICKLY = Strength(passes=1, kibibytes=8)


@pytest.mark.parametrize(
    "password",
    [
        "violet tractor sings quietly",
        "Zx9!kQ2#vB7m",
        "läuft übers nasse dach",
        "ключ под старым ковром",
        "三月の雨は冷たいですね本当に",
    ],
)
def test_a_good_password_needs_no_certain_characters(password: str) -> None:
    assert fault(password, INES) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("inesduarte2026", "your own name"),
        ("DuarteInes1990", "your own name"),
        ("aurora-shipping", "your own name"),
        ("harbour-sales1", "your own name"),
        ("ostiary2026ostiary", "your own name"),
        ("Inês!Duarte!Inês!", "your own name"),
        ("short-12345", "at least 12"),
        ("", "at least 12"),
        ("x" * 257, "at most 256"),
        ("password1234", "too easily guessed"),
        ("P@ssw0rd1234", "too easily guessed"),
        ("qwertyuiop[]", "too easily guessed"),
        ("aaaaaaaaaaaaaaaa", "too easily guessed"),
        ("123456789012345", "too easily guessed"),
    ],
)
def test_what_is_tried_first_is_not_taken(password: str, why: str) -> None:
    said = fault(password, INES)
    assert said is not None
    assert why in said


def test_own_words_are_taken_apart() -> None:
    assert {"ines", "duarte", "aurora", "shipping", "harbour-sales"} <= set(own_words(INES))


def test_the_strength_in_force_is_that_of_the_rfc() -> None:
    assert (STRONG.passes, STRONG.kibibytes) == (3, 65_536)


async def test_a_hash_names_its_algorithm_and_has_a_salt_of_its_own() -> None:
    passwords = Passwords(QUICKLY)
    one, other = await passwords.hash("the same"), await passwords.hash("the same")
    assert one.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert one != other
    assert await passwords.same(one, "the same")
    assert not await passwords.same(one, "the Same")


async def test_the_same_characters_in_another_form_are_the_same_password() -> None:
    passwords = Passwords(QUICKLY)
    hashed = await passwords.hash("caf\u00e9 ﬁne words")
    assert await passwords.same(hashed, "cafe\u0301 fine words")


async def test_nothing_is_the_same_as_no_hash() -> None:
    passwords = Passwords(QUICKLY)
    for password in ("", "nobody's", "x" * 10_000):
        assert not await passwords.same("", password)
    assert not await passwords.same("$argon2id$broken", "x")


async def test_a_name_that_is_nobodys_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    seen: list[str] = []
    verify = Passwords._verify

    def count(self: Passwords, hashed: str, password: str) -> bool:
        seen.append(hashed.split("$")[3])
        return verify(self, hashed, password)

    monkeypatch.setattr(Passwords, "_verify", count)
    browser = Browser(world.url)
    await accept(world, browser, "anna")
    await browser.send("/logout")
    for name in ("anna", "ben", "nobody"):
        await log_in(browser, name, "a wrong but long password")
    await browser.close()
    assert seen == ["m=8,t=1,p=1"] * 3


async def test_a_hash_of_another_strength_is_made_anew_at_the_next_log_in(tmp_path: Path) -> None:
    async def stored(world: World) -> str:
        row: Any = await world.store.one(sa.select(accounts.c.password))
        return str(row.password)

    async with serving(tmp_path, compiled=compiled(company())) as world:
        browser = Browser(world.url)
        await accept(world, browser, "anna")
        await browser.close()
        old = await stored(world)
    stronger = Strength(passes=2, kibibytes=16)
    policy = type(QUICK)(strength=stronger)
    async with serving(tmp_path, compiled=compiled(company()), login_policy=policy) as world:
        browser = Browser(world.url)
        await log_in(browser, "anna", "a wrong but long password")
        assert await stored(world) == old
        await log_in(browser, "anna", PASSWORD)
        assert browser.page.path == "/portal"
        assert "m=16,t=2,p=1" in await stored(world)
        await browser.send("/logout")
        await log_in(browser, "anna", PASSWORD)
        assert browser.page.path == "/portal"
        await browser.close()
