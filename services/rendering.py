"""What a face makes of a message: text and buttons, independent of the chat service; and how a delivery ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Button:
    """`data` comes back when it is tapped; with a `url` it leads there instead."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A photo or document to show: by `file_id`, or from our store where the chat service has it no more."""

    file_id: str
    is_document: bool = False
    name: str = ""
    sha256: str | None = None
    mime: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is HTML. `keyboard` are rows of words kept at the bottom of the chat; `protect` forbids forwarding.
    `ask_contact` is a button below that asks for the person's phone number. With `files` (all photos or all documents,
    ten at most) the text is their caption. `repeated`: it may have arrived before, and says so."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    keyboard: tuple[tuple[str, ...], ...] = ()
    protect: bool = False
    files: tuple[File, ...] = ()
    repeated: bool = False
    ask_contact: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    message_id: int


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Certainly not delivered. `after` is in seconds; `everywhere` says that the whole bot must pause, `flood` that the
    service found us too fast: whom that concerns, `Pace.flood` decides."""

    reason: str
    after: float
    everywhere: bool = False
    flood: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been delivered: a new message is not repeated, an edit is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It never will be. `unreachable` says that the person is, not only this message."""

    reason: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """The message to edit is no longer there: send the card anew."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The group has become a supergroup with this id: everything that is for it goes there."""

    to: int


@dataclass(frozen=True, slots=True)
class NoTopic:
    """The topic is closed or gone: send to the group itself."""


Result = Delivered | TryAgain | Unknown | Refused | Gone | Moved | NoTopic
Method = Literal["send", "edit", "strip"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One call to the chat service. `edit` and `strip` need `message_id`; `thread_id` is a topic of the chat."""

    chat_id: int
    method: Method
    rendered: Rendered
    message_id: int | None = None
    thread_id: int | None = None
