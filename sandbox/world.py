"""Everybody and everything in memory: what people do becomes updates, what bots do becomes messages. No HTTP."""

from __future__ import annotations

import re
import secrets
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sandbox.entities import Entity, commands_in
from sandbox.errors import PhoneError
from sandbox.files import Attachment, Files
from sandbox.groups import Group, member_change
from sandbox.keyboards import Markup
from sandbox.model import Bot, BotProfile, CallbackAnswer, Chat, Json, Message, Query, User
from sandbox.picks import Document, Photo
from sandbox.pulse import Pulse
from sandbox.updates import UpdateQueue

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
QUERY_LIFETIME = 60.0


class World:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.bots: dict[str, Bot] = {}
        self.users: dict[int, User] = {}
        self.chats: dict[tuple[int, int], Chat] = {}
        self.groups: dict[tuple[int, int], Group] = {}
        self.queries: dict[str, Query] = {}
        self.files = Files()
        self.pulse = Pulse()
        self.rev = 0
        self._queries_made = 0

    # who there is

    def add_bot(self, profile: BotProfile) -> Bot:
        if profile.token not in self.bots:
            first_id = 100_000_000 + zlib.crc32(profile.token.encode()) % 700_000_000
            self.bots[profile.token] = Bot(profile, UpdateQueue(first_id))
        return self.bots[profile.token]

    def bot(self, token_or_id: str | int) -> Bot:
        for token, bot in self.bots.items():
            if token_or_id in {token, bot.profile.id, str(bot.profile.id)}:
                return bot
        raise PhoneError(f"no such bot: {str(token_or_id).split(':')[0]}")

    def chosen(self, bot: str | int | None) -> Bot:
        """The first bot when none is named."""
        found = self.bot(bot) if bot else next(iter(self.bots.values()), None)
        if found is None:
            raise PhoneError("there is no bot yet")
        return found

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        for chat in self.chats.values():
            if chat.user.id == user.id:
                chat.user = user
        return user

    def chat(self, bot: Bot, user_id: int) -> Chat:
        """The chat as the person's phone has it, made when first looked at."""
        key = (bot.profile.id, user_id)
        if key not in self.chats:
            if user_id not in self.users:
                raise PhoneError(f"no such user: {user_id}")
            self.chats[key] = Chat(bot, self.users[user_id])
        return self.chats[key]

    # what a bot does

    def post(
        self, chat: Chat, text: str, entities: list[Entity], markup: Markup, reply_to: int | None, **more: Any
    ) -> Message:
        """`more`: protected, silent, attachment, album."""
        said = {"text": text, "entities": entities, "inline": markup.inline, "reply_to": reply_to}
        message = self.note(chat, mine=False, **said, **more)
        chat.typing_at = 0.0
        if markup.reply is not None or markup.removes:
            chat.keyboard = markup.reply or []
            chat.keyboard_once = bool(markup.options.get("one_time"))
        return message

    def edit(self, chat: Chat, message: Message, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(message, name, value)
        if "text" in changes:
            message.edited = self.now()
        self._touch(chat, message)

    def rewrite(self, chat: Chat, message_id: int, text: str) -> Message:
        """A person edits a message of his own."""
        message = chat.messages.get(message_id)
        if message is None or not message.mine:
            raise PhoneError("only a message of one's own can be edited")
        if message.kind in {"sticker", "voice"} or (message.kind == "text" and not text.strip()):
            raise PhoneError("there is nothing to edit, or nothing left")
        self._refuse_blocked(chat)
        self.edit(chat, message, text=text.strip(), entities=commands_in(text))
        chat.bot.queue.put("edited_message", chat.message_api(message))
        return message

    def delete(self, chat: Chat, message: Message) -> None:
        del chat.messages[message.id]
        self._touch(chat)

    def answer(self, query: Query, text: str, *, alert: bool) -> None:
        del self.queries[query.id]
        query.chat.answers.append(CallbackAnswer(query.id, text, alert, self.now(), self.rev + 1))
        self._touch(query.chat)

    def open_query(self, query_id: str) -> Query | None:
        query = self.queries.get(query_id)
        return query if query and time.monotonic() - query.since < QUERY_LIFETIME else None

    def typing(self, chat: Chat) -> None:
        chat.typing_at = time.monotonic()
        self._touch(chat)

    # what a person does

    def start(self, chat: Chat, payload: str = "") -> Message:
        if not _PAYLOAD.fullmatch(payload):
            raise PhoneError(f"a deep link carries at most 64 of A-Z a-z 0-9 _ -, not {payload!r}")
        if chat.blocked:
            self.unblock(chat)
        return self.say(chat, f"/start {payload}".strip())

    def say(self, chat: Chat, text: str, reply_to: int | None = None) -> Message:
        text = text.strip()
        if not text:
            raise PhoneError("an empty message cannot be sent")
        message = self._inbound(chat, text=text, entities=commands_in(text), reply_to=reply_to)
        if chat.keyboard_once:
            chat.keyboard = []
        return message

    def sticker(self, chat: Chat, emoji: str = "👍") -> Message:
        return self._inbound(chat, kind="sticker", media=_sticker(emoji))

    def voice(self, chat: Chat, seconds: int = 3) -> Message:
        return self._inbound(chat, kind="voice", media=_voice(seconds))

    def contact(self, chat: Chat, owner: User, user_id: int | None) -> Message:
        """The card of `owner`; only the chat service itself says whose account that is, `user_id`, if anybody's."""
        card = {"phone_number": owner.phone, "first_name": owner.first_name}
        return self._inbound(chat, kind="contact", media=card | ({"user_id": user_id} if user_id else {}))

    def location(self, chat: Chat, latitude: float, longitude: float) -> Message:
        return self._inbound(chat, kind="location", media={"latitude": latitude, "longitude": longitude})

    def poll(self, chat: Chat, question: str, options: Sequence[str]) -> Message:
        flags = ("is_closed", "allows_multiple_answers", "allows_revoting", "members_only")
        about: Json = {"type": "regular", "is_anonymous": True, **dict.fromkeys(flags, False)}
        counted = [{"text": option, "voter_count": 0, "persistent_id": option} for option in options]
        asked = {"id": str(secrets.randbits(60)), "question": question, "options": counted, "total_voter_count": 0}
        return self._inbound(chat, kind="poll", media=asked | about)

    def attach(self, chat: Chat, what: Photo | Document, caption: str = "", **more: Any) -> Message:
        """`more`: reply_to, album."""
        text = caption.strip()
        return self._inbound(chat, attachment=what.attachment(), text=text, entities=commands_in(text), **more)

    def album(self, chat: Chat, items: Sequence[Photo | Document], caption: str = "") -> list[Message]:
        """Each item is an update of its own; the first bears the caption; nothing says how many there are."""
        if not 2 <= len(items) <= 10 or len({type(item) for item in items}) > 1:
            raise PhoneError("an album is of 2 to 10 photos, or of as many documents")
        group = str(secrets.randbits(60))
        return [self.attach(chat, item, "" if n else caption, album=group) for n, item in enumerate(items)]

    def press(self, chat: Chat, message: Message, row: int, column: int) -> str:
        """Presses a button that stands there; returns the query id."""
        button = (message.inline or [])[row][column]
        if "callback_data" not in button:
            raise PhoneError(f"「{button['text']}」 sends nothing to the bot")
        return self.press_data(chat, message.id, button["callback_data"])

    def press_data(self, chat: Chat, message_id: int, data: str, by: User | None = None) -> str:
        """As a stale client would: the button need not stand there any more, nor the message."""
        self._refuse_blocked(chat)
        self._queries_made += 1
        presser = by or chat.user
        query_id = str(presser.id << 20 | self._queries_made)
        self.queries[query_id] = Query(query_id, chat, time.monotonic())
        message = chat.messages.get(message_id)
        gone = {"message_id": message_id, "chat": chat.chat_api(), "date": 0}
        payload: Json = {"id": query_id, "from": presser.to_api(), "chat_instance": str(-chat.id)}
        payload |= {"message": chat.message_api(message) if message else gone, "data": data}
        chat.bot.queue.put("callback_query", payload)
        self._touch(chat)
        return query_id

    def block(self, chat: Chat) -> None:
        self._membership(chat, "member", "kicked")

    def unblock(self, chat: Chat) -> None:
        self._membership(chat, "kicked", "member")

    # inside

    def _refuse_blocked(self, chat: Chat) -> None:
        if chat.blocked:
            raise PhoneError("this person has blocked the bot; unblock or start first")

    def _inbound(self, chat: Chat, **content: Any) -> Message:
        self._refuse_blocked(chat)
        chat.started = True
        message = self.note(chat, mine=True, **content)
        chat.bot.queue.put("message", chat.message_api(message))
        return message

    def note(self, chat: Chat, **content: Any) -> Message:
        attachment: Attachment | None = content.get("attachment")
        if attachment:
            content |= {"kind": attachment.kind, "media": self.files.media(chat.bot.profile.id, attachment)}
        chat.last_id += 1
        message = chat.messages[chat.last_id] = Message(chat.last_id, date=self.now(), **content)
        self._touch(chat, message)
        return message

    def _membership(self, chat: Chat, before: str, after: str) -> None:
        if chat.blocked == (after == "kicked"):
            return
        chat.blocked = after == "kicked"
        change = member_change(chat, chat.user, chat.bot.profile.to_api(), before, after, self.now())
        chat.bot.queue.put("my_chat_member", change)
        self._touch(chat)

    def _touch(self, chat: Chat, message: Message | None = None) -> None:
        self.rev += 1
        chat.rev = self.rev
        if message:
            message.rev = self.rev
        chat.pulse.beat()
        self.pulse.beat()


def _sticker(emoji: str) -> Json:
    ids = {"file_id": "CAACAgUAAxkBAAE", "file_unique_id": "AgADsticker"}
    shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {**ids, **shape, "emoji": emoji, "set_name": "duban"}


def _voice(seconds: int) -> Json:
    ids = {"file_id": "AwACAgUAAxkBAAE", "file_unique_id": "AgADvoice"}
    return {**ids, "duration": seconds, "mime_type": "audio/ogg", "file_size": 4000 * seconds}
