"""Everything that the service remembers: users, chats, messages, files, updates, settings and the record of calls."""

import secrets
import time
from collections import deque
from itertools import count

from tests.fakes import defaults
from tests.fakes.faults import Faults
from tests.fakes.signals import Signal
from tests.fakes.telegram.errors import ApiError, bad_request
from tests.fakes.telegram.flood import FloodControl
from tests.fakes.telegram.formatting.automatic import addresses_bot, with_automatic
from tests.fakes.telegram.formatting.given import given_entity
from tests.fakes.telegram.formatting.text import Formatted
from tests.fakes.telegram.messages import StoredFile, StoredMessage
from tests.fakes.telegram.people import Chat, User
from tests.fakes.telegram.pictures import checked_size
from tests.fakes.telegram.updates import UpdateQueue
from tests.fakes.wire import Call, Sent, TelegramFault, TelegramSettings, UserEdit, UserMessage

_CALLS_KEPT = 20_000


class World:
    """The service with one bot. Tests in the same process may use it directly; others go through the control API."""

    def __init__(self) -> None:
        """A fresh service; identifiers go on over `reset`, as the bot's offset does."""
        self.updates = UpdateQueue()
        self.flood = FloodControl()
        self.faults: Faults[TelegramFault] = Faults()
        self.changed = Signal()
        self._message_ids = count(1)
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self.tokens = {defaults.TELEGRAM_TOKEN}
        self.blocked: set[int] = set()
        self.privacy = False
        self._moved: dict[int, int] = {}
        self.calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self._chats: dict[int, Chat] = {}
        self._messages: dict[int, dict[int, StoredMessage]] = {}
        self._topics: dict[int, set[int]] = {}
        self._files: dict[str, StoredFile] = {}
        self.updates.clear()
        self.flood.clear()
        self.faults.clear()

    def change(self, settings: TelegramSettings) -> None:
        """Changes what is given."""
        if settings.tokens is not None:
            self.set_tokens(set(settings.tokens))
        if settings.flood_control is not None:
            self.flood.active = settings.flood_control
        if settings.blocked is not None:
            self.blocked = set(settings.blocked)
        if settings.privacy is not None:
            self.privacy = settings.privacy
        if settings.moved is not None:
            self._move(settings.moved)
        for topics in self._topics.values():
            topics.difference_update(settings.lost_topics or ())

    def _move(self, moved: dict[int, int]) -> None:
        """Groups become supergroups: the same people, another number, and messages that count from one again."""
        self._moved = moved
        for old, new in moved.items():
            self._chats[new] = Chat(new, "supergroup", title=self._chats[old].title)
            self._messages.setdefault(new, {})

    def set_tokens(self, tokens: set[str]) -> None:
        """Makes these the bot's tokens; a poll under way ends when one is revoked, as the service logs it out."""
        if self.tokens - tokens:
            self.updates.end_poll(ApiError(401, "Unauthorized"))
        self.tokens = tokens

    def user_writes(self, order: UserMessage) -> Sent:
        """A user's message arrives; raises ApiError when it answers a message that is not there."""
        user = User(order.user_id, order.first_name, order.username, order.language_code)
        chat = self._meet(order, user)
        content = with_automatic(Formatted(order.text, [given_entity(entity) for entity in order.entities]))
        reply_to = None if order.reply_to is None else self.message(chat.id, order.reply_to, "message to be replied")
        message = StoredMessage(self.next_id(), chat, user, content, self._attachment(order), reply_to)
        message.topic, message.album, message.quote = order.topic or 0, order.album, order.quote
        self._topics.setdefault(chat.id, set()).add(message.topic)
        self.store(message)
        update_id = self.updates.push("message", message.as_object()) if self._shown(message) else None
        return Sent(update_id=update_id, message_id=message.id, time=message.time)

    def _shown(self, message: StoredMessage) -> bool:
        """Whether the bot gets to see it, which in privacy mode is not everything."""
        if not self.privacy or message.chat.type == "private":
            return True
        answers_bot = message.reply_to is not None and message.reply_to.sender is None
        return answers_bot or addresses_bot(message.content)

    def user_edits(self, order: UserEdit) -> Sent:
        """A user changes a message; raises ApiError when it is not theirs or not there."""
        message = self.message(order.chat_id, order.message_id, "message to edit")
        if message.sender is None:
            raise bad_request("message can't be edited")
        self.edited(message, with_automatic(Formatted(order.text)))
        update_id = self.updates.push("edited_message", message.as_object())
        return Sent(update_id=update_id, message_id=message.id, time=message.time)

    def topic(self, chat_id: int, topic: int) -> int:
        """A topic that the chat has; raises ApiError in the service's words."""
        if topic and topic not in self._topics.get(chat_id, ()):
            raise bad_request("message thread not found")
        return topic

    def _meet(self, order: UserMessage, user: User) -> Chat:
        chat_id = order.user_id if order.chat_id is None else order.chat_id
        if order.chat_type == "private":
            chat = Chat(chat_id, "private", user.first_name, user.username)
        else:
            chat = Chat(chat_id, order.chat_type, title=f"Lab group {abs(chat_id)}")
        self._chats[chat_id] = chat
        self._messages.setdefault(chat_id, {})
        return chat

    def _attachment(self, order: UserMessage) -> StoredFile | None:
        if order.photo is not None:
            size = checked_size(order.photo.content)
            return self.keep_file("photos", order.photo.name, order.photo.mime_type, order.photo.content, size)
        if order.document is not None:
            return self.keep_file("documents", order.document.name, order.document.mime_type, order.document.content)
        return None

    def next_id(self) -> int:
        """The number of the next message."""
        return next(self._message_ids)

    def store(self, message: StoredMessage) -> StoredMessage:
        """Puts a message into its chat and wakes who waits for it."""
        self._messages[message.chat.id][message.id] = message
        self.changed.fire()
        return message

    def edited(self, message: StoredMessage, content: Formatted) -> StoredMessage:
        """Gives a message other content."""
        message.content = content
        message.edited = time.time()
        message.edits += 1
        self.changed.fire()
        return message

    def chat(self, chat_id: str) -> Chat:
        """The chat that the bot may write to; raises ApiError in the service's words."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        digits = chat_id.removeprefix("-")
        chat = self._chats.get(int(chat_id)) if digits.isdecimal() else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.id in self._moved:
            reason = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, reason, migrate_to_chat_id=self._moved[chat.id])
        if chat.id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def message(self, chat_id: int, message_id: int, what: str) -> StoredMessage:
        """A message that is there; `what` is its name in the refusal."""
        message = self._messages.get(chat_id, {}).get(message_id)
        if message is None or message.deleted:
            raise bad_request(f"{what} not found")
        return message

    def messages(self, chat_id: int, after: int = 0) -> list[StoredMessage]:
        """The chat's messages of both sides, deleted ones included, from the oldest on."""
        return [message for number, message in self._messages.get(chat_id, {}).items() if number > after]

    def keep_file(
        self, folder: str, name: str, mime_type: str, content: bytes, size: tuple[int, int] | None = None
    ) -> StoredFile:
        """Keeps a file under a fresh identifier and path."""
        number = len(self._files)
        suffix = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
        identifier = f"BQACAgQAAxkB{secrets.token_urlsafe(36)}"
        path = f"{folder}/file_{number}{suffix}"
        file = StoredFile(identifier, secrets.token_urlsafe(11), path, name, mime_type, content, size)
        self._files[identifier] = file
        return file

    def file(self, file_id: str) -> StoredFile | None:
        """The file of an identifier."""
        return self._files.get(file_id)

    def file_at(self, path: str) -> StoredFile | None:
        """The file of a path."""
        return next((file for file in self._files.values() if file.path == path), None)
