from hypothesis import given
from hypothesis import strategies as st

from domain.understanding.normalise import MARKER, normalise


def test_width_and_slips_are_put_right_and_the_words_are_kept() -> None:
    normal = normalise("以经演炼了，一共７４２人")
    assert normal.text == "已经演练了，一共742人"
    at = normal.text.index("742")
    assert normal.words(at, at + 3) == "７４２"
    assert normal.words(0, 4) == "以经演炼"


def test_idle_spaces_go_and_numbers_stay_apart() -> None:
    assert normalise("参 加 5 2 0 人").text == "参加520人"
    assert normalise("1 200人").text == "1200人"
    assert normalise("520 30").text == "520、30"
    assert normalise("四万六 一间").text == "四万六、一间"


def test_a_comma_inside_a_number_is_no_separator() -> None:
    assert normalise("1,200人,30人").text == "1,200人，30人"
    assert normalise("１，２００人").text == "1,200人"


def test_list_markers_are_no_numbers() -> None:
    text = normalise("1、是 2、昨天 3、520人").text
    assert [ord(c) - MARKER for c in text if ord(c) > MARKER and ord(c) < MARKER + 99] == [1, 2, 3]
    assert normalise("①30②2").text == f"{chr(MARKER + 1)}30{chr(MARKER + 2)}2"
    assert normalise("1、2、3年级都参加").text == "1、2、3年级都参加"
    assert normalise("1.2万元").text == "1.2万元"


@given(st.text())
def test_every_place_leads_back_into_the_original(text: str) -> None:
    normal = normalise(text)
    assert len(normal.starts) == len(normal.ends) == len(normal.text)
    for start, end in zip(normal.starts, normal.ends, strict=True):
        assert 0 <= start < end <= len(text)
