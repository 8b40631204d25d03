"""Words that contradict themselves: the values they may mean are offered, and one tap says which."""

from __future__ import annotations

import pytest

from db.session import Database
from db.tables import Draft
from domain.indicators import Indicator, Kind
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.cast import FLOW, PRINCIPAL, TWO_SCHOOLS, County, add_task
from tests.stage import Stage

PARTS = "参演学生一年级100人,二年级120人,总共250人"
BOTH = (
    Indicator("both_date", "演练日期", Kind.DATE, FLOW, short="日期"),
    Indicator("both_students", "参演学生人数", Kind.INT, FLOW, "人", short="学生"),
    Indicator("both_staff", "参演教职工人数", Kind.INT, FLOW, "人", short="教职工"),
)


@pytest.fixture
async def someone(talk: Talk) -> Dialogue:
    wang = await talk(PRINCIPAL)
    await wang.play(("[1 应急疏散演练]", "演练"), ("11月17日搞了地震演练", "✓"))
    return wang


async def entries(stage: Stage) -> dict[str, object]:
    [draft] = await stage.rows(Draft)
    return {key: entry["v"] for key, entry in draft.entries.items()}


@pytest.mark.parametrize(("tapped", "kept"), [("是250人", 250), ("是220人", 220)])
async def test_parts_that_are_not_the_whole(stage: Stage, someone: Dialogue, tapped: str, kept: int) -> None:
    await someone.play((PARTS, "学生前后对不上,点一下是哪个,或再回一次。"))
    assert [button for button in someone.last.buttons if button.startswith("是")] == ["是250人", "是220人"]
    assert "drill_students" not in await entries(stage)
    await someone.play((f"[{tapped}]", f"✓ 学生{kept}人"))
    assert (await entries(stage))["drill_students"] == kept


async def test_where_staff_are_asked_for_as_well(stage: Stage, sqlite: Database, county: County, talk: Talk) -> None:
    await add_task(sqlite, county, "both", "消防演练", BOTH)
    wang = await talk(PRINCIPAL)
    await wang.play(("[3 消防演练]", "请答:演练日期"), (PARTS, "学生前后对不上,点一下是哪个"))
    assert [button for button in wang.last.buttons if button.startswith("是")] == ["是250人", "是220人"]
    await wang.play(("[是220人]", "学生220人"), ("昨天,教职工30人", ("【请核对", "学生220人", "教职工30人")))


async def test_of_several_units(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(
        (
            "昨天两所学校搞了地震演练,用时80秒,李村小学学生一年级40人,二年级46人,共计90人;桥头小学学生60人",
            ("【草稿,未提交】11月应急疏散演练(2所)", "学生前后对不上,点一下是哪个", "学生60人"),
        )
    )
    assert someone.last.buttons[:2] == ["1是90人", "1是86人"]
    await someone.play(("[1是86人]", ("(2所)", "学生86人", "学生60人")))
    assert "对不上" not in someone.last.text
    names = {unit_id: name for name, unit_id in county.units.items()}
    kept = {names[draft.unit_id]: draft.entries["drill_students"]["v"] for draft in await stage.rows(Draft)}
    assert kept == {"李村小学": 86, "桥头小学": 60}


async def test_more_done_than_there_were(stage: Stage, someone: Dialogue) -> None:
    await someone.play(("隐患查出2处改了3处", "完成数不能多于总数,请点下面的"), ("[是2/3处]", "隐患2/3处"))
    assert (await entries(stage))["hazard"] == [2, 3]


async def test_said_anew_instead(stage: Stage, someone: Dialogue) -> None:
    await someone.play((PARTS, "学生前后对不上"), ("学生260人", "✓ 学生260人"))
    assert not [button for button in someone.last.buttons if button.startswith("是2")]


async def test_a_button_of_before_changes_nothing(stage: Stage, someone: Dialogue) -> None:
    await someone.do(PARTS)
    data = dict(someone.last.data)
    await someone.do("学生260人")
    assert "已更新" in await someone.press_data(data["是250人"])
    assert (await entries(stage))["drill_students"] == 260
