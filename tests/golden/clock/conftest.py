from __future__ import annotations

from tests.jobs.conftest import county, deliver, post, report, workplace

__all__ = ["county", "deliver", "post", "report", "workplace"]
