"""One whole report and one sweep, alike on both stores."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import col

from db.session import Database, is_down
from db.tables import Account, Answer, Bureau, Chat, DigestSnapshot, Fate, Inbox, Membership, Outbox, Person, Report
from domain.digest import Digest
from domain.messages import Reminder, Say
from domain.phrases import Phrase
from services.intake import Update
from services.outbox import Recipient, queue
from services.turn import Turn
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, STRANGER, TWO_SCHOOLS, at, make_county
from tests.stage import TOKEN, on_stage


async def test_from_prompt_to_digest(database: Database) -> None:
    county = await make_county(database, at("2026-11-16 09:00"))
    async with on_stage(database, county.bureau_id, at("2026-11-18 09:00")) as stage:
        wang, liu, sun, clerk = (
            Dialogue(stage, stage.phone(who)) for who in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK)
        )
        for someone in (wang, liu, sun, clerk):
            await someone.phone.start()
        await stage.settled()
        await stage.tick()
        await wang.play(
            ("[1 应急疏散演练]", "请答:本月是否已开展"),
            ("[已开展]", "请答:演练日期"),
            ("11月17日", "请答:演练类型"),
            ("2", "请答:参演学生人数"),
            ("５２０", "请答:疏散用时"),
            ("110", "请答:隐患"),
            ("2/3", "【请核对,未提交】"),
            ("对", "✓ 已收到"),
        )
        await stage.tick(at("2026-11-24 09:00"))
        assert "还有1项明天" in wang.last.text
        assert "还有2项明天" in liu.last.text
        assert "还有4项明天" in sun.last.text
        await stage.tick(at("2026-11-25 18:00"))
        assert "按时1、未报7" in clerk.last.text
        [snapshot] = await stage.rows(DigestSnapshot)
        assert Digest.from_json(snapshot.snapshot).counts.missing == 7
        answers = {row.key: row for row in await stage.rows(Answer)}
        assert (answers["drill_type"].text, answers["drill_students"].amount) == ("火灾", 520)
        assert Counter(row.state for row in await stage.rows(Report)) == {"pending": 7, "submitted": 1}
        reached = (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK)
        fates = Counter(row.fate for row in await stage.rows(Outbox) if row.chat_id in reached)
        assert fates.keys() <= {"sent", "superseded"}


async def test_a_group_moves_while_it_is_written_to(database: Database) -> None:
    """Its own word of the move and the refused sends both carry it over, each thing once."""
    county = await make_county(database, at("2026-11-16 09:00"))
    async with on_stage(database, county.bureau_id, at("2026-11-18 09:00")) as stage:
        old = stage.server.group(TOKEN, -4001)
        await old.add_bot()
        await stage.settled()
        async with database.write() as session:
            for _ in range(4):
                await queue(session, Recipient(county.bureau_id, old.id), Say(phrase=Phrase.GROUP), stage.clock.now())
            new = await old.migrate()
        await stage.settled()
        assert len(old.received) + len(new.received) == 5
        rows = await stage.rows(Outbox, col(Outbox.chat_id).in_([old.id, new.id]))
        assert {row.fate for row in rows} == {Fate.SENT}
        [chat] = await stage.rows(Chat, col(Chat.id) == old.id)
        assert chat.moved_to == new.id
        await new.remove_bot()
        await stage.settled()
        [chat] = await stage.rows(Chat, col(Chat.id) == new.id)
        assert chat.left_at == stage.clock.now()


async def test_who_blocks_and_who_shares_a_number(database: Database) -> None:
    county = await make_county(database, at("2026-11-16 09:00"))
    async with database.write() as session:
        (await session.get_one(Bureau, county.bureau_id)).contact_sharing = True
        session.add(Person(bureau_id=county.bureau_id, id=7, name="赵丽", salutation="赵校长", phone="12300000001"))
        await session.flush()
        unit = county.units["西岭中学"]
        session.add(Membership(bureau_id=county.bureau_id, id=7, person_id=7, unit_id=unit, role="deputy"))
    async with on_stage(database, county.bureau_id, at("2026-11-18 22:00")) as stage:
        wang = Dialogue(stage, stage.phone(PRINCIPAL))
        await wang.play(("待办", "现在没有待报事项"))
        async with database.write() as session:
            to, nag = Recipient(county.bureau_id, PRINCIPAL), Reminder(rung="T-1", reports=())
            kept = await queue(session, to, nag, stage.clock.now(), nag=True)
        await wang.phone.block()
        await stage.settled()
        assert {row.id: row.fate for row in await stage.rows(Outbox)}[kept] == Fate.CANCELLED
        stage.clock.jump_to(stage.clock.now() + timedelta(hours=11))
        await wang.phone.unblock()
        await stage.settled()
        assert "您又能收到消息了" in wang.last.text
        stage.server.add_user(STRANGER, "赵丽", phone="8612300000001")
        zhao = Dialogue(stage, stage.phone(STRANGER))
        await zhao.phone.start()
        await stage.settled()
        await zhao.phone.share_contact()
        await stage.settled()
        await zhao.play(("[是我]", "赵校长,已开通"))
        assert STRANGER in {row.external_id for row in await stage.rows(Account)}


async def test_a_full_store_is_no_fault_of_the_update(sqlite: Database) -> None:
    """It is not counted among the attempts, after which an update is set aside."""
    county = await make_county(sqlite, at("2026-11-16 09:00"))
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00")) as stage:
        worker = stage.face.worker
        handle, full = worker.handle, iter(range(2))

        async def full_at_first(turn: Turn, raw: Update) -> None:
            if next(full, None) is not None:
                problem = sqlite3.OperationalError("database or disk is full")
                problem.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise OperationalError("INSERT", {}, problem)
            await handle(turn, raw)

        worker.handle = full_at_first
        await stage.phone(PRINCIPAL).start()
        await stage.settled()
        assert [(row.state, row.attempts) for row in await stage.rows(Inbox)] == [("done", 0)]


async def test_a_wrong_statement_is_not_taken_for_a_store_that_is_down(database: Database) -> None:
    async with database.read() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(text("SELECT nothing FROM nowhere"))
    assert not is_down(caught.value)
