"""The shape of a campaign file: what may be written, and what each entry means.

These models are the documented schema (`docs/campaign.schema.json` is made from them) and refuse unknown entries.
What only several entries together can tell is checked in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.indicators import Basic, Kind, Nature
from domain.occurrences import Shift, Vacation
from domain.stages import STAGE_NAMES, Stage


class Every(StrEnum):
    """How often something is asked."""

    ONCE = "once"
    TERM = "term"
    QUARTER = "quarterly"
    MONTH = "monthly"
    WEEK = "weekly"
    TEACHING_WEEK = "teaching_week"
    EVENT = "event"

    @property
    def chinese(self) -> str:
        return _EVERY[self]


_EVERY = {
    Every.ONCE: "一次", Every.TERM: "每学期", Every.QUARTER: "每季度", Every.MONTH: "每月", Every.WEEK: "每周",
    Every.TEACHING_WEEK: "每教学周", Every.EVENT: "按事件",
}  # fmt: skip


class Asks(StrEnum):
    """Who reports."""

    SCHOOLS = "schools"
    SECTIONS = "sections"

    @property
    def kind(self) -> str:
        """Of the units."""
        return self.value.removesuffix("s")


_STAGES_BY_NAME = {name: stage for stage, name in STAGE_NAMES.items()}
_EVERY_BY_NAME = {every.chinese: every for every in Every}


LAST, LAST_WORKING = "last", "last_working"
_DAYS = {"最后一天": LAST, "最后一个工作日": LAST_WORKING}
_WEEKDAYS = {f"{week}{day}": n for week in ("周", "星期") for n, day in enumerate("一二三四五六日", 1)}
_VACATIONS = {one.chinese: one for one in Vacation}
_ASKS = {"学校": Asks.SCHOOLS, "股室": Asks.SECTIONS}


def _named(names: Mapping[str, Any]) -> BeforeValidator:
    """The Chinese word for what a file may also say in English."""
    return BeforeValidator(lambda raw: names.get(raw, raw) if isinstance(raw, str) else raw)


def _stage(raw: Any) -> Any:
    return _STAGES_BY_NAME.get(raw, raw)


def _every(raw: Any) -> Any:
    return _EVERY_BY_NAME.get(raw, raw)


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
TaskKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
AnyStage = Annotated[Stage, BeforeValidator(_stage)]
AnyEvery = Annotated[Every, BeforeValidator(_every)]
Line = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=60)]


Day = Annotated[Annotated[int, Field(ge=1, le=31)] | Literal["last", "last_working"], _named(_DAYS)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OnlyIfForm(_Form):
    """A dependent question: asked only after a certain answer to an earlier one."""

    key: Key = Field(description="前面那个问题的 key")
    equals: bool | str | None = Field(None, description="答案等于它才问:true、false 或某个选项")
    incomplete: bool = Field(False, description="比值类:完成数小于总数才问")


class ColumnForm(_Form):
    """A question of one row of a repeating group 逐次; what it shares with any question."""

    key: Key = Field(description="英文短名,全县唯一含义,定了不改")
    label: Name = Field(description="问题的全文,写明口径")
    short: Line = Field("", description="卡片和名单上的短名")
    kind: Kind = Field(description="bool 是否、int 整数、number 数、percent 百分比、ratio 完成/总数、date 日期、"
                                   "choice 单选、choices 多选、text 文字、photo 照片、rows 逐次")  # fmt: skip
    unit: Annotated[str, Field(max_length=8)] = Field("", description="单位:人、处、个、秒、万元……")
    scale: int = Field(0, ge=0, le=4, description="小数位数")
    minimum: Decimal | None = Field(None, description="最小值(文字类:最少字数)")
    maximum: Decimal | None = Field(None, description="最大值(文字类:最多字数)")
    soft_maximum: Decimal | None = Field(None, description="超过它只问一次“确认吗”,不拒绝")
    soft_minimum: Decimal | None = Field(None, description="少于它只问一次“确认吗”,不拒绝(逐次类:至少几次)")
    limit_from: Basic | None = Field(None, description="不超过在册数的110%:students、staff、classes")
    total_from: Basic | None = Field(None, description="比值的总数取自在册数,不再问")
    earliest: str | None = Field(None, description="最早日期:today、period_from、period_to 或年-月-日")
    latest: str | None = Field(None, description="最晚日期,写法同上")
    choices: list[Name] = Field([], description="选项")
    words: list[Name] = Field([], description="学校常用的别的说法")
    required: bool = Field(True, description="false:可以不填")
    only_if: OnlyIfForm | None = Field(None, description="什么情况下才问")
    yes: Line = Field("是", description="是否类:肯定时怎么说")
    no: Line = Field("否", description="是否类:否定时怎么说")
    hint: Line = Field("", description="照着填的话,数字处写下划线,不写任何数")
    help: Annotated[str, Field(max_length=600)] = Field("", description="口径、例外、问谁")


class IndicatorForm(ColumnForm):
    """指标: one question, or a repeating group of them."""

    nature: Nature = Field(Nature.FLOW, description="stock 时点数(可沿用上次)、flow 时期数(从不预填)")
    items: list[Name] = Field([], description="要数的各项(如“六个一”的六项):最大值是项数,说明里逐项列出")
    not_falling: bool = Field(False, description="累计的数:比上次少时问一次“确认吗”")
    jump: Decimal | None = Field(None, description="超过上次的几倍时问一次“确认吗”")
    sets: Basic | None = Field(None, description="在册数核对:带着在册的数问,提交后更正它:students、staff、classes")
    columns: list[ColumnForm] = Field([], description="逐次类:每一次要问的各项(rows 专用)")
    boarding_minimum: Decimal | None = Field(None, description="逐次类:寄宿制学校一般至少几次,少了只问一次“确认吗”")
    used_by: Line = Field("", description="谁用这个数:通报、上级表、整改……没人用的不要问")
    every: AnyEvery | None = Field(None, description="与任务不同的频次")
    why: Line = Field("", description="为什么不是每月必填(选填、每学期、一次时写)")
    target: Line = Field("", description="目标值,只用于对照,不用于排名")


class ScheduleForm(_Form):
    """报告期的安排."""

    every: AnyEvery = Field(
        description="monthly 每月、quarterly 每季度、term 每学期、once 一次、weekly 每周、"
        "teaching_week 每教学周、event 按事件"
    )
    day: Day = Field(25, description="截止日(月末不足则为最后一天);last 最后一天、last_working 最后一个工作日")
    weekday: Annotated[int, Field(ge=1, le=7), _named(_WEEKDAYS)] = Field(
        5, description="每周、每教学周:截止在星期几,1到7或周一到周日"
    )
    weeks: list[Annotated[int, Field(ge=1, le=30)]] = Field([], description="只在这几个教学周;不写为每个教学周")
    event: Line = Field("", description="按事件:校历里事件的名称,如 开学、期末考试")
    offset: int = Field(0, ge=-40, le=40, description="按事件:之后几个工作日截止,负数为之前")
    vacation: Annotated[Vacation, _named(_VACATIONS)] | None = Field(
        None, description="寒暑假:skip 不开、keep 照开、merge 并入下期"
    )
    at: time = Field(time(17, 0), description="截止时刻,08:30到17:30")
    shift: Shift = Field(Shift.EARLIER, description="遇放假:earlier 提前、later 顺延")
    opens_before: int = Field(5, ge=0, le=40, description="提前几个工作日发出;每周的不写为2")
    lock_after: int = Field(5, ge=1, le=40, description="截止后几个工作日关闭")
    term_month: int = Field(2, ge=1, le=5, description="每学期的指标在学期第几个月问(9月、3月是第1个月)")


class OtherForm(_Form):
    """An audience of the same task with another schedule: kindergartens drill quarterly."""

    stages: Annotated[list[AnyStage], Field(min_length=1)] = Field(description="哪些学段")
    every: AnyEvery = Field(description="这些学段的频次")
    why: Line = Field("", description="为什么不同")


class TaskForm(_Form):
    """工作任务."""

    key: TaskKey = Field(description="英文短名,定了不改")
    name: Name = Field(description="任务全称")
    short: Line = Field("", description="短名,用在提醒和名单上")
    lead: Name = Field(description="牵头股室:名册里的名称或代码")
    support: list[Name] = Field([], description="配合股室")
    document: Line = Field("", description="依据的文号或清单编号")
    asks: Annotated[list[Annotated[Asks, _named(_ASKS)]], Field(min_length=1)] = Field(
        [Asks.SCHOOLS], description="谁来报:schools 学校、sections 股室,可以都写"
    )
    stages: list[AnyStage] = Field([], description="问哪些学段;不写为全部学校和幼儿园")
    starts: date = Field(description="从哪天所在的月开始")
    schedule: ScheduleForm
    ladder: dict[str, Any] = Field({}, description="这个任务自己的催报级,见 docs/clock.md;不写按通用的")
    others: list[OtherForm] = Field([], description="频次不同的学段")
    example: Line = Field("", description="一句话报的样子,数字处写下划线")
    indicators: Annotated[list[IndicatorForm], Field(min_length=1)]


class CampaignForm(_Form):
    """活动: the whole file."""

    key: TaskKey = Field(description="英文短名,定了不改")
    name: Name = Field(description="活动全称")
    short: Line = Field("", description="短名,用在汇总标题")
    document: Line = Field("", description="依据的文号")
    tasks: Annotated[list[TaskForm], Field(min_length=1)]


def json_schema() -> dict[str, Any]:
    """For editors: completion and checks while typing."""
    schema = CampaignForm.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "督办:活动文件"
    schema["$defs"]["Stage"]["enum"] += list(_STAGES_BY_NAME)
    schema["$defs"]["Every"]["enum"] += list(_EVERY_BY_NAME)
    schema["$defs"]["Vacation"]["enum"] += list(_VACATIONS)
    schema["$defs"]["Asks"]["enum"] += list(_ASKS)
    schedule = schema["$defs"]["ScheduleForm"]["properties"]
    schedule["day"]["anyOf"][1]["enum"] += list(_DAYS)
    schedule["weekday"] = {"anyOf": [schedule["weekday"], {"enum": list(_WEEKDAYS)}]}
    return schema
