"""The columns of a roster, the words people head them with, and where in a sheet the heading stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from domain.roster.model import Cell, Table

_HEADINGS = {
    "kind": "类别 单位类别 单位类型 类型 性质",
    "code": "单位代码 代码 学校代码 学校标识码 标识码 机构代码 编码 编号 学校编码 单位编码",
    "name": "单位名称 学校名称 名称 学校 单位 校名 园名 幼儿园名称 学校全称 全称 股室名称 学校(单位)名称",
    "township": "乡镇 所在乡镇 所属乡镇 乡镇街道 乡镇(街道) 镇 所在地 属地",
    "central": "中心校 所属中心校 中心学校 主管中心校",
    "stages": "学段 办学类型 学校类别 学校类型 办学层次",
    "boarding": "寄宿 是否寄宿 寄宿制 是否寄宿制 住宿",
    "students": "学生数 在校生 在校生数 学生人数 在册学生 在册学生数 在园幼儿 幼儿数 学生",
    "staff": "教职工数 教职工 教职工人数 教师数 在册教职工",
    "classes": "教学班数 教学班 班级数 班数 班级",
    "principal": "负责人 校长 校长姓名 园长 园长姓名 负责人姓名 姓名 校(园)长 校长(园长) 主要负责人 联系人",
    "salutation": "称呼 负责人称呼 校长称呼",
    "phone": (
        "电话 手机 负责人电话 校长电话 联系电话 手机号 手机号码 联系方式 校长手机 园长电话 电话号码 "
        "负责人手机 校(园)长电话"
    ),
    "roles": "身份 角色",
    "deputy": "联络员 联络员姓名 代报人 代报人姓名 填报人 填报员 信息员",
    "deputy_salutation": "联络员称呼 代报人称呼 填报人称呼",
    "deputy_phone": "联络员电话 联络员手机 代报人电话 填报人电话 填报员电话 信息员电话",
    "unit_phone": "单位电话 值班电话 办公电话 学校电话 座机",
    "aliases": "别名 简称 俗称 又名",
    "former": "曾用名 原名 原名称",
    "renamed_on": "更名日期 改名日期 更名时间",
    "opened_on": "开办日期 成立日期 启用日期 建校日期 开办时间",
    "closed_on": "停办日期 撤并日期 撤销日期 关闭日期 停办时间",
    "merged_into": "并入 并入学校 合并到 撤并到",
    "contact_sharing": "手机号开通 分享手机号开通",
}
HEADINGS = {column: tuple(words.split()) for column, words in _HEADINGS.items()}

ADVICE = {
    "kind": "学校、幼儿园、股室、教育局、局领导或乡镇;不填则看名称",
    "code": "必填。学校标识码,或局里自编一个,以后不再变;股室可不填",
    "name": "必填。全称。改名就在这里写新名称,旧名称自动成为别名",
    "township": "学校和幼儿园必填;县直学校填“县直”。新乡镇先加一行,类别填“乡镇”",
    "central": "管它的中心校,写名称或代码;中心校自己不填",
    "stages": "幼儿园、小学、初中、高中、特教或九年一贯制,可填几个;不填则看名称",
    "boarding": "是或否",
    "students": "在册学生(幼儿)数",
    "staff": "在册教职工数",
    "classes": "教学班数",
    "principal": "校长、园长或股室负责人的姓名",
    "salutation": "消息里怎么称呼;不填则为姓加校长、园长、股长",
    "phone": "手机或“区号-号码”,一人一个",
    "roles": "不填为校长(股室为负责人);领导小组办公室填“办公室、股室”,局长填“局长”",
    "deputy": "代报人。空着就是没有;校长自己在手机上交办的不受影响",
    "deputy_salutation": "不填则为姓加老师",
    "deputy_phone": "同上",
    "unit_phone": "单位座机;教育局这一行填突发事件值班电话",
    "aliases": "大家怎么叫它,几个用顿号隔开;常见简称会自动生成",
    "former": "以前的名称,几个用顿号隔开",
    "renamed_on": "改名从哪天起;以后的日期到那天才改",
    "opened_on": "从哪天起报送",
    "closed_on": "从哪天起不再报送",
    "merged_into": "并到哪所学校,写名称或代码;要同时填停办日期",
    "contact_sharing": "只在教育局这一行填:是,名册上的人分享手机号也能开通;不填就是不用",
}
IGNORED = ("序号", "备注", "说明", "地址", "邮编", "邮箱")
TITLES = {column: names[0] for column, names in HEADINGS.items()}
_BY_HEADING = {
    unicodedata.normalize("NFKC", heading): column for column, headings in HEADINGS.items() for heading in headings
}
_NOISE = re.compile(r"[\s*:：]|\((?:必填|选填|可空|人|个|名|是/否|年月日|必填项)\)")
_LOOK_AT = 15


@dataclass(frozen=True, slots=True)
class Heading:
    """`columns` maps our column name to the position in a row; data begin after row `last` (counted from 1)."""

    columns: dict[str, int]
    titles: dict[str, str]
    last: int
    unknown: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


def plain(cell: Cell) -> str:
    """A cell as text: full width made half width, no outer blanks, a whole float without its .0."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFKC", str(cell)).replace("​", "").strip()


def column_of(heading: str) -> str | None:
    return _BY_HEADING.get(_NOISE.sub("", heading))


def find_heading(table: Table) -> Heading | None:
    """The heading row within the first rows (below titles), perhaps of two storeys (校长 above 姓名 and 电话)."""
    best: Heading | None = None
    for index, row in enumerate(table.rows[:_LOOK_AT]):
        texts = [plain(cell) for cell in row]
        below = [plain(cell) for cell in table.rows[index + 1]] if index + 1 < len(table.rows) else []
        for candidate in (_heading(texts, index + 1), _heading(_two_storeys(texts, below), index + 2)):
            if _better(candidate, best):
                best = candidate
    return best


def _better(candidate: Heading, best: Heading | None) -> bool:
    if "name" not in candidate.columns or len(candidate.columns) < 2:
        return False
    return best is None or len(candidate.columns) > len(best.columns)


def _heading(texts: list[str], last: int) -> Heading:
    columns: dict[str, int] = {}
    titles: dict[str, str] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for position, text in enumerate(texts):
        column = column_of(text)
        if column is None:
            unknown += [text] if text and _NOISE.sub("", text) not in IGNORED else []
        elif column in columns:
            twice.append(text)
        else:
            columns[column], titles[column] = position, text
    return Heading(columns, titles, last, tuple(unknown), tuple(twice))


def _two_storeys(upper: list[str], lower: list[str]) -> list[str]:
    """校长 over 姓名, 电话 gives 校长姓名, 校长电话; a heading merged over both rows stands for itself."""
    joined: list[str] = []
    group = ""
    for position in range(max(len(upper), len(lower))):
        above = upper[position] if position < len(upper) else ""
        below = lower[position] if position < len(lower) else ""
        group = above or group
        both = f"{group}{below}"
        joined.append(both if below and below != above and column_of(both) else above or below)
    return joined
