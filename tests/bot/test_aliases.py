"""A person with two schools names one by its alias, or mistyped; what fits both is asked about."""

from __future__ import annotations

from datetime import date

import pytest

from db.session import Database
from db.tables import Alias
from domain.roster import aliases
from services.roster import pinyin_key
from tests.bot.conftest import Talk
from tests.cast import PRINCIPAL, TWO_SCHOOLS, County


@pytest.fixture(autouse=True)
async def known_names(sqlite: Database, county: County) -> None:
    """As an import makes them; both village schools are 分校 to some, and one takes over a name to come."""
    given = {"李村小学": ["分校小学"], "桥头小学": ["分校小学"], "清河镇九年一贯制学校": []}
    async with sqlite.write() as session:
        for unit, more in given.items():
            for text in (unit, *aliases(unit), *more):
                session.add(_alias(county, unit, text))
        session.add(_alias(county, "桥头小学", "柳湾小学", since=date(2026, 12, 1)))


def _alias(county: County, unit: str, text: str, since: date | None = None) -> Alias:
    key = pinyin_key(text)
    return Alias(
        bureau_id=county.bureau_id, unit_id=county.units[unit], text=text, pinyin=key, source="given", since=since
    )


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("李村小:班班通4个班,故障0台", "李村小学"), ("桥头小 班班通3个班,坏了0台", "桥头小学"),
        ("乔头小学班班通3个班,坏了0台", "桥头小学"), ("里村小学:班班通4个班,故障0台", "李村小学"),
    ],
)  # fmt: skip
async def test_an_alias_or_a_slip_decides_the_school(talk: Talk, words: str, unit: str) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play((words, ("【请核对", f"{unit} 11月班班通进度")))


@pytest.mark.parametrize("words", ["班班通3个班,坏了0台", "分校小学班班通3个班,坏了0台", "柳湾小学班班通3个班,坏了0台"])
async def test_what_fits_both_or_none_is_asked_about(talk: Talk, words: str) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.do(words)
    assert "李村小学 11月班班通进度" in someone.last.buttons
    assert "桥头小学 11月班班通进度" in someone.last.buttons


async def test_an_alias_with_a_numeral_is_not_read_as_a_value(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("清河九年制学校班班通10个班,坏了0台", ("【请核对", "班班通10/14个", "故障0台")))
