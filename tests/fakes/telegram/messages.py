"""Messages and files as the service keeps them."""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import defaults, wire
from tests.fakes.telegram.formatting.text import Formatted
from tests.fakes.telegram.people import Chat, User, bot_object


@dataclass(frozen=True)
class StoredFile:
    """A file that was sent; `path` is what getFile answers, `size` the picture's width and height if it is one."""

    id: str
    unique_id: str
    path: str
    name: str
    mime_type: str
    content: bytes
    size: tuple[int, int] | None = None

    def as_media(self) -> dict[str, Any]:
        """The message's field for it: a photo in its one size, or a document."""
        main = {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}
        if self.size is not None:
            return {"photo": [main | {"width": self.size[0], "height": self.size[1]}]}
        return {"document": main | {"file_name": self.name, "mime_type": self.mime_type}}


@dataclass
class StoredMessage:
    """A message; `sender` is None when the bot wrote it."""

    id: int
    chat: Chat
    sender: User | None
    content: Formatted
    file: StoredFile | None = None
    reply_to: "StoredMessage | None" = None
    parse_mode: str = ""
    reply_markup: Any = None
    topic: int = 0
    album: str | None = None
    quote: str | None = None
    time: float = field(default_factory=time.time)
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)  # links that were, for a preview

    def as_object(self, *, with_reply: bool = True) -> dict[str, Any]:
        """The Bot API's Message; the message it answers carries no further answer inside."""
        message: dict[str, Any] = {
            "message_id": self.id,
            "from": self.sender.as_object() if self.sender else bot_object(),
            "chat": self.chat.as_object(),
            "date": int(self.time),
        }
        if self.edited is not None:
            message["edit_date"] = int(self.edited)
        if self.reply_to is not None and with_reply:
            message["reply_to_message"] = self.reply_to.as_object(with_reply=False)
        if self.quote is not None and self.reply_to is not None:
            message["quote"] = {"text": self.quote, "position": max(0, self.reply_to.content.text.find(self.quote))}
        if self.topic:
            message |= {"message_thread_id": self.topic, "is_topic_message": True}
        if self.album is not None:
            message["media_group_id"] = self.album
        message |= self._content()
        if isinstance(self.reply_markup, dict) and "inline_keyboard" in self.reply_markup:
            message["reply_markup"] = self.reply_markup
        return message

    def _content(self) -> dict[str, Any]:
        text, entities = ("text", "entities") if self.file is None else ("caption", "caption_entities")
        content = {} if self.file is None else self.file.as_media()
        if self.content.text:
            content[text] = self.content.text
        if self.content.entities:
            content[entities] = [entity.as_object() for entity in self.content.entities]
        return content

    def as_wire(self) -> wire.Message:
        """For the control API."""
        return wire.Message(
            message_id=self.id,
            chat_id=self.chat.id,
            from_id=self.sender.id if self.sender else defaults.BOT_ID,
            from_bot=self.sender is None,
            time=self.time,
            text=self.content.text,
            entities=[entity.as_object() for entity in self.content.entities],
            parse_mode=self.parse_mode,
            reply_to=self.reply_to.id if self.reply_to else None,
            file_name=self.file.name if self.file else None,
            file_size=len(self.file.content) if self.file else None,
            file_sha256=hashlib.sha256(self.file.content).hexdigest() if self.file else None,
            edited=self.edited,
            edits=self.edits,
            deleted=self.deleted,
            reactions=list(self.reactions),
            topic=self.topic or None,
        )
