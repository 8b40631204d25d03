from decimal import Decimal

import pytest

from domain.understanding.masks import mask
from domain.understanding.normalise import normalise
from domain.understanding.quantities import Quantity, find


def amounts(text: str) -> list[Quantity]:
    return find(mask(normalise(text).text))


@pytest.mark.parametrize(
    ("text", "sort", "value"),
    [
        ("2分15秒", "duration", "135"),
        ("三分整", "duration", "180"),
        ("一分半", "duration", "90"),
        ("1分四十", "duration", "100"),
        ("1'45\"", "duration", "105"),
        ("2m6s", "duration", "126"),
        ("一刻钟", "duration", "900"),
        ("2:06", "clock", "126"),
        ("百分之八十五", "percent", "85"),
        ("八成五", "percent", "85"),
        ("95.5%", "percent", "95.5"),
        ("百分百", "percent", "100"),
        ("一半", "fraction", "0.5"),
        ("五分之四", "fraction", "0.8"),
        ("30/36", "pair", "30"),
        ("1.2万元", "money", "12000"),
        ("四万六千元", "money", "46000"),
        ("¥300", "money", "300"),
        ("12,500.50元", "money", "12500.5"),
        ("2亩", "area", "1333.34"),
        ("两百个平方", "area", "200"),
        ("0.1公顷", "area", "1000"),
        ("五百二十名", "count", "520"),
        ("俩", "count", "2"),
    ],
)
def test_an_amount_is_read_in_its_base_unit(text: str, sort: str, value: str) -> None:
    (quantity,) = amounts(text)
    assert (quantity.sort, quantity.value) == (sort, Decimal(value))


@pytest.mark.parametrize(
    "text",
    [
        "六百来人",
        "十几个",
        "三百多",
        "不到500人",
        "近五百人",
        "五百人以上",
        "至少10篇",
        "两三分钟",
        "两分多钟",
        "10-12个",
        "九成多",
        "一大半",
        "半数以上",
        "3万多",
        "两、三个",
        "500余人",
        "超过80%",
        "八成到九成",
        "286+",
        "10节不到",
        "好像120份",
    ],
)
def test_an_open_amount_is_fuzzy(text: str) -> None:
    assert any(quantity.fuzzy for quantity in amounts(text))
    assert all(quantity.fuzzy for quantity in amounts(text))


@pytest.mark.parametrize("text", ["大概520人", "520人左右", "约五百二十人", "差不多520人", "520上下"])
def test_one_anchor_is_approximate(text: str) -> None:
    (quantity,) = amounts(text)
    assert quantity.value == 520
    assert quantity.approximate


@pytest.mark.parametrize(
    "text",
    [
        "电话13873712345",
        "教安〔2026〕15号文件",
        "2026年秋季学期"[:0] + "2026级",
        "初三",
        "五(2)班",
        "三年级",
        "第二次",
        "二小",
        "六个一",
        "一直很好",
        "十分重视",
        "班班通",
        "301班",
        "2025-2026学年",
        "3号楼",
        "一个不落",
        "第三小学",
        "一对一",
    ],
)
def test_what_is_no_count_is_not_taken_for_one(text: str) -> None:
    assert not amounts(text)
