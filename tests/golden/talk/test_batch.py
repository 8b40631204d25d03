"""Golden 24: what goes wrong with one chat of a batch is nobody else's business, and the bureau hears of it."""

from __future__ import annotations

from db.tables import Account, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import mishap
from services.outbox import Recipient, queue
from tests.bot.conftest import Talk
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import TOKEN, Stage


async def test_golden_24_blocked_migrated_and_deactivated_mid_batch(stage: Stage, county: County, talk: Talk) -> None:
    sun, clerk = await talk(TWO_SCHOOLS), await talk(CLERK)
    for person in (PRINCIPAL, SECOND_PRINCIPAL):
        await stage.phone(person).start()
    group = stage.server.group(TOKEN, -4001)
    await group.add_bot()
    await stage.settled()
    stage.server.inject(mishap("blocked", "sendMessage", chat_id=PRINCIPAL, times=-1))
    stage.server.inject(mishap("deactivated", "sendMessage", chat_id=SECOND_PRINCIPAL, times=-1))
    moved = await group.migrate()
    async with stage.database.write() as session:
        await queue(session, Recipient(county.bureau_id, group.id), Say(phrase=Phrase.GROUP), stage.clock.now())
    before = len(moved.received)
    await stage.tick(at("2026-11-24 09:00"))
    assert "还有4项明天" in sun.last.text
    assert len(moved.received) == before + 1
    fates = {row.chat_id: row.fate for row in await stage.rows(Outbox, Outbox.kind == "reminder")}
    assert fates == {PRINCIPAL: "dead", SECOND_PRINCIPAL: "dead", TWO_SCHOOLS: "sent"}
    gone = {row.external_id for row in await stage.rows(Account, Account.unreachable.is_not(None))}  # type: ignore[union-attr]
    assert gone >= {PRINCIPAL, SECOND_PRINCIPAL}
    await clerk.do("人员 联系不上")
    for name in ("王建国", "刘芳", "0000-6211001", "0000-6211002"):
        assert name in clerk.last.text
