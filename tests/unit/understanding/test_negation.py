import pytest

from domain.understanding.negation import Polarity, everything, polarity, unknown


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("还没弄", Polarity.NO),
        ("未开展", Polarity.NO),
        ("没有专门的制度", Polarity.NO),
        ("没得搞", Polarity.NO),
        ("取消了", Polarity.NO),
        ("已开展", Polarity.YES),
        ("搞过了", Polarity.YES),
        ("有方案", Polarity.YES),
        ("搞了，没发现问题", Polarity.YES),
        ("不仅制定了方案", Polarity.YES),
        ("计划下周搞", Polarity.PLAN),
        ("打算搞", Polarity.PLAN),
        ("正在起草", Polarity.PROGRESS),
        ("没统计过", Polarity.UNKNOWN),
        ("不清楚", Polarity.UNKNOWN),
        ("没掐表", Polarity.UNKNOWN),
        ("不是没有", Polarity.UNKNOWN),
        ("部分班级搞了", Polarity.PARTLY),
        ("差不多建好了", Polarity.PARTLY),
        ("一个不落", Polarity.ALL),
        ("无一遗漏", Polarity.ALL),
        ("方案写好了还没印发", Polarity.PARTLY),
        ("天气很好", Polarity.NEITHER),
    ],
)
def test_polarity(words: str, expected: Polarity) -> None:
    assert polarity(words) is expected


def test_all_is_all_only_undenied_and_unsoftened() -> None:
    assert everything("全部装好了")
    assert everything("一个不落")
    assert not everything("没有全部装完")
    assert not everything("基本上都装了")


def test_not_knowing_is_no_denial() -> None:
    assert unknown("还没统计")
    assert not unknown("还没搞")
