"""A campaign 活动 as the office writes it: read, checked, compiled to tasks, compared with what runs."""

from domain.campaign.changes import Change, ChangeKind, changes
from domain.campaign.form import CampaignForm, Every, json_schema
from domain.campaign.plan import CampaignPlan, Note, TaskPlan, compile_campaign
from domain.campaign.problems import Problem
from domain.campaign.reading import Reading, read_sheets, read_yaml

__all__ = [
    "CampaignForm", "CampaignPlan", "Change", "ChangeKind", "Every", "Note", "Problem", "Reading", "TaskPlan",
    "changes", "compile_campaign", "json_schema", "read_sheets", "read_yaml",
]  # fmt: skip
