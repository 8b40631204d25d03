"""The bureau's own calendar 校历: kept on its row, read from a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Bureau, CalendarChange
from domain.calendar import WorkCalendar
from domain.calendar_file import read, to_data
from domain.calendar_words import differences
from domain.campaign import text


def calendar_of(bureau: Bureau) -> WorkCalendar:
    """What the bureau has said; where it has said nothing, what is published."""
    return _read(json.dumps(bureau.calendar or {}, sort_keys=True))


@lru_cache(maxsize=16)
def _read(stored: str) -> WorkCalendar:
    return read(json.loads(stored)).calendar


def keep(bureau: Bureau, calendar: WorkCalendar) -> None:
    bureau.calendar = to_data(calendar)


def change(
    session: AsyncSession, bureau: Bureau, calendar: WorkCalendar, now: datetime, person_id: int | None = None
) -> None:
    """Keep it, and who changed what in it; nobody (None) for a file."""
    changes = differences(calendar_of(bureau), calendar)
    keep(bureau, calendar)
    if changes:
        session.add(CalendarChange(bureau_id=bureau.id, id=new_id(), person_id=person_id, changes=changes, at=now))


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """A file that was read, and what is wrong with it."""

    calendar: WorkCalendar
    problems: tuple[str, ...]


def read_calendar(path: Path) -> CalendarFile:
    """From YAML; what cannot be read at all is a problem like any other."""
    try:
        source = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        return CalendarFile(WorkCalendar(), (f"{path.name}:打不开文件:{problem.strerror or problem}",))
    except UnicodeDecodeError:
        return CalendarFile(WorkCalendar(), (f"{path.name}:文字编码不是 UTF-8,请另存为 UTF-8 的 .yaml",))
    data, _, broken = text.parse(source)
    found = read(data)
    return CalendarFile(found.calendar, (*map(str, broken), *found.problems))
