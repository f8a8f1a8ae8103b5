"""Drives running stand-ins from a test, a benchmark or a script: the control API as typed, blocking methods."""

import socket
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx
import msgspec

from tests.fakes import defaults, wire
from tests.fakes.errors import FakesError

T = TypeVar("T")

_PAUSE_S = 0.1
_SLACK = 10.0


def _is_draft(text: str) -> bool:
    """Whether the assistant shows by this that it is still writing, or what it is doing."""
    return text.endswith("…") or text.rpartition("\n")[2].startswith("⚙ ")


def connect_once(path: str) -> None:
    """OSError when nothing listens there. Asked before httpcore, which leaves open a socket that it cannot connect."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.connect(path)


class FakesClient:
    """Talks to the control socket; every method raises FakesError when the stand-ins refuse or are not there."""

    def __init__(self, control: Path | str) -> None:
        """`control` is the path from `fakes.json`."""
        self.control = str(control)
        transport = httpx.HTTPTransport(uds=self.control)
        self._reached = False
        self._http = httpx.Client(transport=transport, base_url="http://fakes", timeout=_SLACK)

    def __enter__(self) -> Self:
        """Closed when the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def ping(self) -> dict[str, str]:
        """Host names and the addresses where they are served."""
        return self._get("/ping", dict[str, str])

    def wait_until_ready(self, timeout: float = 10.0) -> None:
        """For who has just started the process."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.ping()
            except FakesError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def reset(self) -> None:
        """Everything back to the defaults; messages, calls, scripts and faults are forgotten."""
        self._post("/reset", {})

    def network(self, host: str, mode: wire.NetworkMode) -> None:
        """Makes a host (`*`: every one) fall silent, reset, refuse, or be itself again; see `wire.NetworkSetting`."""
        self._post("/network", wire.NetworkSetting(host=host, mode=mode))

    def user_message(self, text: str = "", *, user_id: int = defaults.OWNER_ID, **options: Any) -> wire.Sent:
        """A user writes to the bot; `options` are the further fields of `wire.UserMessage`."""
        message = wire.UserMessage(user_id=user_id, text=text, **options)
        return self._post("/telegram/user_message", message, wire.Sent)

    def user_edit(self, message_id: int, text: str, *, chat_id: int = defaults.OWNER_ID) -> wire.Sent:
        """A user gives one of their messages another text."""
        return self._post(
            "/telegram/user_edit", wire.UserEdit(chat_id=chat_id, message_id=message_id, text=text), wire.Sent
        )

    def chat(self, chat_id: int = defaults.OWNER_ID, *, after: int = 0) -> list[wire.Message]:
        """The messages of both sides with a number above `after`."""
        return self._get(f"/telegram/chat/{chat_id}", list[wire.Message], after=after)

    def wait_for_reply(
        self, chat_id: int = defaults.OWNER_ID, *, after: int = 0, timeout: float = 10.0, containing: str = ""
    ) -> list[wire.Message]:
        """The bot's messages above `after`, as soon as there are any (and one contains the text); edits count.

        Raises:
            FakesError: nothing came in time.
        """
        path, query = f"/telegram/chat/{chat_id}/wait", {"after": str(after), "containing": containing}
        messages = self._get(path, list[wire.Message], timeout, timeout=timeout, **query)
        if not messages:
            wanted = f" with {containing!r}" if containing else ""
            raise FakesError(f"the bot sent nothing{wanted} to chat {chat_id} within {timeout:g} s of waiting")
        return messages

    def ask(self, text: str, *, timeout: float = 10.0, user_id: int = defaults.OWNER_ID) -> list[wire.Message]:
        """Writes as the user and waits for the bot's reply, drafts of it not being any."""
        sent = self.user_message(text, user_id=user_id)
        deadline = time.monotonic() + timeout
        replies = self.wait_for_reply(user_id, after=sent.message_id, timeout=timeout)
        while _is_draft(replies[-1].text):
            if time.monotonic() > deadline:
                raise FakesError(f"the bot has not finished within {timeout:g} s: {replies[-1].text!r}")
            time.sleep(_PAUSE_S)
            replies = self.wait_for_reply(user_id, after=sent.message_id)
        return replies

    def calls(self, method: str = "", *, since: float = 0.0) -> list[wire.Call]:
        """Bot API requests, of one method if given, that arrived at or after `since` (Unix time)."""
        return self._get("/telegram/calls", list[wire.Call], method=method, since=since)

    def wait_for_call(self, method: str, *, since: float = 0.0, timeout: float = 10.0) -> wire.Call:
        """The first such request, as soon as it arrives; raises FakesError when none does."""
        path = "/telegram/calls/wait"
        calls = self._get(path, list[wire.Call], timeout, method=method, since=since, timeout=timeout)
        if not calls:
            raise FakesError(f"no {method} arrived within {timeout:g} s of waiting")
        return calls[0]

    def commands(self) -> list[dict[str, Any]]:
        """What setMyCommands has set: scope, language and commands."""
        return self._get("/telegram/commands", list[dict[str, Any]])

    def telegram_settings(
        self,
        *,
        tokens: list[str] | None = None,
        flood_control: bool | None = None,
        blocked: list[int] | None = None,
        **more: Any,
    ) -> None:
        """Changes what is given; no tokens at all is a revoked one. `more`: the others of `wire.TelegramSettings`."""
        settings = wire.TelegramSettings(tokens=tokens, flood_control=flood_control, blocked=blocked, **more)
        self._post("/telegram/settings", settings)

    def telegram_fail(self, fault: wire.TelegramFault) -> None:
        """Makes the next requests of a method go wrong."""
        self._post("/telegram/fail", fault)

    def discord_message(self, text: str = "", **options: Any) -> str:
        """The owner writes to the bot on Discord; the message's id. `options`: the fields of `wire.DiscordMessage`."""
        message = wire.DiscordMessage(**{"user_id": defaults.DISCORD_OWNER_ID, "text": text, **options})
        return self._post("/discord/user_message", message, dict[str, str])["id"]

    def discord_command(self, name: str, argument: str = "", **options: Any) -> None:
        """The owner chooses a command of the menu."""
        order = {"user_id": defaults.DISCORD_OWNER_ID, "name": name, "argument": argument, **options}
        self._post("/discord/user_command", wire.DiscordCommand(**order))

    def discord_chat(self, channel: str = "dm", *, after: str = "0") -> list[wire.DiscordSeen]:
        """The messages of a channel above `after`; `dm` is the owner's private one."""
        return self._get(f"/discord/chat/{channel}", list[wire.DiscordSeen], after=after)

    def discord_status(self) -> wire.DiscordStatus:
        """How the bot is connected."""
        return self._get("/discord/status", wire.DiscordStatus)

    def discord_settings(self, **settings: Any) -> None:
        """Changes what is given; see `wire.DiscordSettings`."""
        self._post("/discord/settings", wire.DiscordSettings(**settings))

    def discord_fail(self, fault: wire.DiscordFault) -> None:
        """Makes the next requests of the REST API go wrong."""
        self._post("/discord/fail", fault)

    def discord_gateway(self, action: Any, code: int = 4000) -> None:
        """Something befalls the open connections; see `wire.DiscordOrder`."""
        self._post("/discord/gateway", wire.DiscordOrder(action=action, code=code))

    def slack_message(self, text: str = "", **options: Any) -> str:
        """The owner writes to the bot on Slack; the message's ts. `options`: the fields of `wire.SlackMessage`."""
        message = wire.SlackMessage(**{"user": defaults.SLACK_OWNER_ID, "text": text, **options})
        return self._post("/slack/user_message", message, wire.SlackSent).ts

    def slack_edit(self, ts: str, text: str | None, channel: str | None = None, *, user_edit: bool = True) -> None:
        """A user changes a message, or deletes it."""
        self._post("/slack/user_edit", wire.SlackEdit(ts=ts, text=text, channel=channel, user_edit=user_edit))

    def slack_command(self, text: str, **options: Any) -> None:
        """The owner uses the slash command."""
        order = {"user": defaults.SLACK_OWNER_ID, "text": text, **options}
        self._post("/slack/user_command", wire.SlackCommand(**order))

    def slack_chat(self, channel: str = "dm", *, after: str = "0") -> list[wire.SlackSeen]:
        """The messages of a channel after a time; `dm` is the owner's private one."""
        return self._get(f"/slack/chat/{channel}", list[wire.SlackSeen], after=after)

    def slack_status(self) -> wire.SlackStatus:
        """How the app is connected, and what became of the envelopes."""
        return self._get("/slack/status", wire.SlackStatus)

    def slack_calls(self, method: str = "", *, since: float = 0.0) -> list[wire.SlackCall]:
        """The requests of the Web API."""
        return self._get("/slack/calls", list[wire.SlackCall], method=method, since=since)

    def slack_settings(self, **settings: Any) -> None:
        """Changes what is given; see `wire.SlackSettings`."""
        self._post("/slack/settings", wire.SlackSettings(**settings))

    def slack_fail(self, fault: wire.SlackFault) -> None:
        """Makes the next requests of the Web API go wrong."""
        self._post("/slack/fail", fault)

    def slack_socket(self, action: Any) -> None:
        """Something befalls the open websockets; see `wire.SlackOrder`."""
        self._post("/slack/socket", wire.SlackOrder(action=action))

    def script(self, *replies: wire.Reply | str) -> None:
        """Appends what the next requests to a model get, one each; a string is a text."""
        scripted = [wire.Reply(text=reply) if isinstance(reply, str) else reply for reply in replies]
        self._post("/llm/script", scripted)

    def rules(self, rules: Iterable[wire.Rule]) -> None:
        """Replaces the built-in habit of running commands."""
        self._post("/llm/rules", list(rules))

    def llm_reset(self) -> None:
        """Script, rules, records, keys and models back to the defaults."""
        self._post("/llm/reset", {})

    def llm_settings(self, host: str, *, keys: list[str] | None = None, models: list[str] | None = None) -> None:
        """Changes what is given for a provider."""
        self._post("/llm/settings", {host: wire.LlmSettings(keys=keys, models=models)})

    def llm_requests(self) -> list[wire.LlmRequest]:
        """The requests to models, as they came."""
        return self._get("/llm/requests", list[wire.LlmRequest])

    def _get(self, path: str, form: type[T], wait: float = 0.0, **query: str | float) -> T:
        return self._send("GET", path, form, params=query, timeout=wait + _SLACK)

    def _post(self, path: str, body: Any, form: type[T] | None = None) -> T:
        return self._send("POST", path, cast("type[T]", form or dict), content=msgspec.json.encode(body))

    def _send(self, method: str, path: str, form: type[T], **options: Any) -> T:
        try:
            self._reach()
            response = self._http.request(method, path, **options)
        except (httpx.TransportError, OSError) as error:
            raise FakesError(f"the stand-ins do not answer on {self.control}: {error}") from error
        if response.status_code != 200:
            raise FakesError(f"the stand-ins refused {method} {path}: {response.text}")
        return msgspec.json.decode(response.content, type=form)

    def _reach(self) -> None:
        """Before the first request: a socket that httpcore could not connect is left open, and warns of it in tests."""
        if not self._reached:
            connect_once(self.control)
            self._reached = True
