"""What bots send with files: photos, documents, albums, and what the server refuses of them."""

from __future__ import annotations

import pytest
from aiogram import Bot as AiogramBot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import BufferedInputFile
from aiogram.types import InputMediaDocument as AioDocument
from aiogram.types import InputMediaPhoto as AioPhoto
from telegram import Bot as PtbBot
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest, NetworkError

from sandbox import Phone, SandboxServer

from .cast import PRINCIPAL, TOKEN
from .conftest import Raw
from .pictures import MB, picture, seen

KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("看", callback_data="v")]])


@pytest.fixture
async def ptb(sandbox: SandboxServer) -> PtbBot:
    async with PtbBot(TOKEN, base_url=sandbox.api_url, base_file_url=f"{sandbox.url}/file/bot") as bot:
        yield bot


async def test_ptb_sends_photos_and_documents(ptb: PtbBot, phone: Phone) -> None:
    sent = await ptb.send_photo(PRINCIPAL, picture(), "<b>图表</b>", parse_mode="HTML", reply_markup=KEYS)
    assert [size.width for size in sent.photo] == [90, 320, 640]
    shown = phone.last
    assert (shown.kind, shown.text, shown.buttons) == ("photo", "图表", ["看"])
    assert shown.entities == ({"type": "bold", "offset": 0, "length": 2},)
    assert shown.file
    assert shown.file.content
    assert seen(shown.file.content) == ("JPEG", (640, 480))
    again = await ptb.send_photo(PRINCIPAL, sent.photo[0].file_id, protect_content=True)
    assert again.photo == sent.photo
    assert phone.last.protected
    paper = await ptb.send_document(PRINCIPAL, b"PK-word", caption="通报", filename="通报.docx")
    assert paper.document
    assert (paper.document.file_name, paper.document.file_size) == ("通报.docx", 7)
    assert phone.last.file
    assert phone.last.file.content == b"PK-word"
    assert (await ptb.send_document(PRINCIPAL, paper.document.file_id)).document == paper.document
    assert await (await paper.document.get_file()).download_as_bytearray() == b"PK-word"


async def test_ptb_sends_albums(ptb: PtbBot, phone: Phone) -> None:
    known = (await ptb.send_photo(PRINCIPAL, picture(500, 400))).photo[-1].file_id
    items = [InputMediaPhoto(picture(), "现场"), InputMediaPhoto(known), InputMediaPhoto(picture(300, 300))]
    sent = await ptb.send_media_group(PRINCIPAL, items)
    assert len({m.media_group_id for m in sent}) == 1
    assert [m.photo[-1].width for m in sent] == [640, 500, 300]
    assert [(b.kind, b.text) for b in phone.received[-3:]] == [("photo", "现场"), ("photo", ""), ("photo", "")]
    papers = [InputMediaDocument(b"one", filename="一.txt"), InputMediaDocument(b"two", filename="二.txt")]
    assert [m.document.file_name for m in await ptb.send_media_group(PRINCIPAL, papers) if m.document] == [
        "一.txt",
        "二.txt",
    ]


async def test_aiogram_sends_all_three(aio: AiogramBot, phone: Phone) -> None:
    sent = await aio.send_photo(PRINCIPAL, BufferedInputFile(picture(), "图.jpg"), caption="图")
    assert sent.photo
    paper = await aio.send_document(PRINCIPAL, BufferedInputFile(b"1,2", "表.csv"))
    assert paper.document
    album = await aio.send_media_group(
        PRINCIPAL,
        [AioPhoto(media=sent.photo[-1].file_id), AioPhoto(media=BufferedInputFile(picture(200, 200), "b.jpg"))],
    )
    assert [m.media_group_id == album[0].media_group_id for m in album] == [True, True]
    assert [b.kind for b in phone.received] == ["photo", "document", "photo", "photo"]
    with pytest.raises(TelegramBadRequest, match="can't be mixed"):
        await aio.send_media_group(
            PRINCIPAL, [AioPhoto(media=sent.photo[-1].file_id), AioDocument(media=paper.document.file_id)]
        )


ALBUMS = [
    ("[", "can't parse media JSON object"),
    ({}, "expected an Array of InputMedia"),
    ([], "there are no messages to send"),
    (["x"], "can't parse InputMedia: expected an Object"),
    ([{"type": "poll", "media": "x"}], 'can\'t parse InputMedia: type "poll" is unsupported'),
    ([{"type": "photo"}], "can't parse InputMedia: media not found"),
    ([{"type": "photo", "media": "attach://a"}], "can't parse InputMedia: media not found"),
    ([{"type": "photo", "media": "AgAC"}], "wrong file identifier/HTTP URL specified"),
]


@pytest.mark.parametrize(("media", "reason"), ALBUMS)
async def test_albums_that_are_refused(raw: Raw, phone: Phone, media: object, reason: str) -> None:
    answer = await raw("sendMediaGroup", chat_id=PRINCIPAL, media=media)
    assert answer["description"] == f"Bad Request: {reason}"
    assert phone.received == []


async def test_files_that_are_refused(raw: Raw, ptb: PtbBot, aio: AiogramBot, phone: Phone) -> None:
    async def refused(**params: object) -> str:
        answer = await raw("sendPhoto", chat_id=PRINCIPAL, **params)
        return str(answer["description"]).removeprefix("Bad Request: ")

    paper = await phone.document("一.pdf", b"%PDF-1")
    [update] = (await raw("getUpdates"))["result"]
    assert await refused() == "there is no photo in the request"
    assert (await raw("sendDocument", chat_id=PRINCIPAL))["description"].endswith("there is no document in the request")
    known = update["message"]["document"]["file_id"]
    assert await refused(photo=known) == "can't use file of type Document as Photo"
    assert await refused(photo="https://example.org/a.jpg") == "failed to get HTTP URL content"
    for data, reason in [
        (b"not a picture", "Image_process_failed"), (picture(2100, 100), "Photo_invalid_dimensions"),
        (b"0" * (10 * MB + 1), "File of size 10485761 bytes is too big for a photo; the maximum size is 10485760"),
        (b"", "File must be non-empty"),
    ]:  # fmt: skip
        with pytest.raises(BadRequest, match=reason):
            await ptb.send_photo(PRINCIPAL, data)
    assert (await ptb.send_photo(PRINCIPAL, picture(), "字" * 1024)).caption
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await ptb.send_photo(PRINCIPAL, picture(), "字" * 1025)
    with pytest.raises(BadRequest, match="Too many messages to send as an album"):
        await ptb.send_media_group(PRINCIPAL, [InputMediaDocument(known)] * 11)
    with pytest.raises(TelegramEntityTooLarge):
        await aio.send_document(PRINCIPAL, BufferedInputFile(b"0" * (50 * MB + 1), "a.bin"))
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await ptb.send_document(PRINCIPAL, b"0" * (52 * MB))
    await phone.block()
    blocked = await raw("sendDocument", chat_id=PRINCIPAL, document=known)
    assert blocked["description"] == "Forbidden: bot was blocked by the user"
    assert paper.file
    assert [b.kind for b in phone.received] == ["photo"]
