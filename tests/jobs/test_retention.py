"""What is older than promised is gone, on disk too; what is younger stays; values and receipts stay for good."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from db.session import Database
from db.tables import Answer, AnswerRevision, Draft, Evidence, Inbox, Outbox, Report, Round
from jobs.retention import Retention
from jobs.sweeps import tick
from services.evidence_store import EvidenceStore
from services.intake import accept
from services.routing import Told
from services.workplace import Workplace
from tests.cast import County, at
from tests.jobs.conftest import Report_
from tests.jobs.test_rounds import rows

QINGHE, XILING = "清河镇九年一贯制学校", "西岭中学"
NOW = at("2027-12-02 17:00:01")  # a year after the lock of 2 December, and a second


@pytest.fixture
async def year_old(
    database: Database, workplace: Workplace, county: County, report: Report_, tmp_path: Path
) -> EvidenceStore:
    """A report with its words, a draft, updates, what was sent and photos, of which one lies in an open round too."""
    await tick(workplace)
    await report("bbt", QINGHE, "2026-11-20 10:00")
    store = workplace.evidence = EvidenceStore(tmp_path / "evidence")
    bbt, drill = [(await rows(database, Round, Round.task_id == county.tasks[task]))[0] for task in ("bbt", "drill")]
    files = [store.keep(_picture(tmp_path, colour)) for colour in ("red", "blue", "green")]
    async with database.write() as session:
        await session.execute(update(AnswerRevision).values(words="班班通10/14"))
        await session.execute(update(Round).where(Round.id == drill.id).values(lock_at=at("2027-12-31 17:00")))  # type: ignore[arg-type]
        for number, (round_, file) in enumerate([(bbt, 0), (bbt, 1), (drill, 1), (drill, 2)]):
            session.add(
                Evidence(
                    bureau_id=county.bureau_id, id=number + 1, round_id=round_.id, unit_id=county.units[QINGHE],
                    key="p", file_id=f"f{number}", unique_id=f"u{number}", received_at=at("2026-11-20 10:00"),
                    state="stored", sha256=files[file].sha256, mime=files[file].mime, size=1,
                )
            )  # fmt: skip
        for round_ in (bbt, drill):
            entries = {"bbt_fault": {"v": 1, "words": "坏了一台"}}
            key = {"bureau_id": county.bureau_id, "round_id": round_.id, "unit_id": county.units[XILING]}
            session.add(Draft(**key, revision=3, entries=entries, changed_at=at("2026-11-20 10:00")))
        for number, when in enumerate(("2026-12-02 17:00:00", "2026-12-02 17:00:02", "2026-12-01 09:00")):
            said = {"update_id": number, "message": {"chat": {"id": 101, "type": "private"}, "text": "校长的话"}}
            await accept(session, county.bureau_id, [said], at(when))
            state = "done" if number < 2 else "pending"
            await session.execute(update(Inbox).where(Inbox.update_id == number).values(state=state))  # type: ignore[arg-type]
        first = (await rows(database, Outbox))[0].id
        await session.execute(update(Outbox).where(Outbox.id == first).values(fate="sent"))  # type: ignore[arg-type]
    return store


def _picture(folder: Path, colour: str) -> Path:
    content = BytesIO()
    Image.new("RGB", (8, 8), colour).save(content, "JPEG")
    path = folder / f"{colour}.jpg"
    path.write_bytes(content.getvalue())
    return path


async def forget(workplace: Workplace, *, batch: int = 200) -> None:
    workplace.clock.jump_to(NOW)  # type: ignore[attr-defined]
    await Retention(workplace, 365, batch).run()


async def test_raw_words_go_after_the_days_and_values_stay(
    database: Database, workplace: Workplace, county: County, year_old: EvidenceStore
) -> None:
    answers, [receipt] = await rows(database, Answer), await rows(database, Report, Report.receipt_number.is_not(None))  # type: ignore[union-attr]
    await forget(workplace)
    raw = {row.update_id: bool(row.raw) for row in await rows(database, Inbox)}
    assert raw == {0: False, 1: True, 2: True}  # too old; a second too young; not worked on yet
    fates = [(row.fate, bool(row.payload)) for row in await rows(database, Outbox)]
    assert ("sent", False) in fates
    assert {filled for fate, filled in fates if fate == "pending"} == {True}
    forgotten = next(row for row in await rows(database, Outbox) if not row.payload)
    assert Told("对", frozenset(), forgotten).reports == ()  # a reply to it is a reply to nothing
    revisions = await rows(database, AnswerRevision)
    assert {row.words for row in revisions} == {""}
    assert {row.amount for row in revisions} == {10, 0}
    drafts = await rows(database, Draft, Draft.unit_id == county.units[XILING])
    assert sorted(bool(row.entries) for row in drafts) == [False, True]  # one round is open
    assert {row.revision for row in drafts if not row.entries} == {4}
    assert await rows(database, Answer) == answers
    [after] = await rows(database, Report, Report.receipt_number.is_not(None))  # type: ignore[union-attr]
    assert after == receipt


async def test_photos_are_gone_from_disk_unless_an_open_round_needs_them(
    database: Database, workplace: Workplace, year_old: EvidenceStore
) -> None:
    paths = {row.id: year_old.path(row.sha256, row.mime) for row in await rows(database, Evidence)}
    assert all(path.exists() for path in paths.values())
    await forget(workplace)
    assert {row.id for row in await rows(database, Evidence)} == {3, 4}
    assert {number: path.exists() for number, path in paths.items()} == {1: False, 2: True, 3: True, 4: True}


async def test_an_end_between_files_and_rows_is_harmless(
    database: Database, workplace: Workplace, year_old: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {row.id: year_old.path(row.sha256, row.mime) for row in await rows(database, Evidence)}
    paths[1].unlink()
    assert not paths[1].exists()
    await forget(workplace, batch=1)  # and every batch is a single row
    assert {row.id for row in await rows(database, Evidence)} == {3, 4}
    assert paths[2].exists()


async def test_once_a_day_and_again_the_next(database: Database, workplace: Workplace, year_old: EvidenceStore) -> None:
    retention = Retention(workplace, 365)
    workplace.clock.jump_to(NOW)  # type: ignore[attr-defined]
    await retention.run()
    workplace.clock.jump_to(NOW + timedelta(hours=3))  # type: ignore[attr-defined]
    await retention.run()
    assert sum(bool(row.raw) for row in await rows(database, Inbox)) == 2
    workplace.clock.jump_to(NOW + timedelta(hours=8))  # type: ignore[attr-defined]
    await retention.run()
    assert sum(bool(row.raw) for row in await rows(database, Inbox)) == 1


async def test_a_store_that_fails_stops_nothing(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> int:
        raise OSError("disk")

    monkeypatch.setattr(Retention, "step", broken)
    await Retention(workplace, 365).run()
    assert "was not removed" in caplog.text
