"""From a plain Chinese reply to values, by grammar: no model, no network, explainable."""

from domain.understanding.result import Doubt, Intent, Reading, Understanding, Why
from domain.understanding.understand import understand

__all__ = ["Doubt", "Intent", "Reading", "Understanding", "Why", "understand"]
