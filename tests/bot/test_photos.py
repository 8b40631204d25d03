"""Photos are answers to the questions that ask for them, always optional, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from db.session import Database
from db.tables import Answer, Evidence
from domain.indicators import Indicator, Kind
from tests.bot.conftest import Talk
from tests.cast import FLOW, PRINCIPAL, County, add_task
from tests.stage import Stage

GREEN = (
    Indicator("clean_times", "本月大扫除次数", Kind.INT, FLOW, "次", short="大扫除"),
    Indicator("env_photo", "现场照片", Kind.PHOTO, FLOW, short="照片", required=False, maximum=Decimal(2)),
)


@pytest.fixture(autouse=True)
async def green(sqlite: Database, county: County) -> None:
    await add_task(sqlite, county, "green", "校园环境", GREEN)


async def test_a_photo_is_kept_with_the_report_at_hand(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 校园环境]", "请答:本月大扫除次数"),
        ("4", ("【请核对", "选填:照片(直接发图),不填也可以。")),
    )
    first = (await someone.phone.photo("操场")).file
    await stage.settled()
    assert "大扫除4次,照片1张" in someone.last.text
    await someone.phone.photo("操场")
    second = (await someone.phone.photo("花坛")).file
    await someone.phone.photo("走廊")
    await stage.settled()
    assert "照片已有2张,够了" in someone.last.text
    await someone.play(("待办", "校园环境"), ("[3提交]", "✓ 已收到"))
    [answer] = await stage.rows(Answer, Answer.key == "env_photo")
    assert first is not None
    assert second is not None
    assert answer.text == f"{first.unique_id}\n{second.unique_id}"
    assert {kept.unique_id for kept in await stage.rows(Evidence)} == {first.unique_id, second.unique_id}


async def test_a_caption_is_words(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"))
    await someone.phone.photo("操场", caption="大扫除3次")
    await stage.settled()
    assert "大扫除3次,照片1张" in someone.last.text


async def test_where_nobody_asks_for_photos_none_is_kept(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "大扫除"), ("4", "【请核对"), ("[提交]", "✓ 已收到"))
    await someone.phone.photo("操场")
    await stage.settled()
    assert "现在没有要照片" in someone.last.text
    assert not await stage.rows(Evidence)
