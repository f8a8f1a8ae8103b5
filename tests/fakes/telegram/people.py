"""Users and chats as the bot sees them."""

from dataclasses import dataclass
from typing import Any

from tests.fakes import defaults


@dataclass(frozen=True)
class User:
    """Somebody who wrote to the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str = "en"

    def as_object(self) -> dict[str, Any]:
        """The Bot API's User."""
        user = {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": self.language_code}
        return user | ({"username": self.username} if self.username else {})


@dataclass(frozen=True)
class Chat:
    """A private chat has the user's own id and names, a group a title."""

    id: int
    type: str
    first_name: str = ""
    username: str | None = None
    title: str = ""

    def as_object(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        if self.type != "private":
            return {"id": self.id, "type": self.type, "title": self.title}
        chat = {"id": self.id, "type": "private", "first_name": self.first_name}
        return chat | ({"username": self.username} if self.username else {})


def bot_object(*, full: bool = False) -> dict[str, Any]:
    """The Bot API's User of the bot itself; `full` as getMe gives it."""
    bot = {
        "id": defaults.BOT_ID,
        "is_bot": True,
        "first_name": defaults.BOT_NAME,
        "username": defaults.BOT_USERNAME,
    }
    if not full:
        return bot
    return bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
