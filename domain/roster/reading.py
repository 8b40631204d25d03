"""From the sheets of a file to a roster: every row judged for itself, then against the others.

A bad row never stops a good one. Whatever is wrong goes into one list, each with the place, the reason and the value.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from domain.indicators import Basics
from domain.roster import cells
from domain.roster.columns import TITLES, Heading, find_heading, plain
from domain.roster.model import (
    BureauPlan,
    Cell,
    Known,
    PersonPlan,
    Place,
    Problem,
    Role,
    Roster,
    Table,
    UnitPlan,
)
from domain.roster.people import salutation

T = TypeVar("T")

_REQUIRED = ("code", "name")
_LONGEST_NAME = 60
_LARGE_TOWNSHIP = 3
_LONGEST_CODE = 40


@dataclass(slots=True)
class _Row:
    """One row while it is read: `take` collects problems instead of raising."""

    place: Place
    heading: Heading
    raw: list[Cell]
    problems: list[Problem] = field(default_factory=list)

    def cell(self, column: str) -> Cell:
        position = self.heading.columns.get(column)
        return self.raw[position] if position is not None and position < len(self.raw) else None

    def text(self, column: str) -> str:
        return " ".join(plain(self.cell(column)).split())

    def title(self, column: str) -> str:
        return self.heading.titles.get(column, TITLES[column])

    def complain(self, column: str, reason: str) -> None:
        self.problems.append(Problem(self.place, self.title(column), reason, plain(self.cell(column))[:40]))

    def take(self, column: str, read: Callable[[Cell], T], otherwise: T) -> T:
        try:
            return read(self.cell(column))
        except ValueError as problem:
            self.complain(column, str(problem))
            return otherwise


@dataclass(slots=True)
class _Gathered:
    """Everything read so far. `names` are the unit names of bad rows too: others may refer to them."""

    units: list[UnitPlan] = field(default_factory=list)
    leaders: list[PersonPlan] = field(default_factory=list)
    bureau: BureauPlan = field(default_factory=BureauPlan)
    townships: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def read(tables: Sequence[Table], known: Known | None = None) -> Roster:
    """The roster in these sheets. `known` is what the store has: rows may refer to it."""
    gathered = _Gathered()
    headings = [(table, find_heading(table)) for table in tables]
    if not any(heading for _, heading in headings):
        return Roster(problems=(_no_heading(tables),))
    for table, heading in headings:
        if heading is not None:
            _read_table(table, heading, gathered)
    units = _across(gathered, known or Known())
    if not units and not gathered.problems and not gathered.bureau.name:
        gathered.problems.append(Problem(None, "", "表头下面没有数据,请从表头的下一行起填写"))
    bureau = replace(gathered.bureau, leaders=(*gathered.bureau.leaders, *gathered.leaders))
    return Roster(bureau, tuple(units), tuple(_in_order(gathered.problems)))


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda p: (p.place is not None, p.place.sheet if p.place else "", _row_of(p)))


def _row_of(problem: Problem) -> int:
    return problem.place.row if problem.place else 0


def _no_heading(tables: Sequence[Table]) -> Problem:
    sheets = "、".join(table.name for table in tables if table.name)
    first = next((row for table in tables for row in table.rows if any(plain(cell) for cell in row)), [])
    seen = "、".join(text for cell in first if (text := plain(cell)))[:60]
    where = f"各表({sheets})都" if sheets else ""
    reason = f"{where}没有找到表头:要有一行写着“单位代码”“单位名称”等列名;可用 --template 生成空表照填"
    return Problem(None, "", reason, seen)


def _read_table(table: Table, heading: Heading, gathered: _Gathered) -> None:
    top = Place(table.name, heading.last)
    missing = [TITLES[column] for column in _REQUIRED if column not in heading.columns]
    if missing:
        gathered.problems.append(Problem(top, "", f"缺少必需的列:{'、'.join(missing)}"))
        return
    for title in heading.unknown:
        near = difflib.get_close_matches(title, TITLES.values(), 1, 0.6)
        hint = f",是不是“{near[0]}”?" if near else ",这一列不读取"
        gathered.problems.append(Problem(top, title, f"不认识这个列名{hint}", fatal=False))
    for title in heading.twice:
        gathered.problems.append(Problem(top, title, "同样的列有两个,只读取左边的一个", fatal=False))
    for number, raw in enumerate(table.rows[heading.last :], heading.last + 1):
        if not _empty(raw):
            _read_row(_Row(Place(table.name, number), heading, raw), gathered)


def _empty(raw: list[Cell]) -> bool:
    """Blank, a note merged over the whole row, or a row of totals."""
    texts = {text for cell in raw if (text := plain(cell))}
    if not texts:
        return True
    note = len(texts) == 1 and next(iter(texts)).startswith(("注", "说明", "备注", "填表"))
    return note or bool(texts & {"合计", "总计", "小计"})


def _read_row(row: _Row, gathered: _Gathered) -> None:
    name = row.text("name")
    gathered.mentioned.update(text for text in (name, row.text("code")) if text)
    match row.take("kind", lambda cell: cells.kind(cell, name), ""):
        case "bureau":
            _take_bureau(row, name, gathered)
        case "leader":
            gathered.leaders += _people(row, name, "director")
        case "township":
            gathered.townships.add(name or row.text("township"))
        case "school" | "section" as kind:
            unit = _unit(row, name, kind == "school")
            gathered.units += [] if row.problems else [unit]
    gathered.problems += row.problems


def _take_bureau(row: _Row, name: str, gathered: _Gathered) -> None:
    if gathered.bureau.name:
        row.complain("name", f"教育局只能有一行,前面已有{gathered.bureau.name}")
    phone, leaders = row.take("unit_phone", cells.phone, ""), _people(row, name, "director")
    plan = BureauPlan(name, phone, leaders, row.take("contact_sharing", cells.yes_if_said, None))
    if not row.problems:
        gathered.bureau = plan


def _unit(row: _Row, name: str, is_school: bool) -> UnitPlan:
    code = _code(row, name, is_school)
    _check_name(row, name)
    people = _people(row, name, "principal" if is_school else "section") + _deputies(row, name)
    unit = UnitPlan(
        row.place, "school" if is_school else "section", code, name,
        people=people,
        phone=row.take("unit_phone", cells.phone, ""),
        aliases=cells.names(row.cell("aliases")), former=cells.names(row.cell("former")),
        renamed_on=row.take("renamed_on", cells.day, None),
        opened_on=row.take("opened_on", cells.day, None), closed_on=row.take("closed_on", cells.day, None),
        merged_into=row.text("merged_into"), says=frozenset(row.heading.columns),
    )  # fmt: skip
    _check_days(row, unit)
    return _with_schooling(row, unit) if is_school else unit


def _with_schooling(row: _Row, unit: UnitPlan) -> UnitPlan:
    count = cells.count
    basics = Basics(*(row.take(column, count, None) for column in ("students", "staff", "classes")))
    central = row.text("central")
    return replace(
        unit,
        township=row.text("township"),
        stages=row.take("stages", lambda cell: cells.stages(cell, unit.name) if unit.name else (), ()),
        boarding=row.take("boarding", cells.yes, False),
        basics=basics,
        central="" if central in (unit.name, unit.code, "本校", "无") else central,
    )


def _code(row: _Row, name: str, is_school: bool) -> str:
    """A section may go without a code: its name is one."""
    code = row.text("code").upper()
    if not code and not is_school:
        return name
    if not code:
        row.complain("code", "缺单位代码:请填学校标识码,或局里自编一个,以后不再变")
    elif len(code) > _LONGEST_CODE:
        row.complain("code", "单位代码太长,请核对是否填错列")
    return code


def _check_name(row: _Row, name: str) -> None:
    if not name:
        row.complain("name", "缺单位名称,请填全称")
    elif name.replace(".", "").isdigit():
        row.complain("name", "单位名称不能只是数字,请核对是否填错列")
    elif len(name) > _LONGEST_NAME:
        row.complain("name", "单位名称太长,请填全称,不要带说明")


def _check_days(row: _Row, unit: UnitPlan) -> None:
    if unit.opened_on and unit.closed_on and unit.closed_on <= unit.opened_on:
        row.complain("closed_on", "停办日期要晚于开办日期")
    if unit.merged_into and not unit.closed_on and "closed_on" not in {p.column for p in row.problems}:
        row.complain("merged_into", "写了并入哪所学校,请同时填停办日期")


def _people(row: _Row, unit: str, default: Role) -> tuple[PersonPlan, ...]:
    name = row.text("principal")
    number = row.take("phone", cells.phone, "")
    otherwise: tuple[Role, ...] = (default,)
    roles = row.take("roles", lambda cell: cells.roles(cell, default), otherwise)
    if not name:
        if number:
            row.complain("principal", "有电话没有姓名,请填负责人姓名")
        return ()
    called = row.text("salutation") or salutation(name, unit, "office" if "office" in roles else roles[0])
    return (PersonPlan(name.replace(" ", ""), called, number, roles),)


def _deputies(row: _Row, unit: str) -> tuple[PersonPlan, ...]:
    name = row.text("deputy").replace(" ", "")
    number = row.take("deputy_phone", cells.phone, "")
    if not name:
        return ()
    called = row.text("deputy_salutation") or salutation(name, unit, "deputy")
    return (PersonPlan(name, called, number, ("deputy",)),)


def _across(gathered: _Gathered, known: Known) -> list[UnitPlan]:
    """What only the whole file can tell: duplicates, townships, references and cycles."""
    say = gathered.problems.append
    units = _without_duplicates(gathered.units, say)
    units = _of_known_townships(units, gathered.townships, known, say)
    units = _with_own_phones(units, say)
    codes = _codes(units, known)
    units = [_referring(unit, codes, gathered.mentioned, say) for unit in units]
    return _without_cycles(units, known, say)


Say = Callable[[Problem], None]


def _without_duplicates(units: list[UnitPlan], say: Say) -> list[UnitPlan]:
    codes: dict[str, UnitPlan] = {}
    names: dict[str, UnitPlan] = {}
    kept = []
    for unit in units:
        if first := codes.get(unit.code):
            say(Problem(unit.place, TITLES["code"], f"代码与{first.place}{first.name}重复,请改正其中一个", unit.code))
        elif first := names.get(unit.name):
            say(Problem(unit.place, TITLES["name"], f"名称与{first.place}重复,代码却不同,请核对", unit.name))
        else:
            codes[unit.code] = names[unit.name] = unit
            kept.append(unit)
    return kept


def _of_known_townships(units: list[UnitPlan], listed: set[str], known: Known, say: Say) -> list[UnitPlan]:
    """Townships are those the file lists (类别 乡镇) and those in use; a first file that lists none defines them."""
    accepted = listed | known.townships
    if not accepted:
        accepted = {unit.township for unit in units}
        _doubt_lonely_townships(units, say)
    kept = []
    for unit in units:
        if unit.kind == "section" or "township" not in unit.says or unit.township in accepted - {""}:
            kept.append(unit)
        else:
            say(Problem(unit.place, TITLES["township"], _township_advice(unit.township, accepted), unit.township))
    return kept


def _doubt_lonely_townships(units: list[UnitPlan], say: Say) -> None:
    """With no list to go by, a township of one unit whose name is nearly that of a large one may be a slip."""
    counts = Counter(unit.township for unit in units if unit.township)
    large = [township for township, count in counts.items() if count >= _LARGE_TOWNSHIP]
    for unit in units:
        near = difflib.get_close_matches(unit.township, large, 1, 0.6) if counts[unit.township] == 1 else []
        if near:
            say(Problem(unit.place, TITLES["township"], f"只有这一家,是不是“{near[0]}”?", unit.township, fatal=False))


def _township_advice(township: str, accepted: set[str]) -> str:
    if not township:
        return "缺乡镇:请填所在乡镇,县直学校填“县直”"
    near = difflib.get_close_matches(township, sorted(accepted), 1, 0.5)
    hint = f"是不是“{near[0]}”?" if near else ""
    return f"没有这个乡镇。{hint}确是新乡镇的,请在表中加一行,类别填“乡镇”"


def _with_own_phones(units: list[UnitPlan], say: Say) -> list[UnitPlan]:
    """One number, one person; the same name with the same number is one person with several units."""
    owners: dict[str, tuple[str, UnitPlan]] = {}
    kept = []
    for unit in units:
        clash = next((c for person in unit.people if (c := _clash(person, unit, owners))), None)
        if clash is not None:
            say(clash)
            continue
        owners.update({person.phone: (person.name, unit) for person in unit.people if person.phone})
        kept.append(unit)
    return kept


def _clash(person: PersonPlan, unit: UnitPlan, owners: dict[str, tuple[str, UnitPlan]]) -> Problem | None:
    owner = owners.get(person.phone) if person.phone else None
    if owner is None or owner[0] == person.name:
        shared = [p for p in unit.people if p.phone and p.phone == person.phone and p.name != person.name]
        if not shared or cells.landline(person.phone):
            return None
        owner = (shared[0].name, unit)
    column = "deputy_phone" if "deputy" in person.roles else "phone"
    reason = f"{person.name}的电话与{owner[1].place}{owner[1].name}{owner[0]}的相同,请核对是谁的"
    return Problem(unit.place, TITLES[column], reason, person.phone)


def _referring(unit: UnitPlan, codes: dict[str, str], mentioned: set[str], say: Say) -> UnitPlan:
    """Central school and the unit merged into, as codes. One that cannot be found is left out and reported."""
    central = _resolved(unit, "central", unit.central, codes, mentioned, say)
    into = _resolved(unit, "merged_into", unit.merged_into, codes, mentioned, say)
    says = unit.says - ({"central"} if unit.central and not central else set())
    return replace(unit, central=central, merged_into="" if into == unit.code else into, says=says)


def _codes(units: list[UnitPlan], known: Known) -> dict[str, str]:
    by_name = {name: code for code, name in known.units.items()} | {unit.name: unit.code for unit in units}
    return by_name | {code: code for code in known.units} | {unit.code: unit.code for unit in units}


def _resolved(unit: UnitPlan, column: str, text: str, codes: dict[str, str], mentioned: set[str], say: Say) -> str:
    if not text:
        return ""
    code = codes.get(text) or codes.get(text.upper())
    if code is None:
        near = difflib.get_close_matches(text, [name for name in codes if name not in codes.values()], 1, 0.6)
        reason = "这所学校的那一行有错,先不登记此项" if text in mentioned else "名册里没有这所学校,先不登记此项"
        hint = f";是不是“{near[0]}”?" if near and text not in mentioned else ""
        say(Problem(unit.place, TITLES[column], reason + hint, text, fatal=False))
    return code or ""


def _without_cycles(units: list[UnitPlan], known: Known, say: Say) -> list[UnitPlan]:
    """The rows on a circle of central schools are not taken; those that only lead to one are."""
    centrals = known.centrals | {unit.code: unit.central for unit in units if "central" in unit.says}
    kept = []
    for unit in units:
        circle = _circle(unit.code, centrals) if unit.central else []
        if circle:
            names = {**known.units, **{other.code: other.name for other in units}}
            way = "→".join(names.get(code, code) for code in circle)
            say(Problem(unit.place, TITLES["central"], f"中心校绕成了圈({way}),请改正", names.get(unit.central, "")))
        else:
            kept.append(unit)
    return kept


def _circle(code: str, centrals: dict[str, str]) -> list[str]:
    way = [code]
    while step := centrals.get(way[-1], ""):
        if step == code:
            return [*way, code]
        if step in way:
            return []
        way.append(step)
    return []
