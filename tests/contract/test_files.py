"""Photos, albums and documents that people send, with real bytes, read and fetched by both libraries."""

from __future__ import annotations

import asyncio
import base64
import io

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram.exceptions import TelegramBadRequest
from PIL import Image
from telegram import Bot as PtbBot
from telegram import Message
from telegram.error import BadRequest, NetworkError

from sandbox import Document, Fault, Phone, PhoneError, Photo, SandboxServer

from .cast import OTHER_TOKEN, PRINCIPAL, TOKEN
from .conftest import Raw
from .pictures import MB, picture, seen


async def message_from(ptb: PtbBot) -> Message:
    [update] = await ptb.get_updates()
    assert update.message is not None
    return update.message


@pytest.fixture
async def ptb(sandbox: SandboxServer) -> PtbBot:
    async with PtbBot(TOKEN, base_url=sandbox.api_url, base_file_url=f"{sandbox.url}/file/bot") as bot:
        yield bot


# what people send


async def test_a_photo_is_read_and_fetched_with_ptb(ptb: PtbBot, phone: Phone) -> None:
    sent = await phone.photo("操场", caption="演练现场 /todo")
    message = await message_from(ptb)
    assert [size.width for size in message.photo] == [90, 320, 800]
    assert (message.caption, message.caption_entities[0].type) == ("演练现场 /todo", "bot_command")
    largest = await message.photo[-1].get_file()
    data = await largest.download_as_bytearray()
    assert seen(data) == ("JPEG", (800, 600))
    assert sent.file is not None
    assert (sent.file.unique_id, sent.file.content) == (largest.file_unique_id, bytes(data))
    assert len(data) == message.photo[-1].file_size == largest.file_size
    small = await (await message.photo[0].get_file()).download_as_bytearray()
    assert seen(small) == ("JPEG", (90, 68))


async def test_a_photo_and_a_document_are_read_and_fetched_with_aiogram(aio: AiogramBot, phone: Phone) -> None:
    await phone.photo(data=picture(3000, 1500, "PNG"))
    await phone.document("名单.xlsx", b"PK-rows", caption="九月")
    photo, document = (update.message for update in await aio.get_updates())
    assert photo is not None
    assert photo.photo is not None
    data = await aio.download(photo.photo[-1])
    assert data is not None
    assert seen(data.read()) == ("JPEG", (1280, 640))
    assert document is not None
    assert document.document is not None
    assert (document.document.file_name, document.document.file_size, document.caption) == ("名单.xlsx", 7, "九月")
    data = await aio.download(document.document)
    assert data is not None
    assert data.read() == b"PK-rows"


async def test_the_same_picture_is_the_same_file_and_bots_do_not_share_ids(
    sandbox: SandboxServer, phone: Phone, raw: Raw
) -> None:
    first, again, other = [await phone.photo(name) for name in ("操场", "操场", "花坛")]
    assert first.file
    assert again.file
    assert other.file
    assert first.file.unique_id == again.file.unique_id != other.file.unique_id
    there = sandbox.phone(OTHER_TOKEN, PRINCIPAL)
    await there.photo("操场")
    mine = (await raw("getUpdates"))["result"][0]["message"]["photo"][-1]
    theirs = (await raw("getUpdates", token=OTHER_TOKEN))["result"][0]["message"]["photo"][-1]
    assert mine["file_unique_id"] == theirs["file_unique_id"]
    assert mine["file_id"] != theirs["file_id"]
    assert (await raw("getFile", token=OTHER_TOKEN, file_id=mine["file_id"]))["error_code"] == 400


async def test_a_phone_turns_a_photo_upright_and_sends_nothing_but_the_picture(phone: Phone) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    lying = picture(400, 300, exif=exif)
    assert Image.open(io.BytesIO(lying)).getexif()
    sent = await phone.photo(data=lying)
    as_file = await phone.document("IMG_0001.jpg", lying)
    assert sent.file
    assert sent.file.content
    assert seen(sent.file.content) == ("JPEG", (300, 400))
    assert not Image.open(io.BytesIO(sent.file.content)).getexif()
    assert as_file.file
    assert (as_file.file.content, as_file.file.mime) == (lying, "image/jpeg")


@pytest.mark.parametrize("data", [b"", b"not a picture", picture()[:300], picture(2100, 100)])
async def test_what_cannot_be_sent_as_a_photo(phone: Phone, data: bytes) -> None:
    with pytest.raises(PhoneError):
        await phone.photo(data=data)
    assert [m.kind for m in phone.messages] == ["text"]


async def test_an_album_is_so_many_updates_and_no_end(ptb: PtbBot, phone: Phone) -> None:
    sent = await phone.album(["操场", Photo("花坛"), Photo(data=picture())], "三张")
    messages = [update.message for update in await ptb.get_updates()]
    assert len({m.media_group_id for m in messages if m}) == 1
    assert {m.album for m in sent} == {messages[0].media_group_id}
    assert [m.caption for m in messages if m] == ["三张", None, None]
    papers = [Document("一.pdf", b"%PDF-1"), Document("二.pdf", b"%PDF-2")]
    assert (await phone.album(papers))[0].album != sent[0].album
    for wrong in (["一"], ["一"] * 11, [Photo("一"), papers[0]]):
        with pytest.raises(PhoneError, match="2 to 10"):
            await phone.album(wrong)


async def test_more_than_twenty_megabytes_are_not_handed_out(ptb: PtbBot, aio: AiogramBot, phone: Phone) -> None:
    await phone.document("录像.mp4", size=20 * MB)
    await phone.document("录像.mp4", size=20 * MB + 1)
    fits, too_big = (update.message.document for update in await ptb.get_updates() if update.message)
    assert fits
    assert too_big
    assert len(await (await fits.get_file()).download_as_bytearray()) == 20 * MB
    assert (too_big.file_size, too_big.mime_type) == (20 * MB + 1, "video/mp4")
    with pytest.raises(BadRequest, match="File is too big"):
        await too_big.get_file()
    with pytest.raises(TelegramBadRequest, match="Bad Request: file is too big"):
        await aio.get_file(too_big.file_id)


async def test_ids_and_paths_that_lead_nowhere(sandbox: SandboxServer, raw: Raw, phone: Phone) -> None:
    await phone.photo()
    [update] = (await raw("getUpdates"))["result"]
    known = update["message"]["photo"][-1]["file_id"]
    asked = [await raw("getFile", file_id=one) for one in ("", "?", known[:-3] + "xyz")]
    assert [answer["description"] for answer in asked] == [
        "Bad Request: file_id not specified", "Bad Request: invalid file_id",
        "Bad Request: wrong file_id or the file is temporarily unavailable",
    ]  # fmt: skip
    path = (await raw("getFile", file_id=known))["result"]["file_path"]
    assert path.startswith("photos/file_")
    assert path.endswith(".jpg")
    async with aiohttp.ClientSession(sandbox.url) as web:
        for token, wanted, status in [
            (TOKEN, path, 200), (TOKEN, "photos/file_0.jpg", 404), (OTHER_TOKEN, path, 404), ("7:nobody", path, 401),
        ]:  # fmt: skip
            async with web.get(f"/file/bot{token}/{wanted}") as response:
                assert response.status == status
        sandbox.world.files.lifetime = 0.0
        async with web.get(f"/file/bot{TOKEN}/{path}") as response:
            assert (response.status, (await response.json())["description"]) == (404, "Not Found")
    fates = [(call.fate, call.code) for call in sandbox.calls("download")]
    assert fates == [("ok", 200), ("refused", 404), ("refused", 404), ("refused", 404)]


# faults on the way


async def test_downloads_fail_in_every_way(sandbox: SandboxServer, ptb: PtbBot, phone: Phone) -> None:
    data = bytes(range(256)) * 400
    await phone.document("大.bin", data)
    document = (await message_from(ptb)).document
    assert document
    sandbox.inject(Fault("error", "getFile", code=500))
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await document.get_file()
    file = await document.get_file()
    sandbox.inject(Fault("error", "*", times=-1))  # "*" is any method; a download is none
    for fault in (Fault("error", "download", code=502), Fault("drop", "download"), Fault("lost", "download")):
        sandbox.inject(fault)
        with pytest.raises(NetworkError):
            await file.download_as_bytearray()
    sandbox.inject(Fault("latency", "download", delay=0.05))
    assert await file.download_as_bytearray() == data
    assert [call.fate for call in sandbox.calls("download")] == ["fault", "dropped", "lost", "ok"]


# from outside


async def test_the_control_api_sends_files(sandbox: SandboxServer, phone: Phone) -> None:
    who = {"bot": 7000000001, "user": PRINCIPAL}
    data = base64.b64encode(picture()).decode()
    async with aiohttp.ClientSession(sandbox.url) as web:

        async def act(**body: object) -> dict:
            async with web.post("/control/act", json={**who, **body}) as response:
                return await response.json()

        assert (await act(do="photo", data=data, caption="现场"))["file"]["width"] == 640
        assert (await act(do="document", filename="a.pdf", data="JVBERg=="))["file"]["size"] == 4
        assert (await act(do="document", filename="b.mp4", size=30 * MB))["file"]["size"] == 30 * MB
        assert len((await act(do="album", items=[{"name": "一"}, {"data": data}]))["messages"]) == 2
        assert "no picture" in (await act(do="photo", data="aGk="))["error"]
        assert "JSON object" in (await act(do="album", items=["一", "二"]))["error"]
        form = aiohttp.FormData({"bot": "7000000001", "user": str(PRINCIPAL), "caption": "两张", "as": "photo"})
        for n in (1, 2):
            form.add_field("file", picture(300 + n, 200), filename=f"{n}.jpg", content_type="image/jpeg")
        async with web.post("/control/files", data=form) as response:
            sent = await response.json()
        assert [(one["text"], one["file"]["width"]) for one in sent] == [("两张", 301), ("", 302)]
    kinds = [m.kind for m in phone.messages[1:]]
    assert kinds == ["photo", "document", "document", "photo", "photo", "photo", "photo"]


async def test_the_page_shows_pictures_and_saves_the_rest(sandbox: SandboxServer, phone: Phone) -> None:
    shown = [
        await phone.photo(),
        await phone.document("<b>.html", b"<script>"),
        await phone.document("大", size=30 * MB),
    ]
    async with aiohttp.ClientSession(sandbox.url) as web:
        heads = []
        for one in shown:
            assert one.file
            async with web.get(f"/stage/files/{one.file.unique_id}") as response:
                heads.append((response.status, response.content_type, response.headers.get("Content-Disposition", "")))
        async with web.get(f"/stage/chats/7000000001/{PRINCIPAL}") as response:
            rows = [row["html"] for row in (await response.json())["changed"]]
    assert heads[0][:2] == (200, "image/jpeg")
    assert heads[1] == (200, "application/octet-stream", "attachment; filename*=UTF-8''%3Cb%3E.html")
    assert heads[2][0] == 404
    assert f'src="/stage/files/{shown[0].file.unique_id}"' in rows[1]  # type: ignore[union-attr]
    assert "&lt;b&gt;.html" in rows[2]
    assert "href" not in rows[3]


async def test_photos_cost_little(phone: Phone) -> None:
    """A crowd sends hundreds in a simulated month; the same name is drawn once."""
    clock = asyncio.get_running_loop().time
    began = clock()
    for n in range(50):
        await phone.photo(f"现场{n % 3}")
    assert clock() - began < 5
