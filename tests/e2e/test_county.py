"""A month of the county over HTTP: all units of `samples/`, from the prompt to the digest, every message counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from db.session import Database
from db.tables import (
    Account,
    Answer,
    Bureau,
    DigestSnapshot,
    Draft,
    Membership,
    Outbox,
    Report,
    Role,
    Round,
    Task,
    Unit,
)
from domain import codec
from domain.digest import Digest, Share
from domain.indicators import Basic, Indicator, Kind, applicable
from sandbox import Phone
from services import campaigns, roster
from services.people import CHANNEL
from tests.cast import at
from tests.stage import Stage, on_stage

SAMPLES = Path(__file__).parents[2] / "samples"
SIX = ("awaited", "on_time", "grace", "late", "missing", "exempt")
WAVES = 60
"""More than the longest questionnaire has questions."""


@dataclass(slots=True)
class Principal:
    """Somebody with a phone who reports for one or several units, and when (`plan`)."""

    phone: Phone
    plan: str
    units: dict[str, Unit] = field(default_factory=dict)
    owes: int = 0

    def answer(self) -> str | None:
        """What this person does next, looking at the newest message; None when all is done or it is to be left."""
        shown = self.phone.last
        if "【请核对" in shown.text:
            return None if self.plan == "unsent" else "[提交]"
        if shown.text.startswith("✓ 已收到"):
            return "[接着填]" if "接着填" in shown.buttons else None
        if not shown.text.startswith("【草稿"):
            first = next((label for label in shown.buttons if "未" not in label and "交" not in label), "待办")
            return f"[{first}]" if shown.buttons else "待办"
        return self._reply(shown.text, shown.buttons)

    def _reply(self, text: str, buttons: Iterable[str]) -> str:
        unit = next(unit for name, unit in sorted(self.units.items(), key=lambda one: -len(one[0])) if name in text)
        asked = next(line for line in text.splitlines() if line.startswith(("请答:", "✗")))
        words = next((words for name, words in self._answers(unit).items() if name in asked), None)
        assert words is not None, f"{unit.name} is asked: {asked}"
        return f"[{words}]" if words in buttons else words

    @staticmethod
    def _answers(unit: Unit) -> dict[str, str]:
        classes = unit.classes or 3
        return {
            "是否已开展": "已开展", "演练日期": "11月17日", "类型": "火灾", "学生": str(unit.students or 10),
            "教职工": str(unit.staff or 3), "用时": "110", "隐患": "2/2", "班班通": f"{max(classes - 1, 0)}/{classes}",
            "故障": "1", "建成": "12月25日",
        }  # fmt: skip


@dataclass(slots=True)
class CountyAtWork:
    stage: Stage
    principals: list[Principal]
    others: dict[Role, list[Phone]]

    async def report(self, plan: str) -> None:
        """Everybody with this plan does one thing at a time, all of them at once."""
        busy = [one for one in self.principals if one.plan == plan]
        for _ in range(WAVES):
            acts = [(one, one.answer()) for one in busy]
            busy = [one for one, act in acts if act is not None]
            if not busy:
                return
            for one, act in acts:
                if act is not None:
                    await (one.phone.press(act[1:-1]) if act.startswith("[") else one.phone.say(act))
            await self.stage.settled()
        pytest.fail(f"still answering after {WAVES} messages:\n{busy[0].phone.dump()}")

    async def begin(self) -> None:
        """All but the first eight have filled in all but the last questions before: the same story, much shorter."""
        units = {row.id: row for row in await self.stage.rows(Unit)}
        typed = {unit.id for one in self.principals[: len(PLANS)] for unit in one.units.values()}
        rounds = {row.id: codec.questionnaire_from_json(row.questionnaire) for row in await self.stage.rows(Round)}
        async with self.stage.database.write() as session:
            for report in await self.stage.rows(Report):
                if report.unit_id in typed:
                    continue
                asked = applicable(rounds[report.round_id], {"drill_done": True})
                entries = {one.key: {"v": _value(one, units[report.unit_id]), "words": ""} for one in asked[:-1]}
                session.add(
                    Draft(
                        bureau_id=report.bureau_id, round_id=report.round_id, unit_id=report.unit_id, revision=1,
                        entries=entries,
                    )
                )  # fmt: skip

    def with_plan(self, *plans: str) -> list[Principal]:
        return [one for one in self.principals if one.plan in plans]

    def owed(self, *plans: str) -> int:
        return sum(one.owes for one in self.with_plan(*plans))


def _value(indicator: Indicator, unit: Unit) -> object:
    match indicator.kind:
        case Kind.BOOL:
            return True
        case Kind.DATE:
            return "2026-11-17"
        case Kind.CHOICE:
            return indicator.choices[0]
        case Kind.RATIO:
            return [2, 2]
        case Kind.NUMBER:
            return "110"
        case _:
            return (unit.students or 10) if indicator.limit_from is Basic.STUDENTS else (unit.staff or 3)


async def load(database: Database) -> Bureau:
    now = at("2026-11-16 09:00")
    plan = roster.read_roster(SAMPLES / "roster.csv")
    reading = campaigns.read_campaign(SAMPLES / "campaign-small.yaml")
    assert reading.plan is not None
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, now)
        await campaigns.apply(session, bureau.id, reading.plan, now)
        people = select(col(Membership.person_id)).where(col(Membership.bureau_id) == bureau.id).distinct()
        for number, person_id in enumerate(sorted((await session.execute(people)).scalars().all())):
            session.add(
                Account(
                    bureau_id=bureau.id, channel=CHANNEL, external_id=7000 + number, person_id=person_id, bound_at=now
                )
            )
    return bureau


PLANS = ("on time", "on time", "on time", "on time", "unsent", "grace", "late", "silent")


async def seat(stage: Stage) -> CountyAtWork:
    chats = {row.person_id: row.external_id for row in await stage.rows(Account)}
    units = {row.id: row for row in await stage.rows(Unit)}
    found: dict[int, Principal] = {}
    others: dict[Role, list[Phone]] = {}
    for row in sorted(await stage.rows(Membership), key=lambda row: row.id):
        phone = stage.phone(chats[row.person_id])
        phone.chat.started = True
        if row.role != Role.PRINCIPAL.value:
            others.setdefault(Role(row.role), []).append(phone)
            continue
        one = found.setdefault(row.person_id, Principal(phone, PLANS[len(found) % len(PLANS)]))
        one.units[units[row.unit_id].name] = units[row.unit_id]
    return CountyAtWork(stage, list(found.values()), others)


@pytest.fixture
async def county(sqlite: Database) -> AsyncIterator[CountyAtWork]:
    bureau = await load(sqlite)
    async with on_stage(sqlite, bureau.id, at("2026-11-18 08:35")) as stage:
        yield await seat(stage)


async def counts(stage: Stage) -> Counter[str]:
    newest = max(await stage.rows(DigestSnapshot), key=lambda row: row.serial)
    total = Digest.from_json(newest.snapshot).counts
    return Counter({name: getattr(total, name) for name in SIX if getattr(total, name)})


def kinds(phone: Phone) -> Counter[str]:
    """What stands on a phone, by what it is."""
    found: Counter[str] = Counter()
    for text in phone.texts:
        head = text.split("\n")[0]
        if head.startswith("【") and "情况】" in head:
            found["digest"] += 1
        elif head.startswith("今天一切正常"):
            found["morning"] += 1
        elif head.startswith("【"):
            found["card"] += 1
        elif head.startswith("✓ 已收到"):
            found["receipt"] += 1
        elif "报送" in head and "项请" in head:
            found["prompt"] += 1
        elif "同时告知贵校" in head:
            found["copy"] += 1
        elif "截至" in head:
            found["list"] += 1
        elif "截止:" in head or "还没收到" in head or "只差提交" in head:
            found["reminder"] += 1
        elif "待报" in head:
            found["todo"] += 1
        else:
            found[head] += 1
    return found


async def test_a_month_of_the_county(county: CountyAtWork) -> None:
    stage = county.stage
    assert len({unit for one in county.principals for unit in one.units}) == 64
    await _prompted(county)
    await county.begin()

    stage.clock.jump_to(at("2026-11-20 10:00"))
    await county.report("on time")
    await county.report("unsent")
    await _reminded(county)

    await stage.tick(at("2026-11-25 18:00"))
    waiting = county.owed("unsent", "grace", "late", "silent")
    assert await counts(stage) == {"on_time": county.owed("on time"), "missing": waiting}

    stage.clock.jump_to(at("2026-11-26 10:00"))
    await county.report("grace")
    stage.clock.jump_to(at("2026-11-27 10:00"))
    await county.report("late")
    await stage.tick(at("2026-11-30 08:30"))
    assert await counts(stage) == {
        "on_time": county.owed("on time"),
        "grace": county.owed("grace"),
        "late": county.owed("late"),
        "missing": county.owed("unsent", "silent"),
    }
    await _numbers(stage)
    await _phones(county)
    await _fates(stage)


async def _prompted(county: CountyAtWork) -> None:
    stage = county.stage
    await stage.tick()
    await stage.tick()
    reports = Counter(row.unit_id for row in await stage.rows(Report))
    for one in county.principals:
        one.owes = sum(reports[unit.id] for unit in one.units.values())
        assert kinds(one.phone) == {"prompt": 1}
        assert f"11月有{one.owes}项" in one.phone.last.text
        assert "11月25日(星期三)17:00前" in one.phone.last.text
    assert county.owed(*PLANS) == sum(reports.values())


async def _reminded(county: CountyAtWork) -> None:
    """The reminder goes to exactly those who still owe something, where there is a deputy to him until somebody else
    has begun, and says 只差提交 where it is so."""
    before = {id(one): len(one.phone.received) for one in county.principals}
    await county.stage.tick(at("2026-11-24 09:00"))
    await county.stage.tick(at("2026-11-24 09:05"))
    assisted = {row.unit_id for row in await county.stage.rows(Membership, Membership.role == Role.DEPUTY.value)}
    for one in county.principals:
        new = one.phone.received[before[id(one)] :]
        others_fill = one.plan != "unsent" and all(unit.id in assisted for unit in one.units.values())
        assert len(new) == (0 if one.plan == "on time" or others_fill else 1), one.phone.dump()
        if new:
            shared = any(unit.id in assisted for unit in one.units.values())
            assert f"还有{'' if shared else one.owes}" in new[0].text
            assert "项明天(11月25日,星期三)17:00截止" in new[0].text
            assert ("只差提交" in new[0].text) == (one.plan == "unsent")


async def _numbers(stage: Stage) -> None:
    """The digest says what is committed."""
    newest = max(await stage.rows(DigestSnapshot), key=lambda row: row.serial)
    digest = Digest.from_json(newest.snapshot)
    answers = await stage.rows(Answer)
    tasks = {row.id: row.key for row in await stage.rows(Task)}
    rounds = {row.id: tasks[row.task_id] for row in await stage.rows(Round)}
    assert sorted(rounds[task.round_id] for task in digest.tasks) == sorted(tasks.values())
    for task in digest.tasks:
        assert sum(getattr(task.counts, name) for name in SIX) == task.counts.roster
        for total in task.totals:
            mine = [row for row in answers if (row.round_id, row.key) == (task.round_id, total.key)]
            assert total.answered == len(mine)
            if isinstance(total, Share):
                summed = (sum(row.amount for row in mine), sum(row.denominator for row in mine))
                assert (total.done, total.total) == summed


async def _phones(county: CountyAtWork) -> None:
    """Every message on every phone: one prompt, reminders to who owes something, one receipt for each report, the
    cards, and to a central school the copy of what its schools are reminded of."""
    for one in county.principals:
        found = kinds(one.phone)
        sent = one.owes if one.plan in ("on time", "grace", "late") else 0
        expected = {"prompt": 1, "receipt": sent}
        assert {name: found[name] for name in expected} == expected, one.phone.dump(20)
        assert found["reminder"] <= (0 if one.plan == "on time" else 2), one.phone.dump(20)
        assert not found.keys() - {*expected, "card", "todo", "reminder", "copy"}, one.phone.dump(20)
        assert not any("未报" in text for text in one.phone.texts)
    reporting = {one.phone.user_id for one in county.principals}
    office = {phone.user_id for phone in county.others[Role.OFFICE]}
    for role, phones in county.others.items():
        told = {"prompt", "reminder"} if role is Role.DEPUTY else {"digest", "list"}
        for phone in phones:
            also = {"morning"} if phone.user_id in office else set()
            assert phone.user_id in reporting or kinds(phone).keys() <= told | also, (role, phone.dump(20))
    assert {kinds(phone)["morning"] >= 2 for phone in county.others[Role.OFFICE]} == {True}
    for role in (Role.OFFICE, Role.DIRECTOR):
        assert all(kinds(phone)["digest"] >= 2 for phone in county.others[role])


async def _fates(stage: Stage) -> None:
    """Every message has its fate, and what was sent is what the chat service took."""
    rows = await stage.rows(Outbox)
    fates = Counter(row.fate for row in rows)
    assert fates.keys() <= {"sent", "superseded", "cancelled"}
    assert sum(fates.values()) == len(rows)
    said = ("sendMessage", "editMessageText", "editMessageReplyMarkup")
    calls = [call for call in stage.server.calls() if call.method in said]
    assert all(call.ok or "not modified" in str(call.result) for call in calls)
    assert fates["sent"] == len(calls)
