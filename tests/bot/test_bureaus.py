"""Two bureaus in one store: the other's people, reports and digests do not exist; every id in a button is checked."""

from __future__ import annotations

import pytest

from bot.buttons import Verb, encode
from db.session import Database
from db.tables import Account, Campaign, Chat, DigestSnapshot, Draft, Inbox, Outbox, Report, Round
from domain.messages import ReportKey
from services.rounds import open_due_rounds
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.cast import (
    CHIEF,
    CLERK,
    DIRECTOR,
    HOURS,
    OTHER_PRINCIPAL,
    PRINCIPAL,
    SECOND_PRINCIPAL,
    County,
    at,
    invite_person,
    make_neighbour,
)
from tests.stage import Stage

OPEN = at("2026-11-18 08:30")


@pytest.fixture
async def neighbour(sqlite: Database, stage: Stage) -> County:
    """The other bureau, with its round open and its principal's phone known to nobody here."""
    made = await make_neighbour(sqlite, OPEN)
    async with sqlite.write() as session:
        await open_due_rounds(session, made.bureau_id, HOURS, OPEN)
    return made


async def test_the_principal_of_another_bureau_is_a_stranger(stage: Stage, neighbour: County) -> None:
    someone = Dialogue(stage, stage.phone(OTHER_PRINCIPAL))
    for does in ("待办", "520", "汇总"):
        await someone.play((does, "只对已登记的学校和股室开放"))
    assert "云溪县教育局领导小组办公室" in someone.last.text


async def test_a_tick_touches_only_its_own_bureau(stage: Stage, county: County, neighbour: County) -> None:
    await stage.tick()
    await stage.tick(at("2026-11-24 09:00"))
    await stage.tick(at("2026-11-25 18:00"))
    others = await stage.rows(Outbox, Outbox.bureau_id == neighbour.bureau_id)
    assert {row.fate for row in others} == {"pending"}  # its prompt waits for its own bot
    assert {row.bureau_id for row in await stage.rows(DigestSnapshot)} == {county.bureau_id}
    assert {row.bureau_id for row in await stage.rows(Inbox)} <= {county.bureau_id}


async def test_an_invitation_of_another_bureau_is_void(stage: Stage, sqlite: Database, neighbour: County) -> None:
    code = await invite_person(sqlite, neighbour, "外人", stage.clock.now())
    await Dialogue(stage, stage.phone(OTHER_PRINCIPAL)).play((f"/start {code}", "已用过或已过期"))
    assert len(await stage.rows(Account, Account.external_id == OTHER_PRINCIPAL)) == 1


def _all_verbs(key: ReportKey) -> dict[str, str]:
    return {
        "open": encode(Verb.OPEN, key),
        "choose": encode(Verb.CHOOSE, key, 0, 0, 1),
        "changes": encode(Verb.CHANGES, key),
        "ask": encode(Verb.ASK, key, 0),
        "submit": encode(Verb.SUBMIT, key, 0),
        "later": encode(Verb.LATER, key),
        "for_report": encode(Verb.FOR_REPORT, key, 1),
        "next": encode(Verb.NEXT, key),
        "same": encode(Verb.SAME, key, 0),
        "nil": encode(Verb.NIL, key, 0),
        "hand_over": encode(Verb.HAND_OVER, key),
        "hand_to": encode(Verb.HAND_TO, key, 0),
        "correct": encode(Verb.CORRECT, key),
        "keep": encode(Verb.KEEP, key),
        "reason": encode(Verb.REASON, key, 0, 0),
        "how": encode(Verb.HOW, key, 0),
        "version": encode(Verb.VERSION, key, 0, 0),
        "photos": encode(Verb.PHOTOS, key),
        "extend": encode(Verb.EXTEND, key),
        "until": encode(Verb.UNTIL, key, 740000),
        "why": encode(Verb.WHY, key, 740000, 0),
    }


VERBS = tuple(_all_verbs(ReportKey(1, 1)))


def test_every_verb_is_tried() -> None:
    others = {Verb.THIS_IS_ME, Verb.NOT_ME, Verb.MISSING, Verb.SUBMIT_ALL}
    others |= {Verb.TAKE_BACK, Verb.PERSON, Verb.REINVITE, Verb.CUT_OFF}  # test_handover, test_people
    others |= {Verb.HISTORY, Verb.GRANT, Verb.REFUSE, Verb.REFUSE_WHY}  # test_history, test_requests
    others |= {Verb.CHASE, Verb.CHASE_LIST, Verb.SNOOZE}  # test_chasing
    others |= {Verb.UNDO_MOVE, Verb.RELEASE}  # test_outages, test_restore
    others |= {Verb.CALLED, Verb.FALSE_ALARM, Verb.HELD, Verb.PAD, Verb.SEND_JOINT}  # test_emergencies, test_held, …
    others |= {Verb.MEAN, Verb.COURSE, Verb.COURSE_DO, Verb.COURSE_DROP}  # test_either, test_course
    others |= {Verb.AWAY, Verb.AWAY_DROP}  # test_course
    others |= {Verb.ISSUE, Verb.ISSUE_SAMPLE, Verb.ISSUE_NOW, Verb.ISSUE_SUBMIT}  # test_issuing
    assert len(VERBS) + len(others) == len(Verb)


@pytest.mark.parametrize("whose", ["another bureau's", "a colleague's", "of no report"])
async def test_a_foreign_report_in_any_button_is_refused(
    stage: Stage, county: County, neighbour: County, talk: Talk, whose: str
) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"))
    before, focus = len(someone.phone.received), await stage.rows(Chat)
    rounds = {row.bureau_id: row.id for row in await stage.rows(Round)}
    key = {
        "another bureau's": ReportKey(rounds[neighbour.bureau_id], neighbour.units["邻县一小"]),
        "a colleague's": ReportKey(rounds[county.bureau_id], county.units["西岭中学"]),
        "of no report": ReportKey(12345, 67890),
    }[whose]
    for verb, data in _all_verbs(key).items():
        assert "不由您负责" in await someone.press_data(data), verb
    assert len(someone.phone.received) == before
    assert await stage.rows(Chat) == focus
    assert not await stage.rows(Draft)
    assert {row.state for row in await stage.rows(Report)} == {"pending"}


async def test_words_of_somebody_elses_chat_cannot_be_taken(stage: Stage, county: County, talk: Talk) -> None:
    liu = await talk(SECOND_PRINCIPAL)
    await liu.do("班班通1/9,机密")
    update = max(row.update_id for row in await stage.rows(Inbox, Inbox.chat_id == SECOND_PRINCIPAL))
    wang = await talk(PRINCIPAL)
    before = await stage.rows(Draft)
    [round_] = await stage.rows(Round, Round.task_id == county.tasks["bbt"])
    mine = ReportKey(round_.id, county.units["清河镇九年一贯制学校"])
    assert "不由您负责" in await wang.press_data(encode(Verb.FOR_REPORT, mine, update))
    assert await stage.rows(Draft) == before
    assert not any("机密" in text for text in wang.phone.texts)


@pytest.mark.parametrize("person", [PRINCIPAL, DIRECTOR])
async def test_who_is_missing_is_for_office_and_lead_section_only(stage: Stage, talk: Talk, person: int) -> None:
    clerk = await talk(CLERK)
    await clerk.play(("汇总", "联系不上:清河镇九年一贯制学校"))
    button = clerk.last.data["未报名单和电话"]
    someone = await talk(person)
    before = len(someone.phone.received)
    assert "不由您负责" in await someone.press_data(button)
    assert len(someone.phone.received) == before
    await clerk.play(("[未报名单和电话]", "刘校长 0000-6211002"))
    assert clerk.last.protected


async def test_a_section_sees_only_the_tasks_it_leads(stage: Stage, talk: Talk) -> None:
    chief = await talk(CHIEF)
    await chief.play(("汇总", ("应急疏散演练(安全股)", "!班班通")), ("[未报名单和电话]", ("应急疏散演练", "!班班通")))
    assert chief.last.protected


async def test_the_director_gets_no_names(stage: Stage, talk: Talk) -> None:
    director = await talk(DIRECTOR)
    await director.play(("汇总", ("待报8份", "!小学", "!0000-")))
    assert not director.last.buttons


async def test_a_digest_of_another_bureau_is_refused(stage: Stage, neighbour: County, talk: Talk) -> None:
    clerk = await talk(CLERK)
    await clerk.do("汇总")
    [mine] = await stage.rows(DigestSnapshot)
    async with stage.database.write() as session:
        [theirs] = await stage.rows(Campaign, Campaign.bureau_id == neighbour.bureau_id)
        foreign = DigestSnapshot(
            bureau_id=neighbour.bureau_id, id=mine.id + 1, campaign_id=theirs.id, occasion="x", serial=1,
            as_of=mine.as_of, snapshot=mine.snapshot,
        )  # fmt: skip
        session.add(foreign)
    assert "不由您负责" in await clerk.press_data(encode(Verb.MISSING, None, mine.id + 1))
    assert "已更新" in await clerk.press_data(encode(Verb.MISSING))
