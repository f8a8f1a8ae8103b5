"""Discord's stand-in."""

from typing import Any, Literal

from msgspec import field

from tests.fakes.wire.base import Attachment, Form


class DiscordMessage(Form):
    """What a user writes; without a channel in the private one. `type` is the service's, 0 and 19 being people's.

    A thread is made in the channel when it is not there. `forwards`: a message of the same channel that is passed on.
    """

    user_id: str
    text: str = ""
    channel: str | None = None
    thread: str | None = None
    reply_to: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    type: int = 0
    author: Literal["user", "bot", "webhook"] = "user"
    forwards: str | None = None


class DiscordEdit(Form):
    """A user changes a message (None: deletes it); otherwise than by the user, the service has added a preview."""

    id: str
    text: str | None
    user_edit: bool = True


class DiscordCommand(Form):
    """A user chooses a command of the menu; the argument is its first option."""

    user_id: str
    name: str
    argument: str = ""
    channel: str | None = None
    locale: str = "en-US"


class DiscordSeen(Form):
    """A message of a channel.

    `pinged`: whom it notifies, ids or `everyone`; `previews`: addresses in it that the service fetches to show them.
    """

    id: str
    channel_id: str
    author: str
    from_bot: bool
    text: str
    time: float
    reply_to: str | None = None
    files: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    ephemeral: bool = False
    pinged: list[str] = field(default_factory=list)
    previews: list[str] = field(default_factory=list)


class DiscordStatus(Form):
    """How the bot is connected, and what it has registered."""

    connected: bool
    identifies: int
    resumed: int
    commands: list[str]


class DiscordCall(Form):
    """A request of the REST API; `code` is the service's own for a refusal."""

    method: str
    path: str
    time: float
    status: int = 0
    code: int = 0
    body: Any = None


class DiscordSettings(Form):
    """What is given is changed, the rest stays. No tokens at all is a revoked one, whose connections are closed.

    `message_content`: the switch in the Developer Portal; `resumes`: whether sessions can be resumed, `answers_resume`:
    whether the service says so; `preferred_locale`: the server's language; `limited`: rate limits are kept; `hidden`:
    channels that the bot may not see; `blocked`: users who take no messages from it; `link_s`: how long an address of a
    file holds that is given from now on; `expire_files`: those given so far hold no more.
    """

    tokens: list[str] | None = None
    message_content: bool | None = None
    heartbeat_ms: int | None = None
    acknowledges: bool | None = None
    resumes: bool | None = None
    answers_resume: bool | None = None
    preferred_locale: str | None = None
    limited: bool | None = None
    hidden: list[str] | None = None
    blocked: list[str] | None = None
    link_s: float | None = None
    expire_files: bool = False


class DiscordFault(Form):
    """What befalls the next `times` requests of the REST API whose path matches.

    error: the answer is `status` with `code` and `message`, or the raw `body` when given; with the status 429 `seconds`
    is what to wait, for everything when `whole`. hang: the request is handled after `seconds`; lost: it is handled, and
    the connection reset instead of the answer; reset: the connection is reset; silence: no answer ever.
    """

    kind: Literal["error", "hang", "lost", "reset", "silence"]
    method: str = "*"
    path: str = ""
    times: int = 1
    status: int = 500
    code: int = 0
    message: str = "fault"
    body: str | None = None
    seconds: float = 0.0
    whole: bool = False


class DiscordOrder(Form):
    """What befalls every open connection of the Gateway: `close` with that code; `silence` leaves the socket open.

    forget: it is dropped, and its session cannot be resumed.
    """

    action: Literal["drop", "silence", "reconnect", "invalid", "invalid_resumable", "close", "forget"]
    code: int = 4000
