"""The bureau, who reports to it, and who may speak for whom."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import partial
from secrets import token_hex

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, false
from sqlmodel import Field

from db.tables.base import Table, big, key, one_of, refers


class UnitKind(StrEnum):
    SCHOOL = "school"
    SECTION = "section"


class AliasSource(StrEnum):
    """Where a name comes from: the roster's own, given there, made from the name, a former one, a merged school's."""

    NAME = "name"
    GIVEN = "given"
    GENERATED = "generated"
    FORMER = "former"
    MERGED = "merged"


class Role(StrEnum):
    PRINCIPAL = "principal"
    DEPUTY = "deputy"
    CENTRAL = "central"
    SECTION = "section"
    OFFICE = "office"
    DIRECTOR = "director"
    ADMIN = "admin"


class Bureau(Table, table=True):
    """教育局: a tenant with its own bot. `office_*` and `duty_phone` are what people are told to call; `bot_username`
    is the bot's name when it last ran; `code_salt` goes into the hash of every invitation code (decision 0014).
    `settled_on` is the last day whose renamings and closures were carried out, `morning_on` the last that began with
    a line to the administrators. `contact_sharing`: whoever shares a phone number of the roster may be bound by it; off
    unless the bureau wants it (个人信息保护法). `held_at`: since when nothing leaves that we begin, after a restore
    that lost what came between `lost_from` and `lost_until`. `receipt_key` signs the receipts. `calendar` is the
    bureau's own 校历 as `domain.calendar_file` writes it."""

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    office_name: str = ""
    office_contact: str = ""
    office_phone: str = ""
    duty_phone: str = ""
    timezone: str = "Asia/Shanghai"
    bot_id: int | None = big(None, unique=True)
    bot_username: str = ""
    code_salt: str = ""
    settled_on: date | None = None
    morning_on: date | None = None
    contact_sharing: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    held_at: datetime | None = None
    lost_from: datetime | None = None
    lost_until: datetime | None = None
    receipt_key: str = Field(default_factory=partial(token_hex, 32), sa_column_kwargs={"server_default": ""})
    calendar: dict[str, object] = Field(default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"})
    parent_id: int | None = big(None, foreign_key="bureau.id")


class Unit(Table, table=True):
    """填报单位. `stages` is a comma-joined list of `Stage`; students, staff and classes are 在册数.

    `next_name` is the name from `renamed_on` on, while that day is still to come.
    """

    __table_args__ = (
        refers("central_unit_id", "unit"),
        refers("merged_into_id", "unit"),
        UniqueConstraint("bureau_id", "code"),
        one_of("kind", UnitKind),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    kind: str
    code: str
    name: str
    township: str = ""
    stages: str = ""
    boarding: bool = False
    students: int | None = None
    staff: int | None = None
    classes: int | None = None
    central_unit_id: int | None = big(None)
    contact: str = ""
    phone: str = ""
    opened_on: date | None = None
    closed_on: date | None = None
    merged_into_id: int | None = big(None)
    renamed_on: date | None = None
    next_name: str = ""


class Alias(Table, table=True):
    """别名: every name people use for a unit. `pinyin` is its toneless key (qinghexuexiao), against typos.

    `since` is the first day it may be used: a merged school's name means the other school only from then on.
    """

    __table_args__ = (refers("unit_id", "unit"), one_of("source", AliasSource))

    bureau_id: int = key(foreign_key="bureau.id")
    unit_id: int = key()
    text: str = Field(primary_key=True)
    pinyin: str
    source: str
    since: date | None = None


class Person(Table, table=True):
    """人员. `salutation` is how the roster addresses the person: 王校长, 刘园长.

    `is_delegate`: not from the roster, but a colleague to whom a task was handed; the name is the one in the chat.
    """

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    name: str
    salutation: str = ""
    phone: str = ""
    is_delegate: bool = False


class Membership(Table, table=True):
    """身份: who acts for which unit in which role. Ended ones stay, with `ended_at`.

    `given_by` is the person who handed a task over 交给他人办: the membership is limited to what its `Delegation` says.
    None: it came with the roster and goes with it.
    """

    __table_args__ = (refers("person_id", "person"), refers("unit_id", "unit"), one_of("role", Role))

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    person_id: int = big(index=True)
    unit_id: int | None = big(None, index=True)
    role: str
    given_by: int | None = big(None)
    ended_at: datetime | None = None


class Account(Table, table=True):
    """账号: a person's chat account. A cut-off account keeps its row, with `closed_at`."""

    __table_args__ = (refers("person_id", "person"),)

    bureau_id: int = key(foreign_key="bureau.id")
    channel: str = Field("telegram", primary_key=True)
    external_id: int = key()
    person_id: int = big(index=True)
    bound_at: datetime
    closed_at: datetime | None = None
    unreachable: str | None = None


class Delegation(Table, table=True):
    """交给他人办: one task of a unit, given by its principal to a colleague. `lasting`: from `round_id` on, else for it
    alone. `may_submit`: the colleague sends it himself, else the principal confirms it first.

    `membership_id` is the colleague's, from the moment he took it over; `passed_round_id` and `passed_revision` are the
    draft that he last sent to the principal.
    """

    __table_args__ = (
        refers("unit_id", "unit"),
        refers("task_id", "task"),
        refers("round_id", "round"),
        refers("given_by", "person"),
        refers("membership_id", "membership"),
        Index("ix_delegation_membership", "bureau_id", "membership_id"),
        Index("ix_delegation_unit", "bureau_id", "unit_id", "task_id"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    unit_id: int = big()
    task_id: int = big()
    round_id: int = big()
    lasting: bool = False
    may_submit: bool = False
    given_by: int = big()
    given_at: datetime
    membership_id: int | None = big(None)
    ended_at: datetime | None = None
    passed_round_id: int | None = big(None)
    passed_revision: int | None = None


class Invitation(Table, table=True):
    """邀请码: binds an account to a person, or hands a delegation to whoever confirms it, once.

    Only hashes of the deep link and of the 8 digits are kept, and those of the digits no longer than the code is good;
    `presented_by` is the chat that showed the code and has still to confirm.
    """

    __table_args__ = (
        refers("person_id", "person"),
        refers("delegation_id", "delegation"),
        UniqueConstraint("bureau_id", "code_hash"),
        UniqueConstraint("bureau_id", "digits_hash"),
        CheckConstraint("(person_id IS NULL) != (delegation_id IS NULL)", name="for_one"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    person_id: int | None = big(None, index=True)
    delegation_id: int | None = big(None)
    code_hash: str | None = None
    digits_hash: str | None = None
    issued_at: datetime
    expires_at: datetime
    issued_by: int | None = big(None)
    presented_by: int | None = big(None)
    used_at: datetime | None = None
    used_by: int | None = big(None)


class WrongCode(Table, table=True):
    """A code that was shown and fits no invitation: guessing is slowed down by counting these, also after a restart.

    `known`: shown by somebody of the roster. `reported`: the office was told of the burst at this one.
    """

    __tablename__ = "wrong_code"
    __table_args__ = (
        Index("ix_wrong_code_chat", "bureau_id", "chat_id", "at"),
        Index("ix_wrong_code_at", "bureau_id", "at"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    chat_id: int = big()
    at: datetime
    known: bool = False
    reported: bool = False
