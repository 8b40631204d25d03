"""What a unit has said before: last time's states to carry over, and what it already gave for the same period.

One number, one source: the same key is never asked twice of a unit for the same period (design 1). Only `stock` values
may be carried over; a `flow` (a drill, its people, its seconds) is never offered from last time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Row, Select, and_, bindparam, exists, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Answer, Report, Round
from domain.indicators import Indicator, Nature, Values
from domain.messages import ReportKey
from services.answers import value_of


@dataclass(frozen=True, slots=True)
class Earlier:
    """`last`: the newest earlier value of each indicator, to compare with. `previous`: those of them that may be
    carried over. `given`: values reported for this very period under another task."""

    last: Values = field(default_factory=dict)
    previous: Values = field(default_factory=dict)
    given: Values = field(default_factory=dict)


NOTHING = Earlier()

Asked = tuple[ReportKey, Round, tuple[Indicator, ...]]

_Other = aliased(Report)
SAID_BEFORE = exists().where(
    col(_Other.bureau_id) == Report.bureau_id,
    col(_Other.unit_id) == Report.unit_id,
    col(_Other.round_id) != Report.round_id,
    col(_Other.first_received_at).is_not(None),
)
"""Of a report in the enclosing statement: has its unit ever sent another one?"""


async def earlier(session: AsyncSession, bureau_id: int, asked: Iterable[Asked]) -> dict[ReportKey, Earlier]:
    """For each report asked, what its unit said before."""
    wanted = list(asked)
    rows = await _answers(session, bureau_id, wanted)
    found: dict[ReportKey, Earlier] = {}
    for key, round_, indicators in wanted:
        known = {indicator.key: indicator for indicator in indicators}
        mine = [answer for answer in rows.get(key.unit_id, ()) if answer.key in known]
        last = _last(mine, round_, known)
        previous = {name: value for name, value in last.items() if known[name].nature is Nature.STOCK}
        found[key] = Earlier(last, previous, _given(mine, round_, known))
    return found


_UNITS: BindParameter[int] = bindparam("units", expanding=True)
_received = aliased(Report)
_ROUNDS = select(col(_received.round_id)).where(
    col(_received.bureau_id) == bindparam("bureau"),
    col(_received.unit_id).in_(_UNITS),
    col(_received.first_received_at).is_not(None),
)
"""Where the units have reported: without it SQLite goes through all answers of the bureau."""
_ANSWERS: Select[*tuple[Any, ...]] = (
    select(
        *(
            col(getattr(Answer, name))
            for name in ("unit_id", "key", "amount", "denominator", "text", "day", "round_id")
        ),
        col(Round.label),
        col(Round.due_at),
    )
    .join(Round, and_(col(Round.bureau_id) == Answer.bureau_id, col(Round.id) == Answer.round_id))
    .join(
        Report,
        and_(
            col(Report.bureau_id) == Answer.bureau_id,
            col(Report.round_id) == Answer.round_id,
            col(Report.unit_id) == Answer.unit_id,
        ),
    )
    .where(
        col(Answer.bureau_id) == bindparam("bureau"),
        col(Answer.round_id).in_(_ROUNDS),
        col(Answer.unit_id).in_(_UNITS),
        col(Answer.key).in_(bindparam("keys", expanding=True)),
        col(Report.first_received_at).is_not(None),
    )
    .order_by(col(Round.due_at).desc())
)


async def _answers(session: AsyncSession, bureau_id: int, wanted: list[Asked]) -> dict[int, list[Row[Any]]]:
    """By unit, its answers to these keys with their rounds, the newest round first; columns only, since there are more
    with every month."""
    keys = {indicator.key for _, _, indicators in wanted for indicator in indicators}
    bound = {"bureau": bureau_id, "units": list({key.unit_id for key, _, _ in wanted}), "keys": list(keys)}
    rows: dict[int, list[Row[Any]]] = {}
    for answer in (await session.execute(_ANSWERS, bound)).all():
        rows.setdefault(answer.unit_id, []).append(answer)
    return rows


def _last(mine: list[Row[Any]], round_: Round, known: Mapping[str, Indicator]) -> Values:
    return _first([one for one in mine if one.due_at < round_.due_at and one.label != round_.label], known)


def _given(mine: list[Row[Any]], round_: Round, known: Mapping[str, Indicator]) -> Values:
    return _first([one for one in mine if one.round_id != round_.id and one.label == round_.label], known)


def _first(answers: list[Row[Any]], known: Mapping[str, Indicator]) -> Values:
    values: Values = {}
    for answer in answers:
        indicator = known.get(answer.key)
        value = value_of(indicator, answer) if indicator else None
        if value is not None:
            values.setdefault(answer.key, value)
    return values
