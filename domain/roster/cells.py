"""Single cells of a roster as values. Every function raises ValueError with a Chinese reason saying what to do."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from domain.roster.columns import plain
from domain.roster.model import Cell, Kind, Role
from domain.stages import STAGE_NAMES, Stage

LARGEST = 100_000
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?(?:人|个|名|班|个班)?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?(?: 0{1,2}:00(?::00)?)?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-\d{7,8}|\d{7,8}")
_EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet
_LISTED = re.compile(r"[、,;/|\s]+")

_YES = frozenset({"是", "有", "寄宿", "寄宿制", "1", "y", "yes", "true", "√", "✓"})
_NO = frozenset({"否", "无", "走读", "不寄宿", "非寄宿", "0", "n", "no", "false", "×", ""})

_STAGES: dict[str, tuple[Stage, ...]] = {
    **{name: (stage,) for stage, name in STAGE_NAMES.items()},
    **{stage.value: (stage,) for stage in Stage},
    "幼儿": (Stage.KINDERGARTEN,), "学前": (Stage.KINDERGARTEN,),
    "完全小学": (Stage.PRIMARY,), "教学点": (Stage.PRIMARY,),
    "初级中学": (Stage.JUNIOR,), "高级中学": (Stage.SENIOR,), "普通高中": (Stage.SENIOR,), "职高": (Stage.SENIOR,),
    "职业高中": (Stage.SENIOR,), "中职": (Stage.SENIOR,), "特殊教育": (Stage.SPECIAL,),
    "九年一贯制": (Stage.PRIMARY, Stage.JUNIOR), "九年制": (Stage.PRIMARY, Stage.JUNIOR),
    "九年一贯制学校": (Stage.PRIMARY, Stage.JUNIOR), "完全中学": (Stage.JUNIOR, Stage.SENIOR),
    "十二年一贯制": (Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR),
}  # fmt: skip

_ROLES: dict[str, Role] = {
    "校长": "principal", "园长": "principal", "代报人": "deputy", "联络员": "deputy",
    "股室": "section", "股长": "section", "办公室": "office", "领导小组办公室": "office",
    "局长": "director", "分管领导": "director", "局领导": "director", "管理员": "admin",
}  # fmt: skip

RowKind = Kind | str
_KINDS: dict[str, str] = {
    "学校": "school", "中小学": "school", "小学": "school", "中学": "school", "幼儿园": "school", "school": "school",
    "股室": "section", "科室": "section", "section": "section",
    "教育局": "bureau", "局领导": "leader", "乡镇": "township", "街道": "township",
}  # fmt: skip

_GUESSES: tuple[tuple[str, tuple[Stage, ...]], ...] = (
    ("幼儿园|托儿所", (Stage.KINDERGARTEN,)),
    ("特殊教育|特教|聋|盲", (Stage.SPECIAL,)),
    ("十二年", (Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)),
    ("九年", (Stage.PRIMARY, Stage.JUNIOR)),
    ("小学|完小|教学点", (Stage.PRIMARY,)),
    ("高级中学|高中|职业|中专|第[一二三]中学", (Stage.SENIOR,)),
    ("中学|初中", (Stage.JUNIOR,)),
)


def count(cell: Cell) -> int | None:
    text = plain(cell).replace("，", ",").replace(" ", "")
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if isinstance(cell, bool) or found is None:
        raise ValueError("请填整数")
    number = int(found[1].replace(",", "")[:12])
    if number > LARGEST:
        raise ValueError(f"数太大,请核对(最多{LARGEST})")
    return number


def day(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = plain(cell).replace(" ", " ")
    if not text:
        return None
    if text.isdigit() and len(text) == 5:
        return _EPOCH + timedelta(days=int(text))
    found = _COMPACT_DAY.fullmatch(text) or _DAY.fullmatch(text)
    if found is None:
        raise ValueError("请填日期,例如按“年-月-日”写")
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        raise ValueError("没有这一天,请核对日期") from None


def phone(cell: Cell) -> str:
    text = re.sub(r"\((0\d{2,3})\)", r"\1-", re.sub(r"\s", "", plain(cell)))
    text = re.sub(r"^\+?86-?(?=1\d{10}$)", "", re.sub(r"[-–—―]+", "-", text))
    if not text:
        return ""
    if re.fullmatch(r"[\d.]+[eE]\+?\d+", text):
        raise ValueError("电话被表格写成了科学计数,请把这一列设为文本后重填")
    if re.fullmatch(r"1\d{2}-\d{4}-\d{4}", text):
        text = text.replace("-", "")
    if not _PHONE.fullmatch(text):
        raise ValueError("电话位数不对:手机11位,座机写成“区号-号码”,一格只写一个")
    return text


def landline(number: str) -> bool:
    return not (len(number) == 11 and number.startswith("1"))


def yes(cell: Cell) -> bool:
    text = plain(cell).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise ValueError("请填“是”或“否”")


def yes_if_said(cell: Cell) -> bool | None:
    return yes(cell) if plain(cell) else None


def stages(cell: Cell, name: str) -> tuple[Stage, ...]:
    """What the cell says; from the unit's name where it says nothing."""
    words = [word for word in _LISTED.split(plain(cell)) if word]
    if not words:
        return guess_stages(name)
    unknown = [word for word in words if word not in _STAGES]
    if unknown:
        raise ValueError(f"学段请填{'、'.join(STAGE_NAMES.values())}或九年一贯制,可填几个")
    found = {stage for word in words for stage in _STAGES[word]}
    return tuple(stage for stage in Stage if stage in found)


def guess_stages(name: str) -> tuple[Stage, ...]:
    for pattern, found in _GUESSES:
        if re.search(pattern, name):
            return found
    raise ValueError("看不出学段,请在“学段”一列填写")


def kind(cell: Cell, name: str) -> str:
    """school, section, bureau, leader or township; from the name where the cell says nothing."""
    text = plain(cell)
    if text in _KINDS:
        return _KINDS[text]
    if text:
        raise ValueError("类别请填学校、幼儿园、股室、教育局、局领导或乡镇")
    if re.search(r"(?:教育|教体|教育体育)局$", name):
        return "bureau"
    return "section" if re.search(r"(?:股|室|站|科|馆|办|中心|委)$", name) else "school"


def roles(cell: Cell, default: Role) -> tuple[Role, ...]:
    words = [word for word in _LISTED.split(plain(cell)) if word]
    if any(word not in _ROLES for word in words):
        raise ValueError("身份请填校长、联络员、股室、办公室、局长、分管领导或管理员,可填几个")
    return tuple(dict.fromkeys(_ROLES[word] for word in words)) or (default,)


def names(cell: Cell) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[、,;|\n]+", plain(cell)) if word.strip()))
