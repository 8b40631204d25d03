"""进度: how far the running rounds are, for the bureau."""

from __future__ import annotations

from bot.buttons import Verb, encode
from db.tables import Report
from tests.bot.conftest import Talk
from tests.bot.drafts import fill, report_of
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, County, at
from tests.stage import Stage


async def test_the_bureau_sees_how_far_it_is(stage: Stage, county: County, talk: Talk) -> None:
    wang, clerk, chief, director = [await talk(who) for who in (PRINCIPAL, CLERK, CHIEF, DIRECTOR)]
    await fill(stage, county, "bbt")
    async with stage.database.write() as session:
        report = await report_of(stage, county, "drill")
        report.state, report.first_received_at = "returned", at("2026-11-18 08:50")
        await session.merge(report)
    await clerk.play(("/progress", "报送进度,截至11月18日(星期三)09:00,2项:"))
    assert clerk.last.text.split("\n")[1:] == [
        "应急疏散演练(11月25日17:00截止):应报4,按时1、宽限0、迟报0、待报3、未报0、豁免0,已报25.0%,其中退回待改1",
        "班班通进度(11月25日17:00截止):应报4,按时0、宽限0、迟报0、待报4、未报0、豁免0,已报0%",
    ]
    assert clerk.last.buttons == ["未报名单和电话", "改期、延期、豁免"]
    await clerk.play(("[未报名单和电话]", "【应急疏散演练】"))
    await chief.play(("进度", ("1项", "应急疏散演练", "!班班通")), ("[未报名单和电话]", "!班班通"))
    await director.play(("进度", ("2项", "班班通")))
    assert director.last.buttons == []
    assert await director.press_data(encode(Verb.CHASE_LIST, None, 0, 0)) != ""
    await wang.play(("/progress", ("!报送进度",)), ("进度", ("!报送进度",)))
    assert [row.state for row in await stage.rows(Report, Report.state == "returned")] == ["returned"]
