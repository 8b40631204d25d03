"""How a report stands besides its draft: the answers it was sent with, its own deadline, what was asked about it.

The statement that loads reports brings the extension along, and says of each whether anything was asked about it: most
reports have neither, and cost no further query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, select, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Answer, Extension, Report, Request
from domain import codec, groups
from domain.indicators import Indicator
from domain.messages import ReportKey
from domain.requests import RequestKind, RequestState
from services.answers import value_of

Entries = Mapping[str, dict[str, object]]
"""Answers by indicator key, as a draft keeps them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`sent`: the present answers, where a correction begins. `asked`: what waits for the office's decision."""

    sent: Entries = field(default_factory=dict)
    extension: Extension | None = None
    asked: Mapping[RequestKind, Request] = field(default_factory=dict)


UNTOUCHED = Standing()

Asked = Sequence[tuple[Report, tuple[Indicator, ...], Extension | None, bool]]
"""Reports with their questions, their extension, and whether `IS_ASKED` holds of them."""

_WAITING = col(Request.state) == RequestState.PENDING.value
IS_ASKED = exists().where(
    col(Request.bureau_id) == Report.bureau_id,
    col(Request.round_id) == Report.round_id,
    col(Request.unit_id) == Report.unit_id,
    _WAITING,
)
ASKS_FOR_TIME = exists().where(
    col(Request.bureau_id) == Report.bureau_id,
    col(Request.round_id) == Report.round_id,
    col(Request.unit_id) == Report.unit_id,
    col(Request.kind) == RequestKind.EXTENSION.value,
    _WAITING,
)
"""The unit has asked for an extension and has no answer yet."""


async def standings(session: AsyncSession, bureau_id: int, asked: Asked) -> dict[ReportKey, Standing]:
    """For each report; those with nothing special are left out."""
    extensions = {_key(report): extension for report, _, extension, _ in asked if extension is not None}
    requests = await _requests(session, bureau_id, [_key(report) for report, _, _, waiting in asked if waiting])
    sent = await _sent(session, bureau_id, asked)
    return {
        key: Standing(sent.get(key, {}), extensions.get(key), requests.get(key, {}))
        for key in extensions.keys() | requests.keys() | sent.keys()
    }


def _key(report: Report) -> ReportKey:
    return ReportKey(report.round_id, report.unit_id)


def _of(table: Any, bureau_id: int, keys: Sequence[ReportKey]) -> ColumnElement[bool]:
    named = tuple_(col(table.round_id), col(table.unit_id)).in_([tuple(key) for key in keys])
    return (col(table.bureau_id) == bureau_id) & named


async def _requests(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey]
) -> dict[ReportKey, dict[RequestKind, Request]]:
    if not keys:
        return {}
    found: dict[ReportKey, dict[RequestKind, Request]] = {}
    statement = select(Request).where(_of(Request, bureau_id, keys), _WAITING)
    for row in (await session.execute(statement)).scalars().all():
        found.setdefault(ReportKey(row.round_id, row.unit_id), {})[RequestKind(row.kind)] = row
    return found


_ANSWERS = select(Answer).where(
    col(Answer.bureau_id) == bindparam("bureau"),
    tuple_(col(Answer.round_id), col(Answer.unit_id)).in_(bindparam("keys", expanding=True)),
)


async def _sent(session: AsyncSession, bureau_id: int, asked: Asked) -> dict[ReportKey, Entries]:
    known = {_key(report): indicators for report, indicators, *_ in asked if report.first_received_at is not None}
    if not known:
        return {}
    found: dict[ReportKey, dict[str, dict[str, object]]] = {}
    bound = {"bureau": bureau_id, "keys": [tuple(key) for key in known]}
    for answer in (await session.execute(_ANSWERS, bound)).scalars().all():
        key = ReportKey(answer.round_id, answer.unit_id)
        indicator = groups.find(known[key], answer.key)
        value = value_of(indicator, answer) if indicator else None
        if value is not None:
            entry = {"v": codec.to_json(value), "words": "", "approximate": answer.approximate}
            found.setdefault(key, {})[answer.key] = entry
    return {key: found.get(key, {}) for key in known}
