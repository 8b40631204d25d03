"""逐次: each drill a row of its own; counts and sums come from the rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from db.session import Database
from db.tables import Answer
from domain.digest import Head, Sum
from domain.indicators import Indicator, Kind, OnlyIf
from services.digests import roll_up
from tests.bot.conftest import Talk
from tests.bot.drafts import round_of
from tests.cast import FLOW, PRINCIPAL, County, add_task
from tests.stage import Stage

DRILLS = (
    Indicator("held", "本月是否已开展演练", Kind.BOOL, FLOW, short="演练", yes="已开展", no="未开展"),
    Indicator(
        "drills", "本月逐次演练", Kind.ROWS, FLOW, short="演练", only_if=OnlyIf("held", equals=True),
        soft_minimum=Decimal(2),
        columns=(
            Indicator("date", "演练日期", Kind.DATE, FLOW, short="日期", latest="today"),
            Indicator("place", "演练地点", Kind.TEXT, FLOW, short="地点"),
            Indicator("people", "参加人数", Kind.INT, FLOW, "人", short="人数"),
            Indicator("seconds", "疏散用时", Kind.NUMBER, FLOW, "秒", short="用时"),
        ),
    ),
)  # fmt: skip


FIRST_ROW = (
    ("[3 逐次演练]", "演练"),
    ("[已开展]", "日期"),
    ("11月9日", "地点"),
    ("操场", "人数"),
    ("520", "用时"),
    ("110", "第2次"),
)


@pytest.fixture(autouse=True)
async def drills(sqlite: Database, county: County) -> None:
    await add_task(sqlite, county, "drills", "逐次演练", DRILLS)


async def test_two_drills_are_two_rows(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 逐次演练]", "请答:本月是否已开展演练"),
        ("[已开展]", "请答:演练日期"),
        ("11月9日", "请答:演练地点"),
        ("操场", "请答:参加人数"),
        ("520", "请答:疏散用时"),
        ("110", ("第1次:日期11月9日(星期一),地点:操场,人数520人,用时110秒", "请答:演练还有第2次吗")),
        ("[还有]", "请答:第2次演练日期"),
        ("11月17日", "请答:第2次演练地点"),
        ("宿舍楼", "请答:第2次参加人数"),
        ("200人,用时95秒", "请答:演练还有第3次吗"),
        ("[没有了]", ("【请核对", "第1次:日期11月9日", "第2次:日期11月17日(星期二),地点:宿舍楼,人数200人,用时95秒")),
        ("[提交]", "✓ 已收到"),
    )
    stored = {answer.key for answer in await stage.rows(Answer)}
    assert {"drills.1.people", "drills.2.people", "drills.2.more"} <= stored
    round_ = await round_of(stage, county, "drills")
    head = Head(1, stage.clock.now(), "Asia/Shanghai", "云溪县教育局", "发展提升年")
    async with stage.database.read() as session:
        digest = await roll_up(session, county.bureau_id, head, [round_])
    totals = {total.key: total for total in digest.tasks[0].totals}
    assert totals["drills"] == Sum("drills", "演练", "次", Decimal(2), 1)
    assert totals["people"] == Sum("people", "人数", "人", Decimal(720), 2)


async def test_fewer_than_usual_is_asked_about_once(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(*FIRST_ROW)
    await someone.play(
        ("[没有了]", "请留意:演练次数一般不少于2次。确认吗?没错就提交。"),
    )  # fmt: skip


async def test_the_first_row_may_still_be_corrected(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(*FIRST_ROW)
    await someone.play(
        ("[还有]", "第2次演练日期"),
        ("[修改]", "请点要改的一项"),
        ("[人数520人]", "请答:参加人数(现为520人)"),
        ("502", "第1次:日期11月9日(星期一),地点:操场,人数502人"),
    )  # fmt: skip
