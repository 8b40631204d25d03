"""Groups and supergroups: who is in them, what of their talk a bot in privacy mode hears, topics, and the move from
the one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sandbox.errors import ApiError, bad_request, forbidden
from sandbox.model import Bot, Chat, Json, Message, User

GroupKind = Literal["group", "supergroup"]
Standing = Literal["", "member", "administrator", "left", "kicked"]
"""What the bot is there; empty: it never was in it."""

_PRESENT = {"member", "administrator"}
_NEVER, _THREAD_GONE, _CLOSED = "chat not found", "message thread not found", "TOPIC_CLOSED"


@dataclass
class Topic:
    name: str
    closed: bool = False


@dataclass
class Group(Chat):
    """A chat of several people with one bot; `user` carries only its id and title. `privacy`: the bot hears commands,
    mentions, replies to it and service messages, nothing else. `moved_to`: the supergroup it has become."""

    kind: GroupKind = "group"
    standing: Standing = ""
    privacy: bool = True
    members: dict[int, User] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    moved_to: int | None = None

    @property
    def title(self) -> str:
        return self.user.first_name

    @property
    def has_bot(self) -> bool:
        return self.standing in _PRESENT

    def chat_api(self) -> Json:
        forum = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": self.kind, "title": self.title} | forum

    def reached(self) -> Group:
        """This group, for a call that names it; raises ApiError when the bot does not know it or it has moved."""
        if self.moved_to is not None:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, said, {"migrate_to_chat_id": self.moved_to})
        if not self.standing:
            raise bad_request(_NEVER)
        return self

    def check_writable(self) -> None:
        if self.standing == "kicked":
            raise forbidden(f"bot was kicked from the {self.kind} chat")
        if not self.has_bot:
            raise forbidden(f"bot is not a member of the {self.kind} chat")

    def check_thread(self, thread: int) -> None:
        if thread and thread not in self.topics:
            raise bad_request(_THREAD_GONE)
        if thread and self.topics[thread].closed:
            raise bad_request(_CLOSED)

    def hears(self, message: Message) -> bool:
        """Does the bot get this message of a member?"""
        if not self.has_bot:
            return False
        if not self.privacy or self.standing == "administrator":
            return True
        replied = self.messages.get(message.reply_to or 0)
        return (replied is not None and not replied.mine) or _meant_for(self.bot, message)


def _meant_for(bot: Bot, message: Message) -> bool:
    name = bot.profile.username.lower()
    for entity in message.entities:
        said = _piece(message.text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "bot_command" and said.partition("@")[2] in {"", name}:
            return True
        if entity["type"] == "mention" and said == f"@{name}":
            return True
    return False


def _piece(text: str, offset: int, length: int) -> str:
    raw = text.encode("utf-16-le")
    return raw[offset * 2 : (offset + length) * 2].decode("utf-16-le")


def member_change(chat: Chat, by: User, who: Json, before: str, after: str, at: datetime) -> Json:
    """A ChatMemberUpdated: my_chat_member when `who` is the bot, else chat_member."""
    change: Json = {"chat": chat.chat_api(), "from": by.to_api(), "date": int(at.timestamp())}
    change["old_chat_member"] = _member(who, before)
    change["new_chat_member"] = _member(who, after)
    return change


_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


def _member(who: Json, status: str) -> Json:
    more: Json = {"until_date": 0} if status == "kicked" else {}
    if status == "administrator":
        more = dict.fromkeys(_RIGHTS, False)
    return {"user": who, "status": status, **more}
