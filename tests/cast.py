"""A fixed cast: a small county with two tasks, and a second bureau whose rows do not exist for the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import Database
from db.tables import Account, Bureau, Campaign, Membership, Person, Role, Task, Unit, UnitKind
from domain.calendar import OfficeHours, WorkCalendar
from domain.indicators import Basic, Indicator, Kind, Nature, OnlyIf
from domain.rounds import Frequency, Schedule
from services.invitations import invite
from services.people import CHANNEL
from services.rounds import indicator_rows, schedule_to_json

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(ZONE, WorkCalendar())

PRINCIPAL, CLERK, CHIEF, DIRECTOR, OTHER_PRINCIPAL, REVOKED, STRANGER = 101, 102, 103, 104, 205, 106, 999
SECOND_PRINCIPAL, TWO_SCHOOLS = 107, 108


def at(text: str) -> datetime:
    """An instant from the bureau's wall clock: `at("2026-11-18 09:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


FLOW, STOCK = Nature.FLOW, Nature.STOCK
HELD, NOT_HELD = OnlyIf("drill_done", equals=True), OnlyIf("drill_done", equals=False)

DRILL = (
    Indicator("drill_done", "本月是否已开展应急疏散演练", Kind.BOOL, FLOW, short="演练", yes="已开展", no="未开展"),
    Indicator("drill_date", "演练日期", Kind.DATE, FLOW, short="日期", only_if=HELD, latest="today"),
    Indicator("drill_type", "演练类型", Kind.CHOICE, FLOW, short="类型", only_if=HELD,
              choices=("地震", "火灾", "防踩踏", "其他")),
    Indicator("drill_students", "参演学生人数", Kind.INT, FLOW, "人", short="学生", only_if=HELD,
              minimum=Decimal(0), limit_from=Basic.STUDENTS, words=("参演学生", "学生人数")),
    Indicator("drill_seconds", "疏散用时", Kind.NUMBER, FLOW, "秒", short="用时", only_if=HELD,
              minimum=Decimal(10), maximum=Decimal(1800)),
    Indicator("hazard", "隐患已整改/排查", Kind.RATIO, FLOW, "处", short="隐患",
              hint="“查出_处改了_处”,没有就回“没有”"),
    Indicator("drill_reason", "未开展的原因", Kind.TEXT, FLOW, short="原因", only_if=NOT_HELD),
    Indicator("next_drill", "计划补做日期", Kind.DATE, FLOW, short="补做", only_if=NOT_HELD, earliest="today"),
)  # fmt: skip
ROLLOUT = (
    Indicator("bbt", "“班班通”已建班级数/教学班总数", Kind.RATIO, STOCK, "个", short="班班通",
              total_from=Basic.CLASSES),
    Indicator("bbt_fault", "故障设备", Kind.INT, STOCK, "台", short="故障", minimum=Decimal(0), maximum=Decimal(200)),
)  # fmt: skip


@dataclass(slots=True)
class County:
    """Ids of the rows that tests speak of, by plain names, and the deep-link codes of the invited."""

    bureau_id: int
    units: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)


class _Maker:
    def __init__(self, session: AsyncSession, county: County, now: datetime) -> None:
        self.session, self.county, self.now = session, county, now

    async def unit(self, name: str, code: str, kind: UnitKind = UnitKind.SCHOOL, **more: object) -> int:
        unit = Unit(bureau_id=self.county.bureau_id, id=new_id(), kind=kind.value, code=code, name=name, **more)
        self.session.add(unit)
        await self.session.flush()
        self.county.units[name] = unit.id
        return unit.id

    async def person(
        self, name: str, salutation: str, role: Role, *units: int, chat: int | None = None, phone: str = ""
    ) -> int:
        bureau_id = self.county.bureau_id
        person = Person(bureau_id=bureau_id, id=new_id(), name=name, salutation=salutation, phone=phone)
        self.session.add(person)
        await self.session.flush()
        self.county.people[name] = person.id
        for unit in units or (None,):
            self.session.add(
                Membership(bureau_id=bureau_id, id=new_id(), person_id=person.id, unit_id=unit, role=role.value)
            )
        if chat is not None:
            self.session.add(
                Account(bureau_id=bureau_id, channel=CHANNEL, external_id=chat, person_id=person.id, bound_at=self.now)
            )
        await self.session.flush()
        return person.id

    async def task(self, campaign: Campaign, key: str, name: str, lead: int, indicators: tuple[Indicator, ...]) -> None:
        task = Task(
            bureau_id=self.county.bureau_id, id=new_id(), campaign_id=campaign.id, lead_unit_id=lead,
            position=len(self.county.tasks), key=key, name=name, document="云教字〔2026〕18号",
            schedule=schedule_to_json(Schedule(Frequency.MONTHLY)), starts_on=date(2026, 9, 1),
        )  # fmt: skip
        self.session.add(task)
        await self.session.flush()
        self.session.add_all(indicator_rows(task, indicators))
        await self.session.flush()
        self.county.tasks[key] = task.id


async def make_county(database: Database, now: datetime) -> County:
    """清河镇九年一贯制学校, 西岭中学, two village schools with one principal; clerk, chief, director."""
    async with database.write() as session:
        bureau = Bureau(
            id=new_id(), name="云溪县教育局", office_name="云溪县教育局领导小组办公室", office_contact="李干事",
            office_phone="0000-6210001", duty_phone="0000-6210110",
        )  # fmt: skip
        session.add(bureau)
        await session.flush()
        county = County(bureau.id)
        make = _Maker(session, county, now)
        safety = await make.unit("安全股", "G01", UnitKind.SECTION, contact="陈股长", phone="0000-6210023")
        devices = await make.unit("装备站", "G02", UnitKind.SECTION, contact="赵站长", phone="0000-6210024")
        qinghe = await make.unit(
            "清河镇九年一贯制学校",
            "X01",
            township="清河镇",
            stages="primary,junior",
            students=524,
            staff=42,
            classes=14,
        )
        xiling = await make.unit(
            "西岭中学", "X02", township="西岭乡", stages="junior", students=300, staff=30, classes=9
        )
        village = await make.unit(
            "李村小学", "X03", township="西岭乡", stages="primary", students=86, staff=9, classes=6
        )
        bridge = await make.unit(
            "桥头小学", "X04", township="西岭乡", stages="primary", students=60, staff=8, classes=4
        )
        await make.person("王建国", "王校长", Role.PRINCIPAL, qinghe, chat=PRINCIPAL, phone="0000-6211001")
        await make.person("刘芳", "刘校长", Role.PRINCIPAL, xiling, chat=SECOND_PRINCIPAL, phone="0000-6211002")
        await make.person("孙强", "孙校长", Role.PRINCIPAL, village, bridge, chat=TWO_SCHOOLS, phone="0000-6211003")
        await make.person("李敏", "李干事", Role.OFFICE, chat=CLERK)
        await make.person("陈刚", "陈股长", Role.SECTION, safety, chat=CHIEF)
        await make.person("周明", "周局长", Role.DIRECTOR, chat=DIRECTOR)
        campaign = Campaign(
            bureau_id=bureau.id, id=new_id(), key="fazhan", name="教育系统发展提升年活动", short_name="发展提升年"
        )
        session.add(campaign)
        await session.flush()
        await make.task(campaign, "drill", "应急疏散演练", safety, DRILL)
        await make.task(campaign, "bbt", "班班通进度", devices, ROLLOUT)
    return county


async def make_neighbour(database: Database, now: datetime) -> County:
    """Another bureau with a principal of its own and the same tasks."""
    async with database.write() as session:
        bureau = Bureau(id=new_id(), name="邻县教育局", office_name="邻县教育局办公室", bot_id=222)
        session.add(bureau)
        await session.flush()
        county = County(bureau.id)
        make = _Maker(session, county, now)
        section = await make.unit("安全股", "G01", UnitKind.SECTION)
        school = await make.unit("邻县一小", "X01", township="城关镇", students=100, classes=3)
        await make.person("外人", "吴校长", Role.PRINCIPAL, school, chat=OTHER_PRINCIPAL)
        campaign = Campaign(bureau_id=bureau.id, id=new_id(), key="fazhan", name="活动")
        session.add(campaign)
        await session.flush()
        await make.task(campaign, "drill", "应急疏散演练", section, DRILL)
    return county


async def invite_person(database: Database, county: County, name: str, now: datetime) -> str:
    async with database.write() as session:
        return (await invite(session, county.bureau_id, county.people[name], now)).link


async def add_task(
    database: Database, county: County, key: str, name: str, indicators: tuple[Indicator, ...], lead: str = "安全股"
) -> None:
    """One more monthly task of the county's campaign, for all schools."""
    async with database.write() as session:
        made = select(Campaign).where(col(Campaign.bureau_id) == county.bureau_id)
        campaign = (await session.execute(made)).scalars().one()
        await _Maker(session, county, at("2026-11-16 09:00")).task(campaign, key, name, county.units[lead], indicators)


async def add_schools(database: Database, county: County, count: int, first_chat: int) -> None:
    """As many village schools, each with a principal whose chats are numbered from `first_chat`."""
    async with database.write() as session:
        make = _Maker(session, county, at("2026-11-16 09:00"))
        for number in range(count):
            named, code = f"第{number + 1}", f"V{number + 1:03d}"
            school = await make.unit(f"{named}村小", code, township="西岭乡", stages="primary", students=86, classes=14)
            await make.person(f"{named}人", f"{named}校长", Role.PRINCIPAL, school, chat=first_chat + number)
