from decimal import Decimal

import pytest

from domain.understanding.numerals import read


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("五百二十", "520"),
        ("两千三", "2300"),
        ("三百五", "350"),
        ("三百零五", "305"),
        ("三百五十", "350"),
        ("1万2", "12000"),
        ("1.2万", "12000"),
        ("一点二万", "12000"),
        ("四万六千", "46000"),
        ("五二零", "520"),
        ("1,200", "1200"),
        ("廿五", "25"),
        ("一百一十五", "115"),
        ("十", "10"),
        ("十二", "12"),
        ("两万五", "25000"),
        ("3万500", "30500"),
        ("一万零五百", "10500"),
        ("1.5w", "15000"),
        ("2k", "2000"),
        ("一千零八十六", "1086"),
        ("二百八", "280"),
        ("一百五十万", "1500000"),
        ("零", "0"),
        ("九十五点五", "95.5"),
        ("二〇二六", "2026"),
    ],
)
def test_a_numeral_is_read_whole(words: str, value: str) -> None:
    numeral = read(words)
    assert numeral is not None
    assert numeral.value == Decimal(value)


@pytest.mark.parametrize(
    "words", ["十几", "几十", "好几百"[1:], "两三百", "五六十", "十七八", "两三", "数十", "三百五六"]
)
def test_an_amount_that_is_not_one_number_is_fuzzy(words: str) -> None:
    numeral = read(words)
    assert numeral is not None
    assert numeral.fuzzy


@pytest.mark.parametrize("words", ["", "人", "万千", "五人", "百", "点五"])
def test_other_words_are_no_numeral(words: str) -> None:
    assert read(words) is None
