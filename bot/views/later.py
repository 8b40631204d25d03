"""Which view shows what about sent reports and about requests."""

from __future__ import annotations

from typing import assert_never

from bot.views import line, requests
from bot.views.corrections import corrected
from bot.views.history import history, versions
from bot.views.howto import how_to
from services.content import Scene
from services.corrections import CorrectedContent
from services.extensions import ExtensionContent, WhichExtensionContent
from services.history import HistoryContent, VersionsContent
from services.howto import HowToContent
from services.later_content import DecisionContent, LaterLive, RequestContent, ReviewContent
from services.line_content import MovedContent, OutageContent
from services.rendering import Rendered


def later(content: LaterLive, scene: Scene) -> Rendered:
    match content:
        case HistoryContent():
            return history(content, scene)
        case VersionsContent():
            return versions(content, scene)
        case CorrectedContent():
            return corrected(content, scene)
        case HowToContent():
            return how_to(content, scene)
        case ExtensionContent():
            return requests.extension_form(content, scene)
        case WhichExtensionContent():
            return requests.which_extension(content, scene)
        case RequestContent():
            return requests.request_card(content, scene)
        case ReviewContent():
            return requests.review(content, scene)
        case DecisionContent():
            return requests.decision(content, scene)
        case MovedContent():
            return line.moved(content, scene)
        case OutageContent():
            return line.outage_card(content, scene)
        case _:
            assert_never(content)
