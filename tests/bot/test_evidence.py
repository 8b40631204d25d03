"""Evidence: fetched by durable jobs, kept without its position, shown back to whom it concerns."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from bot.download import fetch_with
from db.session import Database
from db.tables import Evidence, Outbox
from domain.indicators import Indicator, Kind
from sandbox import Fault
from services import aside
from services.evidence import MOST_TRIES, Collector, pause_after
from services.evidence_store import EvidenceStore
from tests.bot.conftest import Talk
from tests.cast import CHIEF, CLERK, FLOW, OTHER_PRINCIPAL, PRINCIPAL, County, add_task
from tests.stage import Stage

PHOTOS = Indicator("env_photo", "现场照片", Kind.PHOTO, FLOW, short="照片", required=False, maximum=Decimal(3))
GREEN = (Indicator("clean_times", "本月大扫除次数", Kind.INT, FLOW, "次", short="大扫除"), PHOTOS)
PDF = b"%PDF-1.7\n%%EOF"
ALBUM = timedelta(seconds=3)


@pytest.fixture(autouse=True)
async def green(sqlite: Database, county: County) -> None:
    await add_task(sqlite, county, "green", "校园环境", GREEN)


@pytest.fixture
def collector(stage: Stage) -> Collector:
    """The jobs, stepped by the test; those of the running program look every two seconds and find nothing left."""
    assert stage.workplace.evidence is not None
    return Collector(stage.workplace, stage.workplace.evidence, fetch_with(stage.face.bot))


def taken_at(latitude: float = 28.2) -> bytes:
    """A JPEG as a camera writes it: lying on its side, with the place where it was taken."""
    picture = Image.new("RGB", (640, 480), (90, 140, 90))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = "Camera of 王建国"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (latitude, 0.0, 0.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=b"where it was: 28.2 N")
    return out.getvalue()


async def fetched(stage: Stage, done: Callable[[list[Evidence]], bool]) -> list[Evidence]:
    for _ in range(200):
        rows = await stage.rows(Evidence)
        if done(rows):
            return rows
        await asyncio.sleep(0.05)
    raise AssertionError(f"not fetched: {rows}")


def all_stored(rows: list[Evidence]) -> bool:
    return bool(rows) and all(row.state == "stored" for row in rows)


def kept_files(stage: Stage) -> list[Path]:
    assert stage.workplace.evidence is not None
    return sorted(path for path in stage.workplace.evidence.root.rglob("*") if path.is_file())


async def test_a_camera_file_is_kept_by_its_content_without_its_position(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.document("IMG_2026.jpg", taken_at(), "image/jpeg")
    await stage.settled()
    assert "照片1张" in someone.last.text
    [row] = await fetched(stage, all_stored)
    [path] = kept_files(stage)
    assert row.sha256 is not None
    assert path.name == f"{row.sha256[2:]}.jpg"
    assert (row.mime, row.size) == ("image/jpeg", path.stat().st_size)
    raw = path.read_bytes()
    kept = Image.open(io.BytesIO(raw)).getexif()
    assert dict(kept) == {ExifTags.Base.Orientation: 6}
    assert not kept.get_ifd(ExifTags.IFD.GPSInfo)
    assert "王建国".encode() not in raw
    assert b"28.2 N" not in raw
    assert path.stat().st_mode & 0o077 == 0


async def test_an_album_is_one_set_with_one_acknowledgement(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    before = len(someone.phone.received)
    await someone.phone.album(["操场", "花坛", "走廊", "门口", "食堂"], caption="大扫除5次")
    await stage.settled()
    stage.clock.jump_to(stage.clock.now() + ALBUM)
    await stage.settled()
    new = someone.phone.received[before:]
    assert [shown.text.splitlines()[0] for shown in new if "照片3张" in shown.text] == [new[-1].text.splitlines()[0]]
    assert "大扫除5次,照片3张" in new[-1].text
    assert sum("照片已有3张,够了" in shown.text for shown in new) == 1
    assert len(new) == 2
    assert len({row.album for row in await stage.rows(Evidence)}) == 1
    assert len(await fetched(stage, all_stored)) == 3


@pytest.mark.parametrize(
    ("name", "data", "mime", "size", "says"),
    [
        ("现场.mp4", b"0", "video/mp4", None, "这种文件收不了"),
        ("现场.heic", b"0", "image/heic", None, "这种文件收不了"),
        ("大图.jpg", b"", "image/jpeg", 21 * 1024 * 1024, "超过20MB"),
    ],
)
async def test_what_is_not_taken(
    stage: Stage, talk: Talk, name: str, data: bytes, mime: str, size: int | None, says: str
) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.document(name, data, mime, size=size)
    await stage.settled()
    assert says in someone.last.text
    assert not await stage.rows(Evidence)
    await someone.play(("待办", "校园环境"), ("[3提交]", "✓ 已收到"))


async def test_a_file_that_is_not_what_it_says_is_told_once(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.document("现场.jpg", b"MZ this is a program", "image/jpeg")
    await stage.settled()
    await fetched(stage, lambda rows: [row.state for row in rows] == ["failed"])
    await stage.settled()
    assert "您发的现场.jpg没能取到,请再发一次照片" in someone.last.text
    assert not kept_files(stage)


async def test_a_file_that_is_bigger_than_it_says_is_not_even_loaded(
    stage: Stage, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.download.LARGEST", 100)
    loaded: list[object] = []
    monkeypatch.setattr("telegram.File.download_to_drive", lambda *_args, **_named: loaded.append(1))
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    [row] = await fetched(stage, lambda rows: [row.state for row in rows] == ["failed"])
    await stage.settled()
    assert (row.error, row.attempts, loaded) == ("file is too big", 1, [])
    assert "没能取到,请再发一次照片" in someone.last.text
    assert not kept_files(stage)


async def test_breaks_on_the_way_are_tried_again(stage: Stage, talk: Talk, collector: Collector) -> None:
    for method, kind in (("getFile", "error"), ("getFile", "drop"), ("download", "lost"), ("download", "error")):
        stage.server.inject(Fault(kind=kind, method=method, code=502))  # type: ignore[arg-type]
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    for attempts in range(1, 5):
        await fetched(stage, lambda rows, n=attempts: rows[0].attempts == n)  # type: ignore[misc]
        stage.clock.jump_to(stage.clock.now() + pause_after(attempts))
    [row] = await fetched(stage, all_stored)
    assert row.error is None
    assert len(kept_files(stage)) == 1


@pytest.mark.parametrize("by", ["the sender", "duban retry"])
async def test_what_cannot_be_fetched_is_given_up_and_said(stage: Stage, talk: Talk, by: str) -> None:
    stage.server.inject(Fault(kind="error", method="getFile", code=500, times=-1))
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    for attempts in range(1, MOST_TRIES + 1):
        await fetched(stage, lambda rows, n=attempts: rows[0].attempts == n)  # type: ignore[misc]
        stage.clock.jump_to(stage.clock.now() + pause_after(attempts))
    await fetched(stage, lambda rows: rows[0].state == "failed")
    await stage.settled()
    assert [shown.text for shown in someone.phone.received].count(someone.last.text) == 1
    assert "没能取到,请再发一次照片" in someone.last.text
    stage.server.line.faults.clear()
    if by == "the sender":
        await someone.phone.photo("操场")  # the same picture once more begins anew
    else:
        async with stage.database.write() as session:
            ours = stage.workplace.bureau_id
            assert [one.kind.value for one in await aside.listed(session, ours)] == ["evidence"]
            assert await aside.retry(session, ours, stage.clock.now()) == 1
    await stage.settled()
    await fetched(stage, all_stored)


async def test_a_crash_between_the_file_and_its_row_leaves_one_of_each(
    stage: Stage, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[int] = []
    whole = Collector._note_kept

    async def crash_once(self: Collector, evidence_id: int, kept: object) -> None:
        if not crashed:
            crashed.append(evidence_id)
            raise RuntimeError("killed here")
        await whole(self, evidence_id, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(Collector, "_note_kept", crash_once)
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    await fetched(stage, all_stored)
    assert crashed
    assert len(kept_files(stage)) == 1


async def test_two_reports_ask_for_photos(stage: Stage, county: County, sqlite: Database, talk: Talk) -> None:
    await add_task(sqlite, county, "wall", "文化墙", (PHOTOS,))
    someone = await talk(PRINCIPAL)
    await someone.play(("取消", "没有"))
    await someone.phone.album(["操场", "花坛"])
    await stage.settled()
    assert "照片是哪一项的" in someone.last.text
    assert sum("照片是哪一项的" in shown.text for shown in someone.phone.received) == 1
    await someone.play(("[11月校园环境]", ""))
    stage.clock.jump_to(stage.clock.now() + ALBUM)
    await stage.settled()
    assert "照片2张" in someone.last.text
    assert {row.key for row in await stage.rows(Evidence)} == {"env_photo"}


async def test_photos_are_shown_back_to_whom_they_concern(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    for name in ("操场", "花坛"):
        await someone.phone.photo(name)
    await someone.phone.document("方案.pdf", PDF, "application/pdf")
    await stage.settled()
    await someone.play(("[看照片]", "校园环境:文件1个"))
    shown = [message.kind for message in someone.phone.received[-3:]]
    assert shown == ["photo", "photo", "document"]
    await someone.play(("待办", ""), ("[3提交]", "✓ 已收到"), ("已报", ""))
    for chat in (CHIEF, CLERK):
        there = await talk(chat)
        await there.play(("照片 清河", "文件1个"))
    await (await talk(CLERK)).play(("照片 不存在的学校", "没找准"))
    stranger = await talk(OTHER_PRINCIPAL)
    await stranger.play(("照片 清河", "!文件"))


async def test_what_telegram_has_forgotten_comes_from_our_store(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    await fetched(stage, all_stored)
    async with stage.database.write() as session:
        for row in await stage.rows(Evidence):
            (await session.get_one(Evidence, (row.bureau_id, row.id))).file_id = "AgAC-of-another-bot"
    await someone.play(("[看照片]", "照片1张"))
    assert someone.last.kind == "photo"
    assert [row.fate for row in await stage.rows(Outbox, Outbox.kind == "photos")] == ["sent"]


async def test_a_photo_is_taken_away_again(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    await someone.play(("[修改]", "请点要改的一项"), ("[照片1张]", "现场照片"), ("[去掉照片]", "选填:照片"))
    assert "照片1张" not in someone.last.text


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence")
    first, second = store.room(), store.room()
    for coming in (first, second):
        coming.write_bytes(taken_at())
    assert store.keep(first) == store.keep(second)
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_kind_of_picture_keeps_its_position(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (28.0, 12.0, 0.0)
    store = EvidenceStore(tmp_path)
    coming = store.room()
    Image.new("RGB", (64, 48), "green").save(coming, kind, exif=exif.tobytes())
    with Image.open(coming) as before:
        assert before.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    kept = store.keep(coming)
    with Image.open(store.path(kept.sha256, kept.mime)) as after:
        assert not dict(after.getexif())
        assert after.size == (64, 48)


async def test_a_file_that_breaks_the_reader_is_counted_like_any_other_failure(
    stage: Stage, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_self: EvidenceStore, _coming: Path) -> None:
        raise ZeroDivisionError("a picture nobody thought of")

    monkeypatch.setattr(EvidenceStore, "keep", explode)
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 校园环境]", "请答:本月大扫除次数"), ("4", "【请核对"))
    await someone.phone.photo("操场")
    await stage.settled()
    [row] = await fetched(stage, lambda rows: rows[0].attempts == 1)
    assert (row.state, row.error) == ("pending", "ZeroDivisionError")
    assert row.next_try_at is not None
