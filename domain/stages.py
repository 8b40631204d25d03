"""The kinds of schools there are; one unit may have several (九年一贯制)."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """学段."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"
    SPECIAL = "special"

    @property
    def chinese(self) -> str:
        return STAGE_NAMES[self]


STAGE_NAMES = {
    Stage.KINDERGARTEN: "幼儿园",
    Stage.PRIMARY: "小学",
    Stage.JUNIOR: "初中",
    Stage.SENIOR: "高中",
    Stage.SPECIAL: "特教",
}
