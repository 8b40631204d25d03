"""Every button the bot ever shows, pressed by everybody it was not shown to: nothing changes and nothing is told.

The buttons are true ones, taken from plays in which they appear, and pressed by the others while they are fresh; then
the play goes on with them, so that none of them is dead for some other reason. A verb without a play fails.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from bot.buttons import Verb, decode
from db.ids import new_id
from db.session import Database
from db.tables import Account, Bureau, Evidence, Membership, Outage, Person, Role
from domain.indicators import Indicator, Kind
from sandbox import Bubble
from services import hold
from services.deadlines import move_deadlines
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import (
    CHIEF,
    CLERK,
    DIRECTOR,
    FLOW,
    HOURS,
    PRINCIPAL,
    REVOKED,
    SECOND_PRINCIPAL,
    STRANGER,
    TWO_SCHOOLS,
    County,
    add_task,
    at,
    invite_person,
)
from tests.stage import Stage

INVITED, DEPUTY = 301, 302
EVERYBODY = (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK, CHIEF, DIRECTOR, REVOKED, STRANGER)
SCHOOLS = {
    PRINCIPAL: {"清河镇九年一贯制学校"},
    SECOND_PRINCIPAL: {"西岭中学"},
    TWO_SCHOOLS: {"李村小学", "桥头小学"},
}  # fmt: skip
OF_THE_OFFICE_AND_SECTIONS = {Verb.MISSING, Verb.CHASE, Verb.CHASE_LIST, Verb.ISSUE, Verb.ISSUE_SAMPLE, Verb.ISSUE_NOW,
                              Verb.ISSUE_SUBMIT}  # fmt: skip
"""The chief of the section that leads the task may press these as well as the office."""
QUEUES = {"inbox", "outbox", "chat", "card", "heartbeat"}
"""What pressing anything leaves behind."""
SECRETS = ("0000-62110", "学生52", "学生51", "520人")
"""Principals' telephones, and what 清河 reported."""
THEMES = (
    Indicator("themes", "本月宣传了哪些主题", Kind.CHOICES, FLOW, short="主题", choices=("法治", "安全")),
    Indicator("times", "本月学习场次", Kind.INT, FLOW, "场", short="学习"),
    Indicator("photo", "照片", Kind.PHOTO, FLOW, short="照片", required=False),
)
COUNTS = (Indicator("times2", "本月演讲场次", Kind.INT, FLOW, "场", short="演讲"),)


async def _store(database: Database) -> set[tuple[str, str]]:
    rows: set[tuple[str, str]] = set()
    async with database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in QUEUES:
                for row in (await session.execute(table.select())).mappings():
                    rows.add((table.name, json.dumps(dict(row), default=str, sort_keys=True)))
    return rows


@dataclass
class Play:
    stage: Stage
    county: County
    seen: set[tuple[int, str]] = field(default_factory=set)
    tried: dict[Verb, int] = field(default_factory=dict)
    calls: int = 0

    async def sits(self, user_id: int) -> Dialogue:
        phone = self.stage.phone(user_id)
        if not phone.messages:
            await phone.start()
            await self.stage.settled()
        return Dialogue(self.stage, phone)

    async def go(self, who: int, *does: str) -> None:
        """What this person does; after each step the others press what is new."""
        dialogue = await self.sits(who)
        for one in does:
            await dialogue.do(one)
            await self.others_press()

    async def tick(self, when: str) -> None:
        await self.stage.tick(at(when))
        await self.others_press()

    async def others_press(self) -> None:
        new = self._new_buttons()
        for owner, data in new:
            verb = decode(data).verb
            if self.tried.get(verb, 0) < 2:
                self.tried[verb] = self.tried.get(verb, 0) + 1
                await self._pressed_by_others(owner, verb, data)

    def _new_buttons(self) -> list[tuple[int, str]]:
        """Of all that was sent or edited since."""
        found: list[tuple[int, str]] = []
        calls = self.stage.server.calls()
        for call in calls[self.calls :]:
            markup = call.params.get("reply_markup") or {}
            keyboard = (json.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard") or []
            for button in (one for row in keyboard for one in row):
                key = (call.chat_id or 0, button.get("callback_data", ""))
                if key[1] and key[0] > 0 and key not in self.seen:
                    self.seen.add(key)
                    found.append(key)
        self.calls = len(calls)
        return found

    async def _pressed_by_others(self, owner: int, verb: Verb, data: str) -> None:
        shown_to = {chat for chat, shown in self.seen if shown == data}
        others = set(EVERYBODY) - shown_to
        others -= self._may_too(verb, decode(data).numbers)
        for other in sorted(others):
            phone = self.stage.phone(other)
            before, heard = await _store(self.stage.database), len(phone.received)
            await phone.press_data(data, on=_place(phone.messages))
            await phone.wait_answer()
            await self.stage.settled()
            where = f"{verb.name} of {owner}, pressed by {other}"
            self._nothing_of_others(before ^ await _store(self.stage.database), other, where)
            told = "\n".join(bubble.text for bubble in phone.received[heard:])
            if other not in (CLERK, CHIEF):
                mine = ("0000-6211002",) if other == SECOND_PRINCIPAL else ()
                assert not [one for one in SECRETS if one in told and one not in mine], (where, told)

    def _may_too(self, verb: Verb, numbers: tuple[int, ...]) -> set[int]:
        if verb in OF_THE_OFFICE_AND_SECTIONS:
            his = {self.county.units["安全股"], self.county.tasks["drill"]}
            return {CLERK, CHIEF} if verb is Verb.MISSING or his & set(numbers) else {CLERK}
        if verb in (Verb.AWAY, Verb.AWAY_DROP):
            return {CLERK}
        return {CLERK, CHIEF} if verb is Verb.PHOTOS else set()

    def _nothing_of_others(self, changes: set[tuple[str, str]], who: int, where: str) -> None:
        """Where a button carries no id at all, everybody means what is his own."""
        mine = {self.county.units[name] for name in SCHOOLS.get(who, ())}
        wrong = [one for one in changes if json.loads(one[1]).get("unit_id") not in mine]
        assert not wrong, (where, wrong)


def _place(messages: list[Bubble]) -> Bubble:
    return next(one for one in reversed(messages) if not one.mine)


Scene = Callable[[Play], Awaitable[None]]


async def reports(play: Play) -> None:
    await play.go(PRINCIPAL, "[1 应急疏散演练]", "[这个怎么填]", "待办", "[1", "[已开展]", "11月17日", "[地震]", "520")
    await play.go(PRINCIPAL, "[修改]", "[学生520", "518", "110", "2/3", "[提交]", "[修改]", "[不改了]")
    await play.go(PRINCIPAL, "更正:学生517人", "[提交]", "[录入有误]", "已报", "[1", "[首报]", "[返回]")


async def shortcuts(play: Play) -> None:
    await add_task(play.stage.database, play.county, "themes", "主题宣传", THEMES)
    await add_task(play.stage.database, play.county, "counts", "演讲", COUNTS)
    await play.tick("2026-11-18 09:01")
    await play.go(PRINCIPAL, "待办", "[3", "[法治]", "[选好了]", "3")
    phone = play.stage.phone(PRINCIPAL)
    await phone.photo("操场")
    while not await play.stage.rows(Evidence, Evidence.state == "stored"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await play.others_press()
    await play.go(PRINCIPAL, "[提交]", "已报", "[1", "[看照片]", "待办", "[3", "[零报告")
    await fill(play.stage, play.county, "bbt")
    await play.tick("2026-11-24 09:00")
    await play.go(PRINCIPAL, "[明早再说]", "待办", "[全部提交(2项)]")


async def last_time(play: Play) -> None:
    await fill(play.stage, play.county, "bbt")
    await play.go(PRINCIPAL, "[2 班班通进度]", "[提交]")
    await play.tick("2026-12-18 09:00")
    await play.go(PRINCIPAL, "待办", "[2开始填报]", "[与上次相同]")


async def several_units(play: Play) -> None:
    await play.go(TWO_SCHOOLS, "李村小学班班通5/6,故障0台;桥头小学班班通3/4,故障1台", "用时100秒")
    await play.go(TWO_SCHOOLS, "待办", "[提交]")


async def a_stranger_is_invited(play: Play) -> None:
    for taps in ("[不是我]", "[是我]"):
        code = await invite_person(play.stage.database, play.county, "孙强", play.stage.clock.now())
        await play.go(INVITED, f"/start {code}", taps)


async def deadlines(play: Play) -> None:
    await play.go(PRINCIPAL, "[2 班班通进度]", "延期", "[11月27日", "[停电停网]")
    await play.go(CLERK, "[不同意]", "[")
    await play.go(SECOND_PRINCIPAL, "班班通进度申请延期到11月27日,停电停网")
    await play.go(CLERK, "[同意]")


async def handing_over(play: Play) -> None:
    await play.go(PRINCIPAL, "[交给他人办]", "[改:以后都]", "[1 应急疏散演练]", "待办", "[")
    await play.go(PRINCIPAL, "收回", "[收回")


async def people(play: Play) -> None:
    await play.go(CLERK, "人员 王建国", "[1", "[重发邀请码]", "人员 孙强", "[1", "[停用账号]")


async def chasing(play: Play) -> None:
    await play.tick("2026-11-25 17:05")
    await play.go(CLERK, "[名单和电话]", "催报", "[文字版]", "[提醒在线", "进度")
    await play.tick("2026-11-25 18:00")
    await play.go(CLERK, "汇总", "[未报名单和电话]")


async def line_and_hold(play: Play) -> None:
    bureau_id, until = play.county.bureau_id, at("2026-11-25 16:00")
    await play.tick("2026-11-25 15:00")
    play.stage.clock.jump_to(until)
    async with play.stage.database.write() as session:
        outage = Outage(bureau_id=bureau_id, id=new_id(), since=until - timedelta(hours=1), until=until)
        session.add(outage)
        await session.flush()
        await move_deadlines(session, bureau_id, outage, HOURS, until)
    await play.tick("2026-11-25 16:01")
    await play.go(CLERK, "[撤销顺延]")
    async with play.stage.database.write() as session:
        bureau = await session.get_one(Bureau, bureau_id)
        await hold.begin(session, bureau, HOURS, until, play.stage.clock.now())
    await play.tick("2026-11-25 16:02")
    await play.go(CLERK, "[解除暂停]")


async def words(play: Play) -> None:
    await play.go(PRINCIPAL, "[1 应急疏散演练]", "520人,老师算不算在里面", "[记下")
    await play.go(PRINCIPAL, "隐患查出2处改了3处", "[是2/3处]")
    await play.go(PRINCIPAL, "体育课有学生摔伤,已送医院", "[已打电话]", "有学生溺水了", "[不是突发")
    await fill(play.stage, play.county, "drill", before="drill_seconds")
    await play.go(PRINCIPAL, "待办", "[1", "不好说啊", "真的不好说啊", "[数字键盘]", "[1")


async def issuing(play: Play) -> None:
    await play.go(CLERK, "预览", "[1 ", "[发我看看]", "预览", "[1 ", "[现在下发]", "[提交]")


async def course(play: Play) -> None:
    await play.go(CLERK, "进度", "延期 西岭乡 班班通 至 11月27日17:00 停电", "[不改了]")
    await play.go(CLERK, "延期 西岭乡 班班通 至 11月27日17:00 停电", "[确认]")


async def away(play: Play) -> None:
    mine, now = {"bureau_id": play.county.bureau_id}, play.stage.clock.now()
    async with play.stage.database.write() as session:
        session.add(Person(**mine, id=1, name="赵宁", salutation="赵主任"))
        await session.flush()
        unit = play.county.units["清河镇九年一贯制学校"]
        session.add(Membership(**mine, id=1, person_id=1, unit_id=unit, role=Role.DEPUTY.value))
        session.add(Account(**mine, channel="telegram", external_id=DEPUTY, person_id=1, bound_at=now))
    await play.sits(DEPUTY)
    await play.go(PRINCIPAL, "我出差到11月23日", "[确认]", "[回来了]")


V = Verb
SCENES: dict[Scene, set[Verb]] = {
    reports: {V.OPEN, V.CHOOSE, V.HOW, V.LATER, V.CHANGES, V.ASK, V.SUBMIT, V.CORRECT, V.KEEP, V.REASON, V.VERSION,
              V.HISTORY, V.HAND_OVER, V.EXTEND},
    shortcuts: {V.NEXT, V.NIL, V.PHOTOS, V.SUBMIT_ALL, V.SNOOZE},
    last_time: {V.SAME},
    several_units: {V.SEND_JOINT, V.FOR_REPORT},
    a_stranger_is_invited: {V.THIS_IS_ME, V.NOT_ME},
    deadlines: {V.UNTIL, V.WHY, V.GRANT, V.REFUSE, V.REFUSE_WHY},
    handing_over: {V.HAND_TO, V.TAKE_BACK},
    people: {V.PERSON, V.REINVITE, V.CUT_OFF},
    chasing: {V.CHASE, V.CHASE_LIST, V.MISSING},
    line_and_hold: {V.UNDO_MOVE, V.RELEASE},
    words: {V.HELD, V.CALLED, V.FALSE_ALARM, V.PAD, V.MEAN},
    course: {V.COURSE, V.COURSE_DO, V.COURSE_DROP},
    away: {V.AWAY, V.AWAY_DROP},
    issuing: {V.ISSUE, V.ISSUE_SAMPLE, V.ISSUE_NOW, V.ISSUE_SUBMIT},
}  # fmt: skip
BEFORE_ISSUING = "2026-11-16 09:00"


def test_every_verb_is_played() -> None:
    assert set().union(*SCENES.values()) == set(Verb)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_pressed_by_others_nothing_happens(stage: Stage, county: County, scene: Scene) -> None:
    if scene is issuing:
        stage.clock.jump_to(at(BEFORE_ISSUING))
    play = Play(stage, county)
    for who in EVERYBODY:
        await play.sits(who)
    await stage.tick()
    play.calls = 0
    await play.others_press()
    await scene(play)
    assert play.tried.keys() >= SCENES[scene]
