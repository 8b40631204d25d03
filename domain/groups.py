"""Repeating groups 逐次: each drill a row with its own date, place, people and seconds.

A group is one indicator of kind `rows`. For asking and storing it is spread into ordinary questions, one set for each
row, keyed `group.row.column`, with 还有一次吗 behind each row; counts and sums are taken from the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from domain.indicators import Indicator, Kind, OnlyIf, Value

MORE = "more"


def expand(indicators: Iterable[Indicator], answers: Mapping[str, object], *, boarding: bool) -> tuple[Indicator, ...]:
    """The questions with every group spread into as many rows as are begun; `answers` are values or draft entries."""
    return tuple(
        question
        for indicator in indicators
        for question in (_rows(indicator, answers, boarding) if indicator.kind is Kind.ROWS else (indicator,))
    )


def _rows(group: Indicator, answers: Mapping[str, object], boarding: bool) -> Iterator[Indicator]:
    row = 1
    while True:
        yield from (_column(group, column, row) for column in group.columns)
        yield _more(group, row, boarding)
        if not _goes_on(answers.get(f"{group.key}.{row}.{MORE}")):
            return
        row += 1


def _goes_on(answer: object) -> bool:
    return answer.get("v") is True if isinstance(answer, Mapping) else answer is True


def _column(group: Indicator, column: Indicator, row: int) -> Indicator:
    own = column.only_if
    only_if = replace(own, key=f"{group.key}.{row}.{own.key}") if own else _begun(group, row)
    label = f"第{row}次{column.label}" if row > 1 else column.label
    words = tuple(dict.fromkeys((column.label, *column.words)))
    key = f"{group.key}.{row}.{column.key}"
    return replace(column, key=key, label=label, short=column.name, words=words, only_if=only_if, row=row)


def _begun(group: Indicator, row: int) -> OnlyIf | None:
    """The first row is asked when the group is, a further one when there is one more."""
    return group.only_if if row == 1 else OnlyIf(f"{group.key}.{row - 1}.{MORE}", equals=True)


def _more(group: Indicator, row: int, boarding: bool) -> Indicator:
    minimum = group.boarding_minimum if boarding and group.boarding_minimum is not None else group.soft_minimum
    return Indicator(
        key=f"{group.key}.{row}.{MORE}", label=f"{group.name}还有第{row + 1}次吗", kind=Kind.BOOL, nature=group.nature,
        short=f"{group.name}次数", unit="次", yes="还有", no="没有了", only_if=_begun(group, row), row=row,
        soft_minimum=minimum,
    )  # fmt: skip


def is_more(indicator: Indicator) -> bool:
    """Is this the question behind a row, which is no answer of its own?"""
    return indicator.row > 0 and indicator.key.endswith(f".{MORE}")


def current(indicators: Sequence[Indicator], focus: str | None = None) -> tuple[Indicator, ...]:
    """What a reply is read against: of each group only one row, the one asked about or else the last."""
    rows: dict[str, int] = {}
    for indicator in indicators:
        if indicator.row:
            rows[_group(indicator.key)] = indicator.row
    focused = next((one for one in indicators if one.key == focus and one.row), None)
    if focused is not None:
        rows[_group(focused.key)] = focused.row
    return tuple(one for one in indicators if not one.row or rows[_group(one.key)] == one.row)


def _group(key: str) -> str:
    return key.split(".", 1)[0]


def find(indicators: Iterable[Indicator], key: str) -> Indicator | None:
    """The indicator of a stored answer: one of the questionnaire, or a column of one of its groups."""
    group, _, rest = key.partition(".")
    for indicator in indicators:
        if indicator.key == key:
            return indicator
        if rest and indicator.key == group and indicator.kind is Kind.ROWS:
            row, _, name = rest.partition(".")
            column = next((column for column in indicator.columns if column.key == name), None)
            return _column(indicator, column, int(row)) if column else _more(indicator, int(row), boarding=False)
    return None


def concerns(changed: str, answer: str) -> bool:
    """Does a change of this question touch that answer? Of a group: any; of a column (drills.date): each row's."""
    group, _, column = changed.partition(".")
    if not column:
        return answer == changed or answer.startswith(f"{changed}.")
    parts = answer.split(".")
    return len(parts) == 3 and (parts[0], parts[2]) == (group, column)


def rows_of(group: Indicator, answers: Mapping[str, Value]) -> list[dict[str, Value]]:
    """The rows of a group in these answers, each by column key."""
    rows: dict[int, dict[str, Value]] = {}
    for key, value in answers.items():
        name, _, rest = key.partition(".")
        row, _, column = rest.partition(".")
        if name == group.key and row.isdigit() and column != MORE:
            rows.setdefault(int(row), {})[column] = value
    return [rows[row] for row in sorted(rows)]
