"""统计时段 in the chat: said in every prompt, a day outside it asked about, 本月 the month of the period."""

from __future__ import annotations

from datetime import date

from db.tables import Answer, Draft, Report, Round, Task
from domain.rounds import Frequency, Schedule, Vacation
from services.schedule import schedule_to_json
from tests.bot.conftest import Talk
from tests.cast import PRINCIPAL, County, at
from tests.stage import Stage

FIGURES = "地震演练,520人参加,用时110秒,隐患查出3处改了2处"


async def test_a_day_outside_the_period_is_asked_about(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(
        ("[1 应急疏散演练]", "演练"),
        (f"10月20日{FIGURES}", ("请留意:日期10月20日(星期二)不在统计时段(10月24日至11月25日)里。确认吗?没错就提交。",)),
        ("[提交]", "✓ 已收到"),
    )
    [answer] = await stage.rows(Answer, Answer.key == "drill_date")
    assert answer.day == date(2026, 10, 20)


async def test_a_day_within_it_is_not(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(("[1 应急疏散演练]", "演练"), (f"11月17日{FIGURES}", ("【请核对", "!统计时段(")))


async def _due_at_the_end_of_december(stage: Stage, county: County) -> None:
    """The drill is due on the last day of December, and is still open in January."""
    async with stage.database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, county.tasks["drill"]))
        task.schedule = schedule_to_json(Schedule(Frequency.MONTHLY, day=31, vacation=Vacation.KEEP))


async def test_in_a_late_report_this_month_is_the_periods(stage: Stage, county: County, talk: Talk) -> None:
    await _due_at_the_end_of_december(stage, county)
    stage.clock.jump_to(at("2026-12-28 09:00"))
    wang = await talk(PRINCIPAL)
    [december] = await stage.rows(Round, Round.occurrence == "2026-12", Round.task_id == county.tasks["drill"])
    assert december.period_to == date(2026, 12, 31)
    stage.clock.jump_to(at("2027-01-06 10:00"))
    await wang.play(("待办", "应急疏散演练"), ("[开始填报]", "演练"))
    await wang.play((f"本月5日搞了{FIGURES}", ("12月5日(星期六)", "!1月5日")), ("[提交]", "✓ 已收到"))
    answers = await stage.rows(Answer, Answer.key == "drill_date", Answer.round_id == december.id)
    assert [one.day for one in answers] == [date(2026, 12, 5)]
    assert await stage.rows(Draft, Draft.round_id == december.id)
    assert {row.state for row in await stage.rows(Report, Report.round_id == december.id)} == {"pending", "submitted"}
