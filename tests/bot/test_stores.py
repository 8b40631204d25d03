"""One whole report and one sweep, alike on both stores."""

from __future__ import annotations

from collections import Counter

from db.session import Database
from db.tables import Answer, DigestSnapshot, Outbox, Report
from domain.digest import Digest
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, at, make_county
from tests.stage import on_stage


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
