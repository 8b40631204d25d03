"""What happens in a group, for tests: the bot comes and goes, people speak, the group moves, topics open and close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.entities import mentions_in
from sandbox.errors import PhoneError
from sandbox.groups import Group, GroupKind, Standing, Topic, member_change
from sandbox.model import Bot, Json, Message, User
from sandbox.phone import Bubble, NotSeen, bubble
from sandbox.world import World

SOMEBODY = User(900_000_001, "群主")


class Gathering:
    """One group as everybody in it sees it. People are made members when they first do something there."""

    def __init__(self, world: World, group: Group) -> None:
        self.world = world
        self.group = group
        self._acted = world.rev

    @property
    def id(self) -> int:
        return self.group.id

    @property
    def messages(self) -> list[Bubble]:
        return [bubble(message) for message in self.group.messages.values()]

    @property
    def received(self) -> list[Bubble]:
        """What the bot said here."""
        return [message for message in self.messages if not message.mine]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.received]

    # the bot

    async def add_bot(self, by: int | None = None, *, admin: bool = False) -> None:
        """my_chat_member and the service message, as both come from the real server."""
        self._acted = self.world.rev
        self._stand("administrator" if admin else "member", by)
        self._service({"new_chat_members": [self._bot_api]}, self._user(by))

    async def promote_bot(self, by: int | None = None) -> None:
        self._stand("administrator", by)

    async def remove_bot(self, by: int | None = None, *, kicked: bool = True) -> None:
        """The bot of a small group also sees itself leave."""
        if self.group.kind == "group":
            self._service({"left_chat_member": self._bot_api}, self._user(by))
        self._stand("kicked" if kicked else "left", by)

    # people

    async def join(self, user_id: int, by: int | None = None) -> None:
        who = self._user(user_id, joins=False)
        self.group.members[who.id] = who
        self._service({"new_chat_members": [who.to_api()]}, self._user(by) if by else who)
        self._tell_admin(who, "left", "member")

    async def leave(self, user_id: int) -> None:
        who = self.group.members.pop(user_id)
        self._service({"left_chat_member": who.to_api()}, who)
        self._tell_admin(who, "member", "left")

    async def say(
        self, user_id: int, text: str, *, thread: int | None = None, reply_to: Bubble | int | None = None
    ) -> Bubble:
        """Heard by the bot only as far as its privacy mode lets it."""
        self._acted = self.world.rev
        if thread is not None and thread not in self.group.topics:
            raise PhoneError(f"there is no topic {thread}")
        replied = reply_to.id if isinstance(reply_to, Bubble) else reply_to
        said = {"text": text, "entities": mentions_in(text), "reply_to": replied, "thread": thread}
        message = self.world.note(self.group, mine=True, author=self._user(user_id), **said)
        if self.group.hears(message):
            self.group.bot.queue.put("message", self.group.message_api(message))
        return bubble(message)

    async def press_data(self, user_id: int, message: Bubble | int, data: str) -> str:
        """Any button, as anybody in the group may tap it; → query id."""
        number = message.id if isinstance(message, Bubble) else message
        return self.world.press_data(self.group, number, data, self._user(user_id))

    # the group itself

    async def migrate(self, new_id: int = 0) -> Gathering:
        """It becomes a supergroup of another id: the last message of the old one and the first of the new say so."""
        if self.group.kind != "group" or self.group.moved_to is not None:
            raise PhoneError("only a small group can become a supergroup")
        old, new_id = self.group, new_id or -1_000_000_000_000 + self.id
        new = gathering(self.world, old.bot, new_id, old.title, kind="supergroup")
        new.group.standing, new.group.privacy = old.standing, old.privacy
        new.group.members = dict(old.members)
        self._service({"migrate_to_chat_id": new_id}, SOMEBODY)
        old.moved_to = new_id
        new._service({"migrate_from_chat_id": old.id}, SOMEBODY)
        return new

    async def open_topic(self, name: str, by: int | None = None) -> int:
        """The thread id: that of the message which opened it. Only a supergroup has topics."""
        if self.group.kind != "supergroup":
            raise PhoneError("only a supergroup has topics")
        thread = self.group.last_id + 1
        self.group.topics[thread] = Topic(name)
        self._service({"forum_topic_created": {"name": name, "icon_color": 7322096}}, self._user(by), thread)
        return thread

    async def close_topic(self, thread: int) -> None:
        self.group.topics[thread].closed = True
        self._service({"forum_topic_closed": {}}, SOMEBODY, thread)

    async def delete_topic(self, thread: int) -> None:
        del self.group.topics[thread]

    # patience

    async def wait_for(self, wanted: str | Callable[[Bubble], bool], timeout: float = 5.0) -> Bubble:  # noqa: ASYNC109
        """The newest message of the bot that fits and came after the last deed here. Raises NotSeen."""
        fits = (lambda b: wanted in b.text) if isinstance(wanted, str) else wanted
        try:
            async with asyncio.timeout(timeout):
                while True:
                    found = [b for b in self.received if b.rev > self._acted and fits(b)]
                    if found:
                        return found[-1]
                    await self.group.pulse.wait(1.0)
        except TimeoutError:
            raise NotSeen(f"waited {timeout:g} s for {wanted!r}; the group shows {self.texts}") from None

    # inside

    @property
    def _bot_api(self) -> Json:
        return self.group.bot.profile.to_api()

    def _user(self, user_id: int | None, *, joins: bool = True) -> User:
        if user_id is None:
            return SOMEBODY
        if user_id not in self.world.users:
            self.world.add_user(User(user_id, f"用户{user_id}"))
        if joins:
            self.group.members[user_id] = self.world.users[user_id]
        return self.world.users[user_id]

    def _service(self, what: Json, author: User, thread: int | None = None) -> Message:
        message = self.world.note(self.group, mine=True, author=author, kind="service", media=what, thread=thread)
        if self.group.has_bot:
            self.group.bot.queue.put("message", self.group.message_api(message))
        return message

    def _stand(self, standing: Standing, by: int | None) -> None:
        before, self.group.standing = self.group.standing or "left", standing
        at = self.world.now()
        change = member_change(self.group, self._user(by), self._bot_api, before, standing, at)
        self.group.bot.queue.put("my_chat_member", change)

    def _tell_admin(self, who: User, before: str, after: str) -> None:
        """Only a bot that is an administrator hears of others' membership beside the service message."""
        if self.group.standing == "administrator":
            change = member_change(self.group, who, who.to_api(), before, after, self.world.now())
            self.group.bot.queue.put("chat_member", change)


def gathering(world: World, bot: Bot, chat_id: int, title: str = "", *, kind: GroupKind | None = None) -> Gathering:
    """The group of this id, made when unknown: a supergroup when it is below -10^12, as the real ones are."""
    if chat_id >= 0:
        raise PhoneError("ids of groups are negative")
    key = (bot.profile.id, chat_id)
    if key not in world.groups:
        kind = kind or ("supergroup" if chat_id <= -1_000_000_000_000 else "group")
        world.groups[key] = Group(bot, User(chat_id, title or "校长群"), kind=kind)
    return Gathering(world, world.groups[key])
