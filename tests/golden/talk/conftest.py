from __future__ import annotations

from tests.bot.conftest import county, stage, talk

__all__ = ["county", "stage", "talk"]
