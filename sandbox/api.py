"""The methods of the Bot API: what the real server does and refuses, with its own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.commands import CommandMethods
from sandbox.entities import units
from sandbox.errors import ApiError, bad_request
from sandbox.formatting import check_text, text_of
from sandbox.keyboards import Markup, check_inline, read_markup
from sandbox.media import MediaMethods, marks
from sandbox.model import Bot, Chat, Json, Message
from sandbox.params import Params
from sandbox.webhooks import Told, Webhooks, conflict
from sandbox.world import World

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_QUERY_GONE = "query is too old and response timeout expired or query ID is invalid"
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip

Method = Callable[[Bot, Params], Any]


class BotApi:
    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self.world = world
        self.webhooks = webhooks
        self._methods: dict[str, Method] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "getwebhookinfo": self._get_webhook_info,
            "setwebhook": self._set_webhook,
            "deletewebhook": webhooks.delete,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_text,
            "editmessagereplymarkup": self._edit_markup,
            "deletemessage": self._delete_message,
            "answercallbackquery": self._answer_query,
            "sendchataction": self._chat_action,
            **CommandMethods(self._known).all,
            **MediaMethods(world, self._aim).all,
        }

    async def call(self, bot: Bot, method: str, params: Params) -> Any:
        """The result; raises ApiError. Only getUpdates ever waits."""
        act = self._methods.get(method.lower())
        if act is None:
            raise ApiError(404, "Not Found: method not found")
        result = act(bot, params)
        return await result if isinstance(result, Awaitable) else result

    # updates

    def _get_me(self, bot: Bot, _params: Params) -> Json:
        able = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return bot.profile.to_api() | able

    def _get_updates(self, bot: Bot, params: Params) -> Awaitable[list[Json]]:
        if self.webhooks.of(bot):
            raise conflict()
        _remember_allowed(bot, params)
        return bot.queue.poll(params.integer("offset"), params.integer("limit", 100), params.integer("timeout"))

    def _set_webhook(self, bot: Bot, params: Params) -> Told:
        told = self.webhooks.set(bot, params)
        _remember_allowed(bot, params)
        return told

    def _get_webhook_info(self, bot: Bot, _params: Params) -> Json:
        return self.webhooks.info(bot)

    # messages

    def _send_message(self, bot: Bot, params: Params) -> Json:
        text, entities = text_of(params)
        markup = read_markup(params)
        chat, reply_to = self._aim(bot, params)
        _check(text, markup)
        return chat.message_api(self.world.post(chat, text, entities, markup, reply_to, **marks(params)))

    def _aim(self, bot: Bot, params: Params) -> tuple[Chat, int | None]:
        """Where a message goes, and the message it replies to; refuses where none may go."""
        reply_to, needed = _reply(params)
        chat = self._chat(bot, params)
        chat.check_thread(params.integer("message_thread_id"))
        if reply_to and reply_to not in chat.messages:
            if needed:
                raise bad_request("message to be replied not found")
            reply_to = 0
        chat.check_writable()
        return chat, reply_to or None

    def _edit_text(self, bot: Bot, params: Params) -> Json:
        text, entities = text_of(params)
        chat, message, markup = self._to_edit(bot, params)
        if message.kind != "text":
            raise bad_request("there is no text in the message to edit")
        _check(text, markup)
        return self._edited(chat, message, text=text, entities=entities, inline=markup.inline)

    def _edit_markup(self, bot: Bot, params: Params) -> Json:
        chat, message, markup = self._to_edit(bot, params)
        check_inline(markup.inline)
        return self._edited(chat, message, inline=markup.inline)

    def _edited(self, chat: Chat, message: Message, **changes: Any) -> Json:
        if all(getattr(message, name) == value for name, value in changes.items()):
            raise bad_request(_NOT_MODIFIED)
        self.world.edit(chat, message, **changes)
        return chat.message_api(message)

    def _to_edit(self, bot: Bot, params: Params) -> tuple[Chat, Message, Markup]:
        markup = read_markup(params)
        if not params.has("chat_id") and not params.has("message_id"):
            raise bad_request("message identifier is not specified")
        chat = self._chat(bot, params)
        message = chat.messages.get(params.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.mine:
            raise bad_request("message can't be edited")
        chat.check_writable()
        if markup.reply is not None or markup.removes or markup.options.get("force"):
            raise bad_request("inline keyboard expected")
        return chat, message, markup

    def _delete_message(self, bot: Bot, params: Params) -> bool:
        if not params.has("chat_id"):
            raise bad_request("chat identifier is not specified")
        if params.integer("message_id") == 0:
            raise bad_request("message identifier is not specified")
        chat = self._chat(bot, params)
        message = chat.messages.get(params.integer("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        self.world.delete(chat, message)
        return True

    def _answer_query(self, bot: Bot, params: Params) -> bool:
        query = self.world.open_query(params.text("callback_query_id"))
        if query is None or query.chat.bot is not bot:
            raise bad_request(_QUERY_GONE)
        if units(params.text("text")) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        self.world.answer(query, params.text("text"), alert=params.flag("show_alert"))
        return True

    def _chat_action(self, bot: Bot, params: Params) -> bool:
        if params.text("action") not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat = self._chat(bot, params)
        chat.check_writable()
        self.world.typing(chat)
        return True

    def _known(self, bot: Bot, chat_id: int) -> bool:
        return chat_id in self.world.users or (bot.profile.id, chat_id) in self.world.groups

    def _chat(self, bot: Bot, params: Params) -> Chat:
        if not params.has("chat_id"):
            raise bad_request("chat_id is empty")
        chat_id = params.integer("chat_id")
        group = self.world.groups.get((bot.profile.id, chat_id))
        if group is not None:
            return group.reached()
        if chat_id not in self.world.users:
            raise bad_request("chat not found")
        return self.world.chat(bot, chat_id)


def _remember_allowed(bot: Bot, params: Params) -> None:
    if not params.has("allowed_updates"):
        return
    try:
        wanted = params.value("allowed_updates")
    except ValueError:
        return
    if isinstance(wanted, list):
        bot.queue.allowed = frozenset(str(kind) for kind in wanted)


def _reply(params: Params) -> tuple[int, bool]:
    """The message replied to (0: none) and whether it has to exist."""
    if not params.has("reply_parameters"):
        return params.integer("reply_to_message_id"), not params.flag("allow_sending_without_reply")
    try:
        value = params.value("reply_parameters")
    except ValueError:
        raise bad_request("can't parse reply parameters JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply parameters")
    return int(value.get("message_id") or 0), not value.get("allow_sending_without_reply")


def _check(text: str, markup: Markup) -> None:
    check_text(text)
    check_inline(markup.inline)
