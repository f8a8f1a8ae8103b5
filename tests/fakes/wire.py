"""The types of the control API, shared by the server and `client.py`; what is not of their form is refused."""

from typing import Any, Literal

import msgspec

NetworkMode = Literal["ok", "silence", "reset", "refuse"]
ChatType = Literal["private", "group", "supergroup"]


class _Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what the control API takes and gives."""


class NetworkSetting(_Form):
    """How a host's sockets behave from now on; `host` may be `*`.

    silence: connections are accepted and never answered, TLS handshake included, and open ones fall silent;
    reset: open and new connections are reset; refuse: nobody listens.
    """

    host: str
    mode: NetworkMode


class Attachment(_Form):
    """A file that a user sends; `content` is base64 on the wire."""

    name: str
    content: bytes
    mime_type: str = "application/octet-stream"


class UserMessage(_Form):
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
    entities: list[dict[str, Any]] = []
    reply_to: int | None = None
    quote: str | None = None
    topic: int | None = None
    album: str | None = None
    document: Attachment | None = None
    photo: Attachment | None = None


class UserEdit(_Form):
    """A user gives one of their messages another text."""

    chat_id: int
    message_id: int
    text: str


class Sent(_Form):
    """A user's message as it entered the service; `update_id` is None when the bot did not ask for its kind."""

    update_id: int | None
    message_id: int
    time: float


class Message(_Form):
    """A message of a chat. Times are Unix time in seconds, taken when the stand-in handled the request."""

    message_id: int
    chat_id: int
    from_id: int
    from_bot: bool
    time: float
    text: str = ""
    entities: list[dict[str, Any]] = []
    parse_mode: str = ""
    reply_to: int | None = None
    file_name: str | None = None
    file_size: int | None = None
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = []
    topic: int | None = None


class Call(_Form):
    """A Bot API request as it arrived; `status` is 0 while it is not answered."""

    method: str
    token_ok: bool
    time: float
    parameters: dict[str, Any]
    status: int = 0
    description: str = ""
    seconds: float = 0.0


class TelegramSettings(_Form):
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


class TelegramFault(_Form):
    """What befalls the next `times` requests of `method` (`*` is any).

    error: the answer is `status` with `description` and `parameters`, or with the raw `body` when given;
    hang: the request is handled after `seconds`; reset: the connection is reset; silence: no answer ever.
    """

    kind: Literal["error", "hang", "reset", "silence"]
    method: str = "*"
    times: int = 1
    status: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, int] = {}
    body: str | None = None
    seconds: float = 0.0


class DiscordMessage(_Form):
    """What a user writes; without a channel in the private one. `type` is the service's, 0 and 19 being people's.

    A thread is made in the channel when it is not there. `forwards`: a message of the same channel that is passed on.
    """

    user_id: str
    text: str = ""
    channel: str | None = None
    thread: str | None = None
    reply_to: str | None = None
    attachments: list[Attachment] = []
    type: int = 0
    author: Literal["user", "bot", "webhook"] = "user"
    forwards: str | None = None


class DiscordEdit(_Form):
    """A user changes a message (None: deletes it); otherwise than by the user, the service has added a preview."""

    id: str
    text: str | None
    user_edit: bool = True


class DiscordCommand(_Form):
    """A user chooses a command of the menu; the argument is its first option."""

    user_id: str
    name: str
    argument: str = ""
    channel: str | None = None
    locale: str = "en-US"


class DiscordSeen(_Form):
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
    files: list[str] = []
    sizes: list[int] = []
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    ephemeral: bool = False
    pinged: list[str] = []
    previews: list[str] = []


class DiscordStatus(_Form):
    """How the bot is connected, and what it has registered."""

    connected: bool
    identifies: int
    resumed: int
    commands: list[str]


class DiscordCall(_Form):
    """A request of the REST API; `code` is the service's own for a refusal."""

    method: str
    path: str
    time: float
    status: int = 0
    code: int = 0
    body: Any = None


class DiscordSettings(_Form):
    """What is given is changed, the rest stays. No tokens at all is a revoked one, whose connections are closed.

    `message_content`: the switch in the Developer Portal; `resumes`: whether sessions can be resumed, `answers_resume`:
    whether the service says so; `limited`: rate limits are kept; `hidden`: channels that the bot may not see;
    `blocked`: users who take no messages from it; `link_s`: how long an address of a file holds that is given from now
    on; `expire_files`: those given so far hold no more.
    """

    tokens: list[str] | None = None
    message_content: bool | None = None
    heartbeat_ms: int | None = None
    acknowledges: bool | None = None
    resumes: bool | None = None
    answers_resume: bool | None = None
    limited: bool | None = None
    hidden: list[str] | None = None
    blocked: list[str] | None = None
    link_s: float | None = None
    expire_files: bool = False


class DiscordFault(_Form):
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


class DiscordOrder(_Form):
    """What befalls every open connection of the Gateway: `close` with that code; `silence` leaves the socket open.

    forget: it is dropped, and its session cannot be resumed.
    """

    action: Literal["drop", "silence", "reconnect", "invalid", "invalid_resumable", "close", "forget"]
    code: int = 4000


class SlackMessage(_Form):
    """What a user writes; without a channel in the private one.

    `forwarded` is a message of somebody else's that is shared with it; `shared_by_connect`: the files come from another
    workspace, so that the event tells only their ids; `other_bot`: another app writes.
    """

    user: str
    text: str = ""
    channel: str | None = None
    thread_ts: str | None = None
    files: list[Attachment] = []
    subtype: str | None = None
    locale: str = "en-US"
    forwarded: str = ""
    shared_by_connect: bool = False
    other_bot: bool = False


class SlackEdit(_Form):
    """A user changes a message (None: deletes it); otherwise than by the user, the service has added a preview."""

    ts: str
    text: str | None
    channel: str | None = None
    user_edit: bool = True


class SlackCommand(_Form):
    """A user uses the slash command."""

    user: str
    text: str
    channel: str | None = None
    command: str = "/picoclaw"


class SlackSent(_Form):
    """A user's message as it entered the service."""

    channel: str
    ts: str


class SlackSeen(_Form):
    """A message of a channel; `text` is the fallback where there are blocks."""

    channel: str
    ts: str
    user: str
    from_bot: bool
    text: str
    time: float = 0.0
    blocks: list[Any] = []
    thread_ts: str | None = None
    files: list[str] = []
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = []


class SlackStatus(_Form):
    """How the app is connected, what became of the envelopes, and what it answered to slash commands."""

    connections: int
    opened: int
    acknowledged: int
    unacknowledged: int
    sent_again: int
    ephemeral: list[str] = []


class SlackCall(_Form):
    """A request of the Web API; `token` is the beginning of the one that came with it."""

    method: str
    time: float
    token: str = ""
    parameters: dict[str, Any] = {}
    status: int = 0
    error: str = ""


class SlackSettings(_Form):
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


class SlackFault(_Form):
    """What befalls the next `times` requests of `method`; see TelegramFault. With 429 `seconds` is what to wait."""

    kind: Literal["error", "hang", "reset", "silence"]
    method: str = "*"
    times: int = 1
    status: int = 200
    error: str = "internal_error"
    body: str | None = None
    seconds: float = 0.0


class SlackOrder(_Form):
    """What befalls every open websocket; `again` sends what was acknowledged already."""

    action: Literal["drop", "silence", "warning", "refresh_requested", "link_disabled", "again"]


class ToolCall(_Form):
    """A tool call of the model; `arguments` as a string is sent as it is, malformed or not."""

    name: str
    arguments: dict[str, Any] | str = {}
    id: str | None = None


FailureKind = Literal[
    "key", "forbidden", "quota", "model", "rate_limit", "too_large", "context", "server", "overloaded", "timeout"
]


class HttpError(_Form):
    """An error for an answer: a `kind`, in the status and form that the provider has for it, or a bare `status`.

    Without a body it is the provider's own. `retry_after` is said the provider's way: a header, or a RetryInfo.
    """

    status: int = 0
    kind: FailureKind | None = None
    body: Any = None
    headers: dict[str, str] = {}
    message: str | None = None
    retry_after: float | None = None


class Reply(_Form):
    """What the model does with one request, in every dialect.

    `finish_reason` is OpenAI's word (`length`, `content_filter`, ...) and said in the dialect's own; a word that OpenAI
    does not have is sent as it is. `refusal`: the provider's filter answers instead of the model. `cached_tokens` of
    the prompt came from a cache. Arguments that are no JSON object are what the dialect makes of them.

    `delay` seconds before the first byte, `first_chunk_delay` after the head of a stream, `chunk_delay` between its
    chunks; `cut_after` chunks (and never later than before the last) the connection closes, or `stream_error` or
    `garbage` end the stream; without `cut_after`, `garbage` replaces the body; `connection` is lost without an answer.
    """

    text: str = ""
    tool_calls: list[ToolCall] = []
    refusal: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    error: HttpError | None = None
    delay: float = 0.0
    first_chunk_delay: float = 0.0
    chunk_delay: float = 0.0
    cut_after: int | None = None
    stream_error: str | None = None
    garbage: str | None = None
    connection: Literal["kept", "reset", "silence"] = "kept"


class Rule(_Form):
    """Answers with `reply` when `match` (a regular expression, case ignored) is found in the newest message.

    `on` says what that has to be: what the user wrote, or a tool's result.
    """

    match: str
    reply: Reply
    on: Literal["user", "tool"] = "user"


class LlmSettings(_Form):
    """What is given is changed, the rest stays."""

    keys: list[str] | None = None
    models: list[str] | None = None


class Image(_Form):
    """A picture that was shown to the model, by content or by address."""

    media_type: str = ""
    data: bytes = b""
    url: str = ""


class Conversation(_Form):
    """A request as every dialect understands it; `tool_output` is None unless a tool's result is the newest message."""

    user_text: str = ""
    tool_output: str | None = None
    tools: list[str] = []
    system: str = ""
    images: list[Image] = []


def text_of(message: dict[str, Any]) -> str:
    """What a chat message says, be its content a text or a list of parts (as it is where it marks a cache)."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class LlmRequest(_Form):
    """A request to a model's API as it arrived, and as it was `seen` when it was accepted.

    `problem` says why it was refused, empty when it was not.
    """

    host: str
    path: str
    time: float
    authorization: Literal["ok", "bad", "missing"]
    body: Any
    seen: Conversation | None = None
    status: int = 0
    problem: str = ""
    seconds: float = 0.0
