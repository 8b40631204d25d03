"""Words that contradict themselves: the values they may mean are offered, and one tap says which."""

from __future__ import annotations

import pytest

from db.tables import Draft
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.cast import PRINCIPAL
from tests.stage import Stage

PARTS = "参演学生一年级100人,二年级120人,总共250人"


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
