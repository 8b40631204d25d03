"""A photo from a phone, as both libraries read it."""

from __future__ import annotations

from aiogram import Bot as AiogramBot
from telegram import Bot as PtbBot

from sandbox import Phone


async def test_python_telegram_bot_reads_a_photo(ptb: PtbBot, phone: Phone) -> None:
    await phone.photo("操场", caption="演练现场")
    [update] = await ptb.get_updates()
    assert update.message is not None
    assert [size.width for size in update.message.photo] == [90, 1280]
    assert update.message.caption == "演练现场"


async def test_aiogram_reads_a_photo(aio: AiogramBot, phone: Phone) -> None:
    await phone.photo("操场")
    [update] = await aio.get_updates()
    assert update.message is not None
    assert update.message.photo is not None
    assert update.message.photo[-1].file_unique_id == "AQAD-操场-x"
