"""How every table is made: composite keys `(bureau_id, …)`, so that no row can refer to another bureau's."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """What every table derives from. Rows are never validated by pydantic, so its schemas need not be built."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]


def key(**more: Any) -> Any:
    """A 64-bit key column made by the application."""
    return Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}, **more)


def big(default: Any = ..., **more: Any) -> Any:
    """A 64-bit number: another row's id, a chat, a message, an amount."""
    return Field(default, sa_type=BigInteger, **more)


def json_column(factory: Any = dict) -> Any:
    """A JSON value."""
    return Field(default_factory=factory, sa_type=JSON)


def refers(column: str, table: str) -> ForeignKeyConstraint:
    """`column` names a row of `table` in the same bureau."""
    return ForeignKeyConstraint(["bureau_id", column], [f"{table}.bureau_id", f"{table}.id"])


def refers_to_report() -> ForeignKeyConstraint:
    keys = ["bureau_id", "round_id", "unit_id"]
    return ForeignKeyConstraint(keys, [f"report.{column}" for column in keys])


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Enums are short strings with a check: a new member needs no ALTER TYPE."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
