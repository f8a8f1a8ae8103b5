"""Slack's stand-in."""

from typing import Any, Literal

from msgspec import field

from tests.fakes.wire.base import Attachment, Form


class SlackMessage(Form):
    """What a user writes; without a channel in the private one.

    `forwarded` is a message of somebody else's that is shared with it; `shared_by_connect`: the files come from another
    workspace, so that the event tells only their ids; `other_bot`: another app writes.
    """

    user: str
    text: str = ""
    channel: str | None = None
    thread_ts: str | None = None
    files: list[Attachment] = field(default_factory=list)
    subtype: str | None = None
    locale: str = "en-US"
    forwarded: str = ""
    shared_by_connect: bool = False
    other_bot: bool = False


class SlackEdit(Form):
    """A user changes a message (None: deletes it); otherwise than by the user, the service has added a preview."""

    ts: str
    text: str | None
    channel: str | None = None
    user_edit: bool = True


class SlackCommand(Form):
    """A user uses the slash command."""

    user: str
    text: str
    channel: str | None = None
    command: str = "/picoclaw"


class SlackSent(Form):
    """A user's message as it entered the service."""

    channel: str
    ts: str


class SlackSeen(Form):
    """A message of a channel; `text` is the fallback where there are blocks."""

    channel: str
    ts: str
    user: str
    from_bot: bool
    text: str
    time: float = 0.0
    blocks: list[Any] = field(default_factory=list)
    thread_ts: str | None = None
    files: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)


class SlackStatus(Form):
    """How the app is connected, what became of the envelopes, and what it answered to slash commands."""

    connections: int
    opened: int
    acknowledged: int
    unacknowledged: int
    sent_again: int
    ephemeral: list[str] = field(default_factory=list)


class SlackCall(Form):
    """A request of the Web API; `token` is the beginning of the one that came with it."""

    method: str
    time: float
    token: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    error: str = ""


class SlackSettings(Form):
    """What is given is changed, the rest stays.

    `events` are the subscriptions, `retry_s` the pauses before an envelope is sent again, `warn_s` what lies between a
    `warning` and the end of the connection, `hello` whether new connections begin with one.
    """

    tokens: list[str] | None = None
    app_tokens: list[str] | None = None
    revoked: list[str] | None = None
    scopes: list[str] | None = None
    app_scopes: list[str] | None = None
    events: list[str] | None = None
    socket_mode: bool | None = None
    limited: bool | None = None
    retry_s: list[float] | None = None
    acknowledge_s: float | None = None
    hello: bool | None = None
    ping_s: float | None = None
    warn_s: float | None = None


class SlackFault(Form):
    """What befalls the next `times` requests of `method`; see TelegramFault. With 429 `seconds` is what to wait."""

    kind: Literal["error", "hang", "reset", "silence"]
    method: str = "*"
    times: int = 1
    status: int = 200
    error: str = "internal_error"
    body: str | None = None
    seconds: float = 0.0


class SlackOrder(Form):
    """What befalls every open websocket; `again` sends what was acknowledged already."""

    action: Literal["drop", "silence", "warning", "refresh_requested", "link_disabled", "again"]
