"""A local stand-in for the Telegram Bot API, with phones to play every role. It imports nothing of ours."""

from sandbox.calls import ApiCall
from sandbox.direct import Direct
from sandbox.errors import ApiError, PhoneError
from sandbox.faults import Fault, too_many_requests
from sandbox.files import StoredFile
from sandbox.gathering import Gathering
from sandbox.limits import FloodLimits
from sandbox.mishaps import MISHAPS, Mishap, mishap
from sandbox.model import BotProfile, CallbackAnswer, User
from sandbox.phone import Bubble, NoSuchButton, NotSeen, Phone
from sandbox.picks import Document, Photo
from sandbox.server import SandboxServer
from sandbox.stage import ClockControl, Seat, StoryStep
from sandbox.webhooks import Posting

__all__ = [
    "MISHAPS",
    "ApiCall",
    "ApiError",
    "BotProfile",
    "Bubble",
    "CallbackAnswer",
    "ClockControl",
    "Direct",
    "Document",
    "Fault",
    "FloodLimits",
    "Gathering",
    "Mishap",
    "NoSuchButton",
    "NotSeen",
    "Phone",
    "PhoneError",
    "Photo",
    "Posting",
    "SandboxServer",
    "Seat",
    "StoredFile",
    "StoryStep",
    "User",
    "mishap",
    "too_many_requests",
]
