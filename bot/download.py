"""Loading a file from Telegram onto disk, piece by piece; where it lies there is neither kept nor logged."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telegram.error import BadRequest, TelegramError

from bot.polling import DubanBot
from services.evidence import Fetch, FetchFailed
from services.pictures import LARGEST

_FOR_GOOD = ("file is too big", "wrong file_id", "wrong file identifier", "invalid file_id")


def fetch_with(bot: DubanBot) -> Fetch:
    async def fetch(file_id: str, to: Path) -> None:
        try:
            file = await bot.get_file(file_id)
            if (file.file_size or 0) > LARGEST:
                raise FetchFailed("file is too big", for_good=True)
            await file.download_to_drive(to, read_timeout=60)
        except BadRequest as problem:
            said = str(problem).lower()
            raise FetchFailed(str(problem), for_good=any(words in said for words in _FOR_GOOD)) from problem
        except TelegramError as problem:  # its text may name the path, which contains the token
            raise FetchFailed(type(problem).__name__) from None
        size = (await asyncio.to_thread(to.stat)).st_size
        if file.file_size is not None and size != file.file_size:
            raise FetchFailed("broken off")
        if size > LARGEST:
            raise FetchFailed("file is too big", for_good=True)

    return fetch
