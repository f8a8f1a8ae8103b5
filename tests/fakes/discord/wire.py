"""Discord's part of the types of the control API; see `tests.fakes.wire`."""

from typing import Any, Literal

import msgspec

from tests.fakes.wire import Attachment


class _Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what the control API takes and gives."""


class DiscordUserMessage(_Form):
    """What a user writes on Discord: in private with the bot, unless a channel or thread is named."""

    user_id: str
    text: str = ""
    channel_id: str | None = None
    name: str = "lab_owner"
    reply_to: str | None = None
    attachments: list[Attachment] = []
    author: Literal["user", "bot", "webhook"] = "user"
    notice: bool = False


class DiscordUserEdit(_Form):
    """A user gives one of their messages another text, or (without a text) deletes it."""

    channel_id: str
    message_id: str
    text: str | None = None


class DiscordOrder(_Form):
    """A user picks a command from the menu, in private unless a channel is named."""

    user_id: str
    command: str
    options: dict[str, str] = {}
    channel_id: str | None = None
    locale: str = "en-US"


class DiscordNewChannel(_Form):
    """A channel of the server, or with `parent` a thread in that channel."""

    name: str
    parent: str | None = None


class DiscordSent(_Form):
    """A user's message, or an order, as it entered the service."""

    channel_id: str
    message_id: str
    time: float


class DiscordMessage(_Form):
    """A message of a channel. `pinged`: whom it notifies, user ids or `everyone`; `edits` counts those of content."""

    message_id: str
    channel_id: str
    from_id: str
    from_bot: bool
    time: float
    text: str = ""
    reply_to: str | None = None
    file_names: list[str] = []
    file_sizes: list[int] = []
    pinged: list[str] = []
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    ephemeral: bool = False


class DiscordCall(_Form):
    """A request of the HTTP API; `route` is as `POST /channels/{channel_id}/messages`, `status` 0 until the answer."""

    route: str
    path: str
    token_ok: bool
    time: float
    body: Any = None
    status: int = 0
    code: int = 0
    seconds: float = 0.0


class DiscordConnection(_Form):
    """A connection to the Gateway: `begun` by IDENTIFY or RESUME, `end` is the close code once it is over."""

    time: float
    begun: Literal["", "identify", "resume"] = ""
    intents: int = 0
    compressed: bool = False
    heartbeats: int = 0
    ready_at: float | None = None
    ended_at: float | None = None
    end: int | None = None


class DiscordInteraction(_Form):
    """A command that a user gave, and what they saw of it: `answer` is the callback's type, 0 for none."""

    id: str
    channel_id: str
    time: float
    answer: int = 0
    answered_at: float | None = None
    text: str = ""
    ephemeral: bool = False


class DiscordSettings(_Form):
    """What is given is changed, the rest stays.

    `message_content`: the switch in the Developer Portal; `heartbeat_s`: what HELLO asks for; `hidden`: channels that
    the bot may not see; `blocked`: users who take no messages from it; `link_s`: how long the address of a file holds.
    """

    tokens: list[str] | None = None
    rate_limits: bool | None = None
    message_content: bool | None = None
    heartbeat_s: float | None = None
    hidden: list[str] | None = None
    blocked: list[str] | None = None
    link_s: float | None = None


class DiscordFault(_Form):
    """What befalls the next `times` requests whose route is `route` (`*` is any).

    error: the answer is `status` with `code` and `message`, or with the raw `body` when given; rate_limit: 429 asking
    for `seconds`, of the whole API with `whole`; hang: the request is handled after `seconds`; lost: it is handled and
    the connection reset instead of the answer; reset: the connection is reset; silence: no answer ever.
    """

    kind: Literal["error", "rate_limit", "hang", "lost", "reset", "silence"]
    route: str = "*"
    times: int = 1
    status: int = 500
    code: int = 0
    message: str = "500: Internal Server Error"
    body: str | None = None
    seconds: float = 0.0
    whole: bool = False


class DiscordGatewayFault(_Form):
    """What befalls the open connections to the Gateway, or (the last three) what comes next.

    drop: reset; close: ended with `code`; silence: nothing is said any more, the socket stays open; no_acks: heartbeats
    are not answered any more; reconnect: op 7; invalid: op 9, with `resumable`; forget: every session is forgotten;
    refuse_resume, ignore_resume: the next `times` RESUMEs get op 9, or no answer; down: the next `times` connections
    are answered 503.
    """

    kind: Literal[
        "drop",
        "close",
        "silence",
        "no_acks",
        "reconnect",
        "invalid",
        "forget",
        "refuse_resume",
        "ignore_resume",
        "down",
    ]
    code: int = 4000
    resumable: bool = False
    times: int = 1
