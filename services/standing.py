"""How a report stands besides its draft: the answers it was sent with, its own deadline, what was asked about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
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

Asked = Sequence[tuple[Report, tuple[Indicator, ...]]]


async def standings(session: AsyncSession, bureau_id: int, asked: Asked) -> dict[ReportKey, Standing]:
    """For each report; those with nothing special are left out."""
    keys = [ReportKey(report.round_id, report.unit_id) for report, _ in asked]
    extensions = await _extensions(session, bureau_id, keys)
    requests = await _requests(session, bureau_id, keys)
    sent = await _sent(session, bureau_id, asked)
    return {
        key: Standing(sent.get(key, {}), extensions.get(key), requests.get(key, {}))
        for key in extensions.keys() | requests.keys() | sent.keys()
    }


def _of(table: Any, bureau_id: int, keys: Sequence[ReportKey]) -> ColumnElement[bool]:
    named = tuple_(col(table.round_id), col(table.unit_id)).in_([tuple(key) for key in keys])
    return (col(table.bureau_id) == bureau_id) & named


async def _extensions(session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey]) -> dict[ReportKey, Extension]:
    rows = (await session.execute(select(Extension).where(_of(Extension, bureau_id, keys)))).scalars().all()
    return {ReportKey(row.round_id, row.unit_id): row for row in rows}


async def _requests(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey]
) -> dict[ReportKey, dict[RequestKind, Request]]:
    waiting = _of(Request, bureau_id, keys) & (col(Request.state) == RequestState.PENDING.value)
    found: dict[ReportKey, dict[RequestKind, Request]] = {}
    for row in (await session.execute(select(Request).where(waiting))).scalars().all():
        found.setdefault(ReportKey(row.round_id, row.unit_id), {})[RequestKind(row.kind)] = row
    return found


async def _sent(session: AsyncSession, bureau_id: int, asked: Asked) -> dict[ReportKey, Entries]:
    known = {
        ReportKey(report.round_id, report.unit_id): indicators
        for report, indicators in asked
        if report.first_received_at is not None
    }
    if not known:
        return {}
    found: dict[ReportKey, dict[str, dict[str, object]]] = {}
    rows = (await session.execute(select(Answer).where(_of(Answer, bureau_id, list(known))))).scalars().all()
    for answer in rows:
        key = ReportKey(answer.round_id, answer.unit_id)
        indicator = groups.find(known[key], answer.key)
        value = value_of(indicator, answer) if indicator else None
        if value is not None:
            entry = {"v": codec.to_json(value), "words": "", "approximate": answer.approximate}
            found.setdefault(key, {})[answer.key] = entry
    return {key: found.get(key, {}) for key in known}
