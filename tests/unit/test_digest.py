"""The snapshot: its sums are proved, it survives storage unchanged, and texts show only numbers that are there."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.digest import (
    AnswerRow,
    Audience,
    Chase,
    Digest,
    DraftState,
    Head,
    Reach,
    ReportRow,
    Share,
    Spread,
    Sum,
    SumMismatch,
    Tally,
    TaskRow,
    Undone,
    YesNo,
    build,
    digest_lines,
    missing_lines,
)
from domain.indicators import Indicator, Kind, Nature, OnlyIf, Ratio, Value
from domain.progress import Counts, State, Timeliness

DUE = datetime(2026, 9, 24, 9, tzinfo=UTC)
GRACE = datetime(2026, 9, 28, 4, tzinfo=UTC)
AS_OF = DUE + timedelta(hours=1)
BIG = 7_300_000_000_000_000_001
SAFETY, EQUIPMENT = 71, 72
PHONE = "0000-6210001"

DRILL = (
    Indicator("drill_done", "本月是否已开展应急疏散演练", Kind.BOOL, Nature.FLOW, short="已开展"),
    Indicator("drill_date", "演练日期", Kind.DATE, Nature.FLOW, only_if=OnlyIf("drill_done", equals=True)),
    Indicator("drill_type", "类型", Kind.CHOICE, Nature.FLOW, choices=("地震", "火灾")),
    Indicator("drill_students", "参演学生", Kind.INT, Nature.FLOW, "人", short="学生"),
    Indicator("drill_seconds", "疏散用时", Kind.NUMBER, Nature.FLOW, "秒", short="用时"),
    Indicator("hazard", "隐患", Kind.RATIO, Nature.FLOW, "处"),
    Indicator("drill_problem", "问题", Kind.TEXT, Nature.FLOW, required=False),
    Indicator("next_drill", "计划日期", Kind.DATE, Nature.FLOW, only_if=OnlyIf("drill_done", equals=False)),
)
BBT = (
    Indicator("bbt", "已建班级数/教学班总数", Kind.RATIO, Nature.STOCK, "个班", short="班班通"),
    Indicator("bbt_use", "课堂使用率", Kind.PERCENT, Nature.FLOW, "%", 1),
    Indicator("bbt_fund", "自筹投入", Kind.NUMBER, Nature.FLOW, "万元", 2),
)

HEAD = Head(9, AS_OF, "Asia/Shanghai", "××县教育局", "发展提升年")


def task(round_id: int, name: str, section_id: int, section: str, roster: int, asked: tuple[Indicator, ...]) -> TaskRow:
    return TaskRow(
        round_id=round_id,
        task_id=round_id + 100,
        name=name,
        label="2026年9月",
        period_from=date(2026, 8, 26),
        period_to=date(2026, 9, 24),
        due_at=DUE,
        grace_until=GRACE,
        section_id=section_id,
        section=section,
        roster=roster,
        indicators=asked,
    )


def drills(roster: int) -> TaskRow:
    return task(BIG, "应急疏散演练", SAFETY, "安全股", roster, DRILL)


def report(unit: int, state: State = State.PENDING, round_id: int = BIG, **more: object) -> ReportRow:
    received = None if state in (State.PENDING, State.EXEMPT) else DUE
    base = ReportRow(
        round_id, unit, f"第{unit}小学", "清河镇" if unit % 2 else "桥头镇", state, received, f"{unit}校长", PHONE
    )
    return replace(base, **more)


def answers(unit: int, round_id: int = BIG, **values: Value) -> list[AnswerRow]:
    return [AnswerRow(round_id, unit, key, value) for key, value in values.items()]


REPORTS = [
    report(1, State.SUBMITTED),
    report(2, State.ACCEPTED),
    report(3, State.SUBMITTED, first_received_at=DUE + timedelta(minutes=30)),
    report(4, State.RETURNED),
    report(5, State.EXEMPT),
    report(6, draft=DraftState.COMPLETE),
    report(7, reach=Reach.UNBOUND, phone=""),
    report(8, draft=DraftState.HALF),
    report(9, draft=DraftState.COMPLETE, reach=Reach.UNREACHABLE),
    report(10),
]
ANSWERS = [
    *answers(1, drill_done=True, drill_type="地震", drill_students=520, drill_seconds=Decimal(110), hazard=Ratio(2, 3)),
    *answers(2, drill_done=True, drill_type="地震", drill_students=300, drill_seconds=Decimal(95), hazard=Ratio(0, 0)),
    *answers(3, drill_done=False, next_drill=date(2026, 9, 29), hazard=Ratio(1, 1), drill_problem="停电"),
    *answers(4, drill_done=True, drill_students=9999),
]


def whole() -> Digest:
    return build(HEAD, [drills(10)], REPORTS, ANSWERS)


def two_tasks() -> Digest:
    equipment = task(2, "班班通", EQUIPMENT, "装备站", 3, BBT)
    rows = [
        report(1, State.SUBMITTED, 2),
        report(2, State.SUBMITTED, 2),
        report(3, State.PENDING, 2, due_at=AS_OF + timedelta(days=1)),
    ]
    given = [
        *answers(1, 2, bbt=Ratio(10, 14), bbt_use=Decimal("85.5")),
        *answers(2, 2, bbt=Ratio(6, 6), bbt_use=Decimal("70")),
    ]
    return build(HEAD, [drills(10), equipment], [*REPORTS, *rows], [*ANSWERS, *given])


def test_the_six_sum_to_the_roster_overall_and_by_township() -> None:
    found = whole().tasks[0]
    assert found.counts == Counts(on_time=3, grace=1, missing=5, exempt=1, returned_open=1)
    assert found.accepted == 1
    assert [(one.name, one.counts.roster) for one in found.townships] == [("清河镇", 5), ("桥头镇", 5)]
    assert sum((one.counts for one in found.townships), Counts()) == found.counts == whole().counts


def test_totals_count_only_reports_that_stand() -> None:
    """The returned report's 9999 pupils are not in the sum."""
    assert whole().tasks[0].totals == (
        YesNo("drill_done", "已开展", yes=2, no=1),
        Tally("drill_type", "类型", (("地震", 2), ("火灾", 0)), answered=2),
        Sum("drill_students", "学生", "人", Decimal(820), answered=2),
        Spread("drill_seconds", "用时", "秒", Decimal("102.5"), Decimal(95), Decimal(110), answered=2),
        Share("hazard", "隐患", "处", done=3, total=4, answered=3),
    )


def test_percentages_are_never_added_up() -> None:
    share, use, fund = two_tasks().tasks[1].totals
    assert isinstance(share, Share)
    assert share.rate == Fraction(16, 20)
    assert use == Spread("bbt_use", "课堂使用率", "%", Decimal("77.75"), Decimal(70), Decimal("85.5"), answered=2)
    assert fund == Sum("bbt_fund", "自筹投入", "万元", Decimal(0), answered=0)


def test_nothing_of_nothing_has_no_rate() -> None:
    assert Share("hazard", "隐患", "处", 0, 0, 3).rate is None


def test_several_choices_count_each() -> None:
    asked = (Indicator("kinds", "类型", Kind.CHOICES, Nature.FLOW, choices=("地震", "火灾")),)
    row = replace(drills(1), indicators=asked)
    found = build(HEAD, [row], [report(1, State.SUBMITTED)], answers(1, kinds=("地震", "火灾")))
    assert found.tasks[0].totals == (Tally("kinds", "类型", (("地震", 1), ("火灾", 1)), answered=1),)


def test_the_honest_not_done_stand_with_their_planned_day() -> None:
    assert whole().tasks[0].undone == (Undone("drill_done", 3, "第3小学", "清河镇", date(2026, 9, 29)),)


def test_the_outstanding_are_sorted_by_what_to_do() -> None:
    found = whole().tasks[0].outstanding
    assert [(one.unit_id, one.chase) for one in found] == [
        (6, Chase.UNSENT),
        (8, Chase.HALF),
        (10, Chase.UNOPENED),
        (9, Chase.UNREACHABLE),
        (7, Chase.UNBOUND),
    ]
    assert {one.timeliness for one in found} == {Timeliness.MISSING}


def test_an_extension_holds_for_its_unit_only() -> None:
    found = build(HEAD, [drills(2)], [report(1, due_at=AS_OF + timedelta(days=1)), report(2)], [])
    assert found.counts == Counts(awaited=1, missing=1)


def test_an_extension_beyond_the_rounds_grace_has_no_grace_before_its_due() -> None:
    later = GRACE + timedelta(days=2)
    rows = [
        report(1, State.SUBMITTED, due_at=later, first_received_at=later),
        report(2, State.SUBMITTED, due_at=later, first_received_at=later + timedelta(seconds=1)),
    ]
    assert build(HEAD, [drills(2)], rows, []).counts == Counts(on_time=1, late=1)


@pytest.mark.parametrize(
    ("roster", "rows"),
    [
        (2, [report(1)]),
        (1, [report(1), report(2)]),
        (2, [report(1), report(1)]),
        (1, [report(1), report(2, round_id=5)]),
    ],
)
def test_counts_that_do_not_sum_to_the_roster_are_refused(roster: int, rows: list[ReportRow]) -> None:
    with pytest.raises(SumMismatch):
        build(HEAD, [drills(roster)], rows, [])


def test_a_round_without_anyone_is_empty_not_an_error() -> None:
    assert build(HEAD, [drills(0)], [], []).counts == Counts()


def test_the_snapshot_survives_storage() -> None:
    stored = json.loads(json.dumps(two_tasks().to_json(), ensure_ascii=False))
    assert stored["v"] == 1
    assert stored["tasks"][0]["round_id"] == str(BIG)
    assert Digest.from_json(stored) == two_tasks()
    assert Digest.from_json(stored).to_json() == stored


def test_another_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        Digest.from_json({**whole().to_json(), "v": 2})


def test_the_snapshot_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        whole().serial = 10  # type: ignore[misc]


REPORT_STATES = st.tuples(st.sampled_from(State), st.integers(-200, 200), st.sampled_from(["甲镇", "乙镇", "丙镇"]))


@given(st.lists(REPORT_STATES, max_size=40), st.integers(-100, 100))
def test_any_roster_sums(rows: list[tuple[State, int, str]], hour: int) -> None:
    made = [
        report(unit, state, township=township, first_received_at=DUE + timedelta(hours=at))
        if state not in (State.PENDING, State.EXEMPT)
        else report(unit, state, township=township)
        for unit, (state, at, township) in enumerate(rows)
    ]
    found = build(replace(HEAD, as_of=DUE + timedelta(hours=hour)), [drills(len(rows))], made, [])
    assert found.counts.roster == len(rows)
    assert found.counts.outstanding == len(found.tasks[0].outstanding)
    assert Digest.from_json(found.to_json()) == found


def test_the_directors_lines() -> None:
    assert digest_lines(two_tasks(), Audience.DIRECTOR) == [
        "【发展提升年9月情况】截至9月24日(星期四)18:00,第9期",
        "报送:应报13份,按时5、宽限1、待报1、未报5、豁免1;已报6份中已审核1份,退回待改1份。",
        "应急疏散演练(已报4家,计入3家):已开展2家,如实报未开展1家(均定补做日期);类型:地震2(2家);"
        "学生820人(2家);用时中位102.5秒,最低95、最高110(2家);隐患3/4处,75.0%。",
        "班班通(已报2家):班班通16/20个班,80.0%;课堂使用率中位77.75%,最低70、最高85.5。",
        "待报和未报6份:已填未提交1、填了一半1、没打开2、联系不上1、未开通1。",
    ]


def test_the_directors_lines_name_no_school_and_no_telephone() -> None:
    text = "\n".join(digest_lines(two_tasks(), Audience.DIRECTOR))
    assert "小学" not in text
    assert PHONE not in text


def test_the_offices_lines_say_who_is_missing() -> None:
    assert digest_lines(whole(), Audience.OFFICE) == [
        "【发展提升年9月情况】截至9月24日(星期四)18:00,第9期",
        "9月应急疏散演练(安全股):应报10家,按时3、宽限1、未报5、豁免1;已报4家中已审核1家,退回待改1家。",
        "合计:已开展2家,如实报未开展1家(均定补做日期);类型:地震2(2家);"
        "学生820人(2家);用时中位102.5秒,最低95、最高110(2家);隐患3/4处,75.0%。",
        "未报5家:已填未提交1、填了一半1、没打开1、联系不上1、未开通1。",
        "已填未提交:第6小学",
        "填了一半:第8小学",
        "没打开:第10小学",
        "联系不上:第9小学",
        "未开通:第7小学",
        "各乡镇已报/应报:清河镇2/5(豁免1)、桥头镇2/5",
    ]


def test_a_section_sees_only_what_it_leads() -> None:
    text = "\n".join(digest_lines(two_tasks(), Audience.SECTION, EQUIPMENT))
    assert "班班通" in text
    assert "演练" not in text
    assert digest_lines(two_tasks(), Audience.SECTION, 99)[1:] == ["目前没有由您牵头的报告期。"]
    assert digest_lines(two_tasks(), Audience.SECTION) == digest_lines(two_tasks(), Audience.SECTION, 99)
    assert "演练" not in "\n".join(missing_lines(two_tasks(), EQUIPMENT))


def test_a_task_without_a_section_is_nobodys() -> None:
    found = build(HEAD, [replace(drills(10), section_id=None)], REPORTS, ANSWERS)
    assert len(digest_lines(found, Audience.SECTION)) == 2


def test_no_number_that_is_not_there() -> None:
    before = replace(HEAD, as_of=DUE - timedelta(days=1))
    found = build(before, [drills(2)], [report(1), report(2)], [])
    assert digest_lines(found, Audience.DIRECTOR) == [
        "【发展提升年9月情况】截至9月23日(星期三)17:00,第9期",
        "报送:应报2家,按时0、待报2。",
        "应急疏散演练(已报0家):还没有数。",
        "待报2家:没打开2。",
    ]


def test_all_reported_says_so() -> None:
    found = build(HEAD, [drills(1)], [report(1, State.ACCEPTED)], [])
    assert digest_lines(found, Audience.OFFICE)[1:] == [
        "9月应急疏散演练(安全股):应报1家,按时1、未报0;已报1家中已审核1家。"
    ]
    assert missing_lines(found) == ["截至9月24日(星期四)18:00,没有未报的单位。"]


def test_a_long_list_of_names_is_shortened_but_the_chase_list_is_whole() -> None:
    found = build(HEAD, [drills(20)], [report(unit) for unit in range(1, 21)], [])
    assert "第12小学等20家" in "\n".join(digest_lines(found, Audience.OFFICE))
    assert missing_lines(found)[-1] == f"20. 第20小学 20校长 {PHONE}"


def test_the_chase_list() -> None:
    assert missing_lines(whole()) == [
        "【9月应急疏散演练】未报5家,截至9月24日(星期四)18:00",
        "已填未提交1家:",
        f"1. 第6小学 6校长 {PHONE}",
        "填了一半1家:",
        f"1. 第8小学 8校长 {PHONE}",
        "没打开1家:",
        f"1. 第10小学 10校长 {PHONE}",
        "联系不上1家:",
        f"1. 第9小学 9校长 {PHONE}",
        "未开通1家:",
        "1. 第7小学 7校长",
    ]
