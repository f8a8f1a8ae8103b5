"""Telegram's stand-in."""

from typing import Any, Literal

from msgspec import field

from tests.fakes.wire.base import Attachment, Form

ChatType = Literal["private", "group", "supergroup"]


class UserMessage(Form):
    """What a user writes to the bot. `chat_id` is the user's own private chat unless given.

    `entities` are those that the user's app adds (a link behind words, a mention by name); the service finds the rest.
    `quote` is the part of the answered message that is quoted.
    """

    user_id: int
    text: str = ""
    chat_id: int | None = None
    chat_type: ChatType = "private"
    username: str | None = None
    first_name: str = "Lab"
    language_code: str = "en"
    entities: list[dict[str, Any]] = field(default_factory=list)
    reply_to: int | None = None
    quote: str | None = None
    topic: int | None = None
    album: str | None = None
    document: Attachment | None = None
    photo: Attachment | None = None


class UserEdit(Form):
    """A user gives one of their messages another text."""

    chat_id: int
    message_id: int
    text: str


class Sent(Form):
    """A user's message as it entered the service; `update_id` is None when the bot did not ask for its kind."""

    update_id: int | None
    message_id: int
    time: float


class Message(Form):
    """A message of a chat. Times are Unix time in seconds, taken when the stand-in handled the request."""

    message_id: int
    chat_id: int
    from_id: int
    from_bot: bool
    time: float
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)
    parse_mode: str = ""
    reply_to: int | None = None
    file_name: str | None = None
    file_size: int | None = None
    file_sha256: str | None = None  # in hex
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)
    topic: int | None = None


class Call(Form):
    """A Bot API request as it arrived; `status` is 0 while it is not answered."""

    method: str
    token_ok: bool
    time: float
    parameters: dict[str, Any]
    status: int = 0
    description: str = ""
    seconds: float = 0.0


class TelegramSettings(Form):
    """What is given is changed, the rest stays.

    `blocked`: users who blocked the bot; `privacy`: in groups the bot sees only what is addressed to it;
    `moved`: groups that became supergroups, old number to new; `lost_topics`: those that were deleted.
    """

    tokens: list[str] | None = None
    flood_control: bool | None = None
    blocked: list[int] | None = None
    privacy: bool | None = None
    moved: dict[int, int] | None = None
    lost_topics: list[int] | None = None


class TelegramFault(Form):
    """What befalls the next `times` requests of `method` (`*` is any), of those alone that have `says` in their text.

    error: the answer is `status` with `description` and `parameters`, or with the raw `body` when given;
    hang: the request is handled after `seconds`; reset: the connection is reset; silence: no answer ever.
    """

    kind: Literal["error", "hang", "reset", "silence"]
    method: str = "*"
    says: str = ""
    times: int = 1
    status: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, int] = field(default_factory=dict)
    body: str | None = None
    seconds: float = 0.0
