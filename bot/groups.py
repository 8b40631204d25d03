"""Groups: the bot says once what it is for, and otherwise keeps silent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from telegram import Chat, ChatMember, ChatMemberUpdated, Message, MessageEntity, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.turns import turn
from bot.words import FROM_GROUP
from services import groups
from services.groups import Heard

_START = re.compile(r"/start(?:@\w+)?\s+([A-Za-z0-9_-]{1,64})|[?&]start=([A-Za-z0-9_-]{1,64})")
_ABSENT = (ChatMember.BANNED, ChatMember.LEFT)


def register(application: Application) -> None:  # type: ignore[type-arg]
    said = filters.ChatType.GROUPS & filters.UpdateType.MESSAGES
    application.add_handler(MessageHandler(said & filters.StatusUpdate.MIGRATE, moved))
    application.add_handler(MessageHandler(said & ~filters.StatusUpdate.ALL, heard))


async def moved(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """The old group's last word names the new one; the new one's first word says nothing more."""
    here, message = turn(), update.message
    if message is not None and message.migrate_to_chat_id is not None:
        await groups.move(here.session, here.bureau.id, here.to.chat_id, message.migrate_to_chat_id)


async def heard(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.effective_message
    if message is not None and message.from_user is not None:
        await groups.heard(turn(), _heard(message.from_user.id, message, context), context.bot.username)


async def membership(change: ChatMemberUpdated, bot: str) -> None:
    """The bot was added to a group or removed from it; in a channel it has nothing to say."""
    here = turn()
    was, stands = (member.status not in _ABSENT for member in (change.old_chat_member, change.new_chat_member))
    if not stands:
        await groups.left(here.session, here.bureau.id, here.to.chat_id, here.now)
    elif not was and change.chat.type in (Chat.GROUP, Chat.SUPERGROUP):
        await groups.came(here, bot)


def _heard(user_id: int, message: Message, context: ContextTypes.DEFAULT_TYPE) -> Heard:
    words = message.text or message.caption or ""
    marks = [*_marked(message, context.bot.username.lower())]
    return Heard(
        user_id,
        words,
        tuple(_links(message, words)),
        to_bot=bool(marks) or _replies_to(message, context.bot.id),
        is_command=MessageEntity.BOT_COMMAND in marks,
    )


def _replies_to(message: Message, bot_id: int) -> bool:
    replied = message.reply_to_message
    return replied is not None and replied.from_user is not None and replied.from_user.id == bot_id


def _marked(message: Message, bot: str) -> Iterator[str]:
    """The kinds of marks in the text that mean this bot."""
    for entities in (message.parse_entities(), message.parse_caption_entities()):
        yield from (entity.type for entity, text in entities.items() if _means(bot, entity.type, text.lower()))


def _means(bot: str, kind: str, text: str) -> bool:
    """Its @name, or a command for it or for everybody."""
    if kind == MessageEntity.BOT_COMMAND:
        return text.partition("@")[2] in ("", bot)
    return kind == MessageEntity.MENTION and text == f"@{bot}"


def _links(message: Message, words: str) -> Iterator[str]:
    """Payloads of start links, in the text and behind it."""
    behind = [entity.url for entity in (*message.entities, *message.caption_entities) if entity.url]
    for text in (words, *behind):
        yield from (one or other for one, other in _START.findall(text) if (one or other) != FROM_GROUP)
