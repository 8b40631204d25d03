"""From a backup on: the bot in hold, the office releases it, each school hears it once."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cli.errors import Mendable
from cli.main import app
from db.session import Database
from db.tables import Answer, Bureau, Outbox, Report, Round
from services import archive
from services.backup import Source, back_up
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.conftest import Found
from tests.stage import TOKEN, Stage, on_stage

BACKED_UP, FAILED = at("2026-11-19 09:00"), at("2026-11-23 12:00")
SAID_ALL = "17日搞了地震演练,学生280人,用时110秒,隐患查出3处改了2处。"


@pytest.fixture
async def county(sqlite: Database, founded: Found) -> County:
    return await founded(sqlite)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/duban.db")
    monkeypatch.setenv("DUBAN_DATA_DIR", str(tmp_path))
    return tmp_path


def run(*words: str, now: datetime = FAILED) -> Result:
    env = {"DUBAN_CLOCK": f"{now.isoformat()}@x0", "DUBAN_TELEGRAM_API_URL": "http://127.0.0.1:9"}
    return CliRunner().invoke(app, list(words), env=env)


async def run_aside(*words: str, now: datetime = FAILED) -> str:
    result = await asyncio.to_thread(run, *words, now=now)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def found(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(folder.glob(pattern))


async def someone(stage: Stage, user_id: int) -> Dialogue:
    phone = stage.phone(user_id)
    await phone.start()
    await stage.settled()
    return Dialogue(stage, phone)


async def report_drill(stage: Stage, user_id: int) -> str:
    """The receipt's text."""
    principal = await someone(stage, user_id)
    await principal.play((f"演练:{SAID_ALL}", "请核对"), ("[提交]", "已收到"))
    return principal.last.text


@pytest.fixture
async def receipts(sqlite: Database, county: County, here: Path) -> dict[int, str]:
    """Two schools report the drill: 清河 before the backup, 西岭 after it; then the disk is lost. The receipts."""
    (here / "evidence/ab").mkdir(parents=True)
    (here / "evidence/ab/cdef.jpg").write_bytes(b"a photo")
    said = {}
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00")) as stage:
        for chat in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK):
            await someone(stage, chat)
        await stage.tick()
        said[PRINCIPAL] = await report_drill(stage, PRINCIPAL)
        stage.clock.jump_to(BACKED_UP)
        source = Source(here / "duban.db", here / "evidence")
        await asyncio.to_thread(back_up, source, here / "backups", BACKED_UP)
        stage.clock.jump_to(at("2026-11-20 10:32"))
        said[SECOND_PRINCIPAL] = await report_drill(stage, SECOND_PRINCIPAL)
    await sqlite.close()
    (here / "evidence/ab/cdef.jpg").write_bytes(b"spoilt")
    return said


@pytest.fixture
async def restored(receipts: dict[int, str], here: Path) -> str:
    return await run_aside("restore", "--yes", str(archive.archives_in(here / "backups")[0]))


@pytest.fixture
async def stage(restored: str, here: Path, county: County) -> AsyncIterator[Stage]:
    database = Database(f"sqlite:///{here}/duban.db")
    async with on_stage(database, county.bureau_id, FAILED) as made:
        made.server.world.bots[TOKEN].queue._next += 1000  # Telegram goes on counting
        yield made
    await database.close()


async def test_it_says_the_gap_and_whose_reports_may_be_lost(restored: str, here: Path) -> None:
    first, units, *_ = restored.splitlines()
    assert first == "云溪县教育局:11月19日(星期四)09:00至11月23日(星期一)12:00之间收到的可能丢失。"
    assert units == "这段时间可报送的4家:清河镇九年一贯制学校、西岭中学、李村小学、桥头小学"
    assert (here / "evidence/ab/cdef.jpg").read_bytes() == b"a photo"
    [aside] = found(here, "evidence.before-*")
    assert (aside / "ab/cdef.jpg").read_bytes() == b"spoilt"
    [former] = found(here, "duban.db.before-????????-??????")
    with closing(sqlite3.connect(former)) as connection:
        assert connection.execute("SELECT count(*) FROM report WHERE state = 'submitted'").fetchone() == (2,)


async def test_in_hold_nothing_begun_leaves_and_answers_do(stage: Stage) -> None:
    phones = {chat: stage.phone(chat) for chat in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK)}
    for phone in phones.values():
        await phone.start()
    await stage.settled()
    before = {chat: len(phone.received) for chat, phone in phones.items()}
    for when in ("2026-11-24 09:00", "2026-11-25 18:00", "2026-11-27 09:00"):
        await stage.tick(at(when))
    assert {chat: len(phone.received) for chat, phone in phones.items()} == before
    office = phones[CLERK]
    assert sum("现在暂停" in text for text in office.texts) == 1
    principal = Dialogue(stage, phones[TWO_SCHOOLS])
    await principal.play(("待办", "应急疏散演练"), ("帮助", "报送很简单"))
    [bureau] = await stage.rows(Bureau)
    assert bureau.held_at == FAILED


@pytest.mark.parametrize("how", ["[解除暂停]", "解除暂停"])
async def test_after_the_release_each_principal_hears_it_once(stage: Stage, how: str) -> None:
    phones = {chat: stage.phone(chat) for chat in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS)}
    for phone in phones.values():
        await phone.start()
    office = await someone(stage, CLERK)
    await phones[PRINCIPAL].say("解除暂停")
    await stage.settled()
    assert (await stage.rows(Bureau))[0].held_at is not None
    held = next(one for one in office.phone.newest() if "现在暂停" in one.text)
    if how.startswith("["):
        await office.press("解除暂停", on=held)
        assert await office.press("解除暂停", on=held) == "已经解除过了。"
    else:
        await office.do(how)
        await office.do(how)
    for _ in range(2):
        await stage.tick(stage.clock.now() + timedelta(minutes=1))
    for phone in phones.values():
        [told] = [text for text in phone.texts if "系统从备份恢复" in text]
        assert "11月19日(星期四)09:00至11月23日(星期一)12:00之间收到的填报可能丢失" in told
    assert "李村小学、桥头小学" in next(text for text in phones[TWO_SCHOOLS].texts if "系统从备份恢复" in text)
    assert sum("已解除暂停,4家" in text for text in office.phone.texts) == 1
    await stage.tick(at("2026-11-24 09:00"))
    assert "明天" in phones[SECOND_PRINCIPAL].last.text


async def test_what_waited_in_the_backup_is_uncertain_not_sent_twice(receipts: dict[int, str], here: Path) -> None:
    with closing(sqlite3.connect(here / "duban.db")) as connection:
        connection.execute("UPDATE outbox SET fate = 'pending'")
        connection.commit()
    source = Source(here / "duban.db", here / "evidence")
    taken = await asyncio.to_thread(back_up, source, here / "again", FAILED)
    await run_aside("restore", "--yes", str(taken), now=FAILED + timedelta(hours=1))
    with closing(sqlite3.connect(here / "duban.db")) as connection:
        fates = dict(connection.execute("SELECT fate, count(*) FROM outbox GROUP BY fate").fetchall())
    assert fates.pop("pending") == 1  # what the office is told
    assert set(fates) == {"uncertain"}


async def test_a_round_that_opened_after_the_backup_is_open_again(sqlite: Database, county: County, here: Path) -> None:
    taken = await asyncio.to_thread(
        back_up, Source(here / "duban.db", here / "evidence"), here / "backups", at("2026-11-17 09:00")
    )
    await sqlite.close()
    said = await run_aside("restore", "--yes", str(taken))
    assert "可报送的4家" in said
    database = Database(f"sqlite:///{here}/duban.db")
    async with database.read() as session:
        rounds = (await session.execute(select(Round))).scalars().all()
        prompts = (await session.execute(select(Outbox.fate).where(Outbox.kind == "prompt"))).scalars().all()  # type: ignore[call-overload,arg-type]
    await database.close()
    assert len(rounds) == 2
    assert set(prompts) == {"cancelled"}


async def test_a_damaged_archive_changes_nothing(receipts: dict[int, str], here: Path) -> None:
    [taken] = archive.archives_in(here / "backups")
    raw = bytearray(taken.read_bytes())
    raw[len(raw) // 2] ^= 1
    taken.write_bytes(raw)
    before = (here / "duban.db").read_bytes()
    names = {path.name for path in found(here)} | {"duban.db.lock"}
    result = await asyncio.to_thread(run, "restore", "--yes", str(taken))
    assert isinstance(result.exception, Mendable)
    assert "什么都没有改" in str(result.exception)
    assert (here / "duban.db").read_bytes() == before
    assert {path.name for path in found(here)} == names


async def test_cut_off_while_it_moves_the_former_database_is_whole(
    receipts: dict[int, str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed bot left its last commits in the -wal, and the power goes when that was moved and the file was not."""
    with closing(sqlite3.connect(here / "duban.db")) as bot:
        bot.execute("PRAGMA journal_mode=WAL")
        bot.execute("PRAGMA wal_autocheckpoint=0")
        bot.execute("UPDATE bureau SET office_contact = '王干事'")
        bot.commit()
        killed = here / "killed"
        killed.mkdir()
        for name in ("duban.db", "duban.db-wal"):
            shutil.copy(here / name, killed)
    [taken] = archive.archives_in(here / "backups")
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{killed}/duban.db")
    replace = Path.replace

    def cut_off(path: Path, target: Path) -> Path:
        if Path(target) == killed / "duban.db":
            raise OSError("the power is gone")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", cut_off)
    assert (await asyncio.to_thread(run, "restore", "--yes", str(taken))).exit_code == 1
    for left in killed.glob("duban.db-*"):
        left.unlink()
    with closing(sqlite3.connect(killed / "duban.db")) as connection:
        assert connection.execute("SELECT office_contact FROM bureau").fetchone() == ("王干事",)


async def test_not_while_a_bot_uses_the_database(receipts: dict[int, str], here: Path) -> None:
    owner = Database(f"sqlite:///{here}/duban.db")
    owner.own()
    [taken] = archive.archives_in(here / "backups")
    result = await asyncio.to_thread(run, "restore", "--yes", str(taken))
    await owner.close()
    assert isinstance(result.exception, Mendable)
    assert "stop it before restoring" in str(result.exception)


async def test_asked_first(receipts: dict[int, str], here: Path) -> None:
    [taken] = archive.archives_in(here / "backups")
    assert (await asyncio.to_thread(run, "restore", str(taken))).exit_code == 1
    assert not found(here, "*.before-*")


async def test_released_from_the_command_line(restored: str) -> None:
    assert "已解除暂停,4家" in await run_aside("restore", "--release")
    result = await asyncio.to_thread(run, "restore", "--release")
    assert isinstance(result.exception, Mendable)


# ---- receipts


async def forward(stage: Stage, user_id: int, text: str) -> Dialogue:
    """As a client forwards a message of the bot's: its words, and whose they were."""
    someone_ = Dialogue(stage, stage.phone(user_id))
    origin = {"type": "user", "date": 1, "sender_user": {"id": 111, "is_bot": True, "first_name": "督办"}}
    bot = stage.server.world.bots[TOKEN]
    push = bot.queue.put

    def marked(kind: str, payload: dict) -> object:
        return push(kind, {**payload, "forward_origin": origin})

    bot.queue.put = marked  # type: ignore[method-assign]
    try:
        await someone_.phone.say(text)
    finally:
        bot.queue.put = push  # type: ignore[method-assign]
    await stage.settled()
    return someone_


async def drill_of(stage: Stage, county: County, unit: str) -> tuple[Report, dict[str, object]]:
    rounds = {row.id for row in await stage.rows(Round, Round.task_id == county.tasks["drill"])}
    reports = await stage.rows(Report, Report.unit_id == county.units[unit])
    [report] = [row for row in reports if row.round_id in rounds]
    answers = await stage.rows(Answer, Answer.unit_id == report.unit_id, Answer.round_id == report.round_id)
    return report, {row.key: (row.amount, row.denominator, row.text, row.day) for row in answers}


async def test_a_forwarded_receipt_brings_number_time_and_values_back(
    stage: Stage, county: County, receipts: dict[int, str], here: Path
) -> None:
    [aside] = found(here, "duban.db.before-????????-??????")
    before = Database(f"sqlite:///{aside}")
    lost, values = await drill_of(Stage(stage.server, stage.face, stage.clock, before, stage.http), county, "西岭中学")
    await before.close()
    assert (await drill_of(stage, county, "西岭中学"))[0].state == "pending"
    text = receipts[SECOND_PRINCIPAL]
    principal = await forward(stage, SECOND_PRINCIPAL, text)
    assert "已按回执恢复:西岭中学 11月应急疏散演练" in principal.last.text
    assert "11月20日(星期五)10:32,按时" in principal.last.text
    report, brought = await drill_of(stage, county, "西岭中学")
    assert brought == values
    assert len(values) == 6
    assert (report.receipt_number, report.first_received_at) == (lost.receipt_number, at("2026-11-20 10:32"))
    assert (report.state, report.versions) == ("submitted", 1)
    assert "没有丢,不用重报" in (await forward(stage, SECOND_PRINCIPAL, text)).last.text
    assert (await drill_of(stage, county, "西岭中学"))[0] == report
    await principal.play(("待办", "!应急疏散演练"))


async def test_one_that_was_in_the_backup_is_known(stage: Stage, receipts: dict[int, str]) -> None:
    principal = await forward(stage, PRINCIPAL, receipts[PRINCIPAL])
    assert "没有丢,不用重报" in principal.last.text
    assert "11月18日(星期三)09:00,按时" in principal.last.text


@pytest.mark.parametrize(
    ("was", "said"),
    [
        ("学生=280", "学生=281"),
        ("11月20日(星期五)10:32", "11月19日(星期四)10:32"),
        ("11月20日(星期五)10:32", "11月20日(星期五)10:31"),
        ("回执号 1120-0001", "回执号 1120-0002"),
        ("地震", "火灾"),
        (";日期=2026-11-17", ""),
        ("内容:", "内容(第2次):"),
        ("学生=280", "学生=很多"),
    ],
)
async def test_a_tampered_one_is_refused_politely(
    stage: Stage, county: County, receipts: dict[int, str], was: str, said: str
) -> None:
    assert was in receipts[SECOND_PRINCIPAL]
    principal = await forward(stage, SECOND_PRINCIPAL, receipts[SECOND_PRINCIPAL].replace(was, said))
    assert "核对不上" in principal.last.text
    assert (await drill_of(stage, county, "西岭中学"))[0].state == "pending"


async def test_another_schools_receipt_or_half_of_one(stage: Stage, county: County, receipts: dict[int, str]) -> None:
    text = receipts[SECOND_PRINCIPAL]
    assert "没有找到您负责的" in (await forward(stage, PRINCIPAL, text)).last.text
    assert "没有校验码" in (await forward(stage, SECOND_PRINCIPAL, text.split("校验码")[0])).last.text
    assert "只对已登记" in (await forward(stage, 999, text)).last.text
    assert (await drill_of(stage, county, "西岭中学"))[0].state == "pending"


async def test_who_reported_anew_keeps_the_values_and_gets_the_time_back(
    stage: Stage, county: County, receipts: dict[int, str]
) -> None:
    principal = await someone(stage, SECOND_PRINCIPAL)
    await principal.play((f"演练:{SAID_ALL.replace('280', '279')}", "请核对"), ("[提交]", "已收到"))
    principal = await forward(stage, SECOND_PRINCIPAL, receipts[SECOND_PRINCIPAL])
    assert "已按回执恢复报送时间" in principal.last.text
    report, values = await drill_of(stage, county, "西岭中学")
    assert (report.first_received_at, report.receipt_number) == (at("2026-11-20 10:32"), "1120-0001")
    assert values["drill_students"] == (279, None, None, None)
