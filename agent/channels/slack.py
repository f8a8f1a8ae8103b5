"""Slack in Socket Mode: connections go out only. An envelope is acknowledged after it is stored.

Slack delivers again for a few minutes what was not acknowledged. What was said while nobody listened for longer is
read from the history of the conversations that there are, whenever a new connection begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from slack_sdk.socket_mode.request import SocketModeRequest

from agent.channels import slack_format, slack_inbound
from agent.channels.base import ChannelError, Contact, Desk, Edited, Inbound, Limits, Outbound, RejectedError, backoff
from agent.channels.slack_api import BASE, Api, GoneError, ScopeError, TokenError
from agent.channels.slack_socket import Connection, LinkDisabledError

log = logging.getLogger("slack")

OWNER_WAIT_S = 300.0  # what the owner has to put right is not tried again sooner
FRESH_AFTER = 4  # failures in a row, after which the connections are made anew
LOCALE_S = 1.5  # of the three seconds in which an envelope is to be acknowledged
MOST_THREADS = 30  # that are caught up with
_PAGE = 200
_PLACE = "slack:"
_WORKING = "eyes"


class SlackChannel:
    """One app."""

    name = "slack"
    limits = Limits(draft_every_s=2.0, file_bytes=100_000_000)

    def __init__(self, bot_token: str, app_token: str, base: str = BASE) -> None:
        self.contact = Contact(max_age_s=90.0)
        self._api = Api(bot_token, app_token, base, self._refused)
        self._bot = ""
        self._desk: Desk | None = None
        self._languages: dict[str, str] = {}
        self._marked: dict[str, str] = {}
        self._latest: dict[str, str] = {}
        self._scopes_missing: set[str] = set()
        self._failed_calls = 0

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled."""
        self._desk = desk
        failures = 0
        connection: Connection | None = None
        while True:
            try:
                after = await self._connect()
                if connection is not None:  # the new one is there before the old one goes
                    await connection.close()
                connection = after
                await self._catch_up(desk)
                failures = 0
                await connection.serve(self._take)
            except ChannelError as error:
                failures += 1
                wait = self._trouble(error, failures)
                if connection is not None:
                    await connection.close()
                    connection = None
                if failures % FRESH_AFTER == 0:
                    await self._api.close()
                await asyncio.sleep(wait)
            except asyncio.CancelledError:
                if connection is not None:
                    await connection.close()
                raise

    def compose(self, markdown: str) -> list[str]:
        """Messages of mrkdwn that can be edited as well."""
        return slack_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file."""
        try:
            if message.file is not None:
                await self._send_file(message, Path(message.file))
            else:
                await self._show(message.chat_id, message.text, message.edits)
        except RejectedError:
            raise
        except ChannelError:
            self._failed_calls += 1
            if self._failed_calls % FRESH_AFTER == 0:
                await self._api.close()
            raise
        self._failed_calls = 0
        await self._unmark(message.chat_id)

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002 - the thread shows it
        """Show a beginning."""
        return await self._show(chat_id, body, shown)

    async def typing(self, chat_id: str) -> None:
        """Bots do not type on Slack: eyes on the message say that it is being worked on."""
        latest = self._latest.get(chat_id)
        if latest is None or self._marked.get(chat_id) == latest:
            return
        self._marked[chat_id] = latest
        with contextlib.suppress(ChannelError):
            await self._api.call("reactions.add", channel=chat_id.partition(":")[0], timestamp=latest, name=_WORKING)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file in pieces; of one shared from another workspace the address has to be asked for."""
        number, _, address = reference.partition(" ")
        if not address:
            file = (await self._api.call("files.info", file=number)).get("file") or {}
            address = str(file.get("url_private_download") or file.get("url_private") or "")
        async for piece in self._api.download(address):
            yield piece

    async def home(self, user_id: str) -> str:
        """The direct message channel with a user."""
        opened = await self._api.call("conversations.open", users=user_id)
        return str(opened["channel"]["id"])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _connect(self) -> Connection:
        self._bot = str((await self._api.call("auth.test"))["user_id"])
        try:
            address = await self._api.open_socket()
        except TokenError as error:
            raise _AppTokenError(str(error), error.code) from None
        except ScopeError as error:
            raise _AppTokenError(str(error), "missing_scope") from None
        connection = await Connection.open(self._api.session, address, self.contact.succeeded)
        log.info("connected, listening")
        return connection

    async def _take(self, request: SocketModeRequest) -> dict[str, Any] | None:
        """Store what an envelope holds; what is returned is shown to who used the slash command."""
        payload: Mapping[str, Any] = request.payload
        if request.type == "events_api":
            await self._hear(payload.get("event") or {})
        elif request.type == "slash_commands" and self._desk is not None:
            ordered = slack_inbound.command(payload, await self._language(str(payload["user_id"])))
            self._desk.receive([ordered])
            if self._desk.permits(ordered.user_id):  # a stranger sees nothing
                return {"response_type": "ephemeral", "text": f"✓ {slack_format.escaped(ordered.text[:200])}"}
        return None

    async def _hear(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type")
        if kind in ("tokens_revoked", "app_uninstalled"):
            raise TokenError("the app was removed from the workspace", "token_revoked")
        if kind not in ("message", "app_mention") or self._desk is None:
            return
        if event.get("subtype") in ("message_changed", "message_deleted"):
            change = slack_inbound.change(event, self._bot)
            self._hand_in(change)
            return
        language = await self._language(str(event.get("user")))
        self._hand_in(slack_inbound.message(event, self._bot, language, self._desk.knows))

    def _hand_in(self, event: Inbound | Edited | None) -> None:
        if event is None or self._desk is None:
            return
        if isinstance(event, Edited):
            self._desk.receive([event])
            return
        self._latest[event.chat_id] = event.message_id
        self._desk.receive([event], {_PLACE + event.chat_id: event.message_id})

    async def _language(self, user: str) -> str:
        """The user's, asked for once; English where it cannot be had."""
        if user not in self._languages and self._desk is not None and self._desk.permits(user):
            try:
                async with asyncio.timeout(LOCALE_S):
                    found = await self._api.call("users.info", user=user, include_locale=True)
            except ScopeError as error:
                self._lacks(error, "answers are in English unless assistant.language says otherwise")
                self._languages[user] = "en"
            except (ChannelError, TimeoutError):
                return "en"
            else:
                self._languages[user] = str((found.get("user") or {}).get("locale") or "en").partition("-")[0]
        return self._languages.get(user, "en")

    async def _catch_up(self, desk: Desk) -> None:
        """Hand in what was said since the last message of each conversation, oldest first."""
        marks = {name.removeprefix(_PLACE): value for name, value in desk.marks(_PLACE).items()}
        for owner in desk.owners():
            with contextlib.suppress(RejectedError):
                home = await self.home(owner)
                if home not in marks:  # what was said before the first contact stays unanswered
                    desk.receive([], {_PLACE + home: f"{time.time():.6f}"})
        newest = sorted((chat for chat in marks if ":" in chat), key=lambda chat: marks[chat])[-MOST_THREADS:]
        for chat in [*(chat for chat in marks if ":" not in chat), *newest]:
            try:
                for event in await self._missed(chat, marks[chat]):
                    await self._hear(event)
            except ScopeError as error:
                self._lacks(error, "what is said while I am away for long stays unread")
            except RejectedError as error:
                log.info("%s cannot be read any more: %s", chat, error)

    async def _missed(self, chat: str, after: str) -> list[dict[str, Any]]:
        channel, _, thread = chat.partition(":")
        method, where = ("conversations.replies", {"ts": thread}) if thread else ("conversations.history", {})
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._api.call(
                method, channel=channel, oldest=after, limit=_PAGE, **where, **({"cursor": cursor} if cursor else {})
            )
            found += page.get("messages") or []
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        kind = "im" if channel.startswith("D") else "channel"
        missed = [one for one in found if float(one["ts"]) > float(after)]
        return [{**one, "channel": channel, "channel_type": kind} for one in sorted(missed, key=lambda one: one["ts"])]

    async def _show(self, chat_id: str, body: str, shown: str | None) -> str:
        channel, _, thread = chat_id.partition(":")
        if shown is not None:
            try:
                await self._api.call("chat.update", channel=channel, ts=shown, text=body)
            except GoneError:
                log.debug("the message to edit is gone, a new one takes its place")
            else:
                return shown
        where = {"thread_ts": thread} if thread else {}
        sent = await self._api.call(
            "chat.postMessage", channel=channel, text=body, unfurl_links=False, unfurl_media=False, **where
        )
        return str(sent["ts"])

    async def _send_file(self, message: Outbound, path: Path) -> None:
        channel, _, thread = message.chat_id.partition(":")
        where = {"channel_id": channel} | ({"thread_ts": thread} if thread else {})
        if message.text:
            where["initial_comment"] = slack_format.escaped(message.text)
        try:
            await self._api.upload(path, message.file_name or "file", **where)
        except FileNotFoundError:
            raise RejectedError("the file is not there any more") from None

    async def _unmark(self, chat_id: str) -> None:
        marked = self._marked.pop(chat_id, None)
        if marked is not None:
            with contextlib.suppress(ChannelError):
                channel = chat_id.partition(":")[0]
                await self._api.call("reactions.remove", channel=channel, timestamp=marked, name=_WORKING)

    def _lacks(self, error: ScopeError, consequence: str) -> None:
        if str(error) not in self._scopes_missing:
            self._scopes_missing.add(str(error))
            log.warning("%s: %s; `picoclaw slack-manifest` shows what it should have", error, consequence)

    def _refused(self, error: TokenError) -> None:
        self._noted(f"Slack refuses the bot token ({error.code}): put the app's into channel.bot_token", curable=False)

    def _trouble(self, error: ChannelError, failures: int) -> float:
        """Note and log why there is no connection; return the seconds to wait."""
        if isinstance(error, _AppTokenError):
            self._noted(
                f"Slack refuses the app-level token ({error.code}): put one with connections:write into "
                "channel.app_token",
                curable=False,
            )
            return OWNER_WAIT_S
        if isinstance(error, TokenError):
            self._refused(error)
            return OWNER_WAIT_S
        if isinstance(error, LinkDisabledError):
            self._noted("Socket Mode is switched off: switch it on at api.slack.com, under Socket Mode", curable=False)
            return OWNER_WAIT_S
        self._noted(str(error), curable=True)
        return error.retry_after or backoff(failures)

    def _noted(self, problem: str, *, curable: bool) -> None:
        if self.contact.failed(problem, curable=curable):
            log.error("%s", problem)


class _AppTokenError(TokenError):
    """Slack refuses the app-level token."""
