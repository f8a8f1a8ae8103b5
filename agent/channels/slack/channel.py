"""Slack, through slack_sdk's Web API client and Socket Mode.

An envelope is acknowledged when what it brings is stored. While an answer is worked on, the request carries the
reaction «eyes»: Slack shows «is typing» for bots in the threads of its AI assistants alone, and a message «…» would
take the notification that the answer should have.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.background import Background
from agent.channels.base import (
    OWNER_WAIT_S,
    ChannelError,
    Contact,
    Desk,
    Inbound,
    Limits,
    Outbound,
    RejectedError,
    aside,
    aside_of,
    backoff,
)
from agent.channels.slack import format as slack_format
from agent.channels.slack import inbound as slack_inbound
from agent.channels.slack import socket as slack_socket
from agent.channels.slack.catch_up import CatchUp
from agent.channels.slack.history import History, Marks
from agent.channels.slack.inbound import Me, address_of
from agent.channels.slack.library import SocketModeRequest
from agent.channels.slack.people import People
from agent.channels.slack.socket import Connection
from agent.channels.slack.web import API, FILES, SERVICE, RefusedError, Web
from agent.channels.words import Sentence
from agent.messages import say

log = logging.getLogger("slack")

STABLE_S = 30.0  # a connection that lasts so long was a good one
UPDATES_A_MINUTE = 40  # of the 50 that Slack allows; the rest is for final answers
_WORKING = "eyes"
_KEPT = 200  # chats whose newest request is kept in mind
# What an answer cannot replace is followed by it.
_GONE = ("message_not_found", "cant_update_message", "edit_window_closed", "msg_too_long", "is_inactive")
_OF_BLOCKS = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments")


class SlackChannel:
    """One app in one workspace."""

    name = "slack"
    limits = Limits(draft_every_s=1.5, file_bytes=100 * 1024 * 1024)  # Slack takes 1 GB, the spool does not

    def __init__(self, bot_token: str, app_token: str, base_url: str = API, files: tuple[str, ...] = FILES) -> None:
        """`files` are what the addresses of Slack's file servers begin with."""
        self.contact = Contact(max_age_s=60.0)  # silence is asked about after 10 s
        self._web = Web(bot_token, app_token, self.contact, base_url, files)
        self._history = History(self._web)
        self._people = People(self._web)
        self._me: Me | None = None
        self._desk: Desk | None = None
        self._marks: Marks | None = None
        self._catch_up: CatchUp | None = None
        self._connections: list[Connection] = []
        self._background = Background()
        self._latest: OrderedDict[str, str] = OrderedDict()
        self._reacted: dict[str, str] = {}
        self._reacts = True
        self._updates: deque[float] = deque(maxlen=UPDATES_A_MINUTE)
        self._unlinked = False
        self._captioned: set[int] = set()

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled."""
        self._desk = desk
        self._marks = Marks(desk)
        self._catch_up = CatchUp(self._history, self._people, self._marks, desk, self._take_missed)
        self._background.start(self._watch_token())
        clock, failures = asyncio.get_running_loop().time, 0
        while True:
            try:
                connection = await self._connect()
            except ChannelError as error:
                failures += 1
                await asyncio.sleep(self._trouble(error, failures))
                continue
            if self._connections:  # those before the last one are on their way already
                self._background.start(self._let_go(self._connections[-1]))
            self._connections.append(connection)
            began = clock()
            await self._listen(connection)
            failures = 0 if clock() - began > STABLE_S else failures + 1
            if failures > 1:
                await asyncio.sleep(backoff(failures - 1))

    async def _connect(self) -> Connection:
        """A connection, and who the bot is."""
        if self._me is None:
            opening = asyncio.create_task(slack_socket.connect(self._web, self._hear))
            try:
                await self._introduce()
            except BaseException:
                opening.cancel()
                for one in await asyncio.gather(opening, return_exceptions=True):
                    if isinstance(one, Connection):
                        await one.aclose()
                raise
            return await opening
        return await slack_socket.connect(self._web, self._hear)

    async def _introduce(self) -> None:
        answer = await self._web.call("auth.test")
        self._me = Me(str(answer["user_id"]))

    async def _let_go(self, connection: Connection) -> None:
        """Hear what is still coming over a connection that has a successor, then close it."""
        await connection.drained()
        await connection.aclose()
        self._connections.remove(connection)

    async def _listen(self, connection: Connection) -> None:
        """Until another connection is needed."""
        log.info("connected, listening")
        self._unlinked, self._web.listening = False, True
        if self._catch_up is not None:
            self._catch_up.begin()
        reason = await connection.left()
        self._web.listening = False
        log.info("the connection is to be replaced: %s", reason)
        if reason == "link_disabled":
            self._unlinked = True
            self._say(Sentence("slack_unlinked"), curable=False)

    def compose(self, markdown: str) -> list[str]:
        """Bodies that fit into a message each, be it as a block or as text."""
        return slack_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file; the chat says whether in a thread."""
        try:
            if message.file is not None:
                await self._send_file(message, Path(message.file))
            else:
                await self._show(message.chat_id, message.text, message.edits)
        except RefusedError as error:
            if error.final:
                self._captioned.discard(message.id)
                raise RejectedError(Sentence("refuses", service=SERVICE, why=error)) from None
            raise
        channel, user = aside_of(message.chat_id)
        # What a stop ended elsewhere in the channel is not told when; what still runs shows it again at once.
        ended = [message.chat_id] if user is None else [one for one in self._reacted if address_of(one)[0] == channel]
        for chat_id in ended:
            if (ts := self._reacted.pop(chat_id, None)) is not None:
                self._background.start(self._react("reactions.remove", chat_id, ts))

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """Show a beginning; less often when several chats want to."""
        now = asyncio.get_running_loop().time()
        if len(self._updates) == UPDATES_A_MINUTE and self._updates[0] > now - 60 and shown is not None:
            return shown
        self._updates.append(now)
        return await self._show(chat_id, body, shown)

    async def typing(self, chat_id: str) -> None:
        """Show the reaction at the newest request of the chat, if it does not yet."""
        ts = self._latest.get(chat_id)
        if self._reacts and ts is not None and chat_id not in self._reacted:
            self._reacted[chat_id] = ts
            await self._react("reactions.add", chat_id, ts)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file, or a smaller picture of it, from where Slack says it is now."""
        number, _, thumbnail = reference.partition(" ")
        try:
            file = (await self._web.call("files.info", file=number)).get("file") or {}
        except RefusedError as error:
            if error.final:
                raise RejectedError(f"Slack does not hand it out: {error}") from None
            raise
        url = file.get(thumbnail) if thumbnail else None
        async for piece in self._web.download(str(url or file.get("url_private_download") or file.get("url_private"))):
            yield piece

    async def home(self, user_id: str) -> str:
        """The direct messages with a user."""
        return await self._people.home(user_id)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._background.aclose()
        if self._catch_up is not None:
            await self._catch_up.aclose()
        for connection in tuple(self._connections):
            await connection.aclose()
        await self._web.aclose()

    async def _hear(self, request: SocketModeRequest) -> dict[str, Any] | None:
        """Store what an envelope brings; returns what its acknowledgement says."""
        if self._catch_up is not None:
            await self._catch_up.turn()
        if request.type == "events_api":
            event = request.payload.get("event") or {}
            if event.get("type") in ("app_uninstalled", "tokens_revoked"):
                self._background.start(self._try_token())
            await self._take(event, live=True)
            if self._marks is not None:
                self._marks.saw(event)
        elif request.type == "slash_commands":
            return await self._take_command(request.payload)
        return None

    async def _take_missed(self, event: Mapping[str, Any]) -> None:
        await self._take(event, live=False)

    async def _take(self, event: Mapping[str, Any], *, live: bool) -> None:
        desk, me, marks = self._desk, self._me, self._marks
        if desk is None or me is None or marks is None:
            raise ChannelError("not listening yet")
        found = slack_inbound.event_of(event, me, desk.knows)
        if found is None:
            return
        if not isinstance(found, Inbound):
            desk.receive([found])
            return
        welcome = desk.permits(found.user_id)
        if welcome:
            found = await self._completed(found, event, known=desk.knows(found.chat_id))
        desk.receive([found], marks.moved(found, live=live) if welcome else None)
        if welcome:
            self._note(found.chat_id, found.message_id)

    async def _completed(self, message: Inbound, event: Mapping[str, Any], *, known: bool) -> Inbound:
        """With what the event does not tell: the language, what a thread began with, other workspaces' files."""
        message = replace(message, language=await self._people.language(message.user_id))
        if any(file.get("file_access") == "check_file_info" for file in event.get("files") or ()):
            files = [await self._people.file(file) for file in event["files"]]
            message = replace(message, attachments=tuple(slack_inbound.attachments(files)))
        channel, thread = address_of(message.chat_id)
        if thread is not None and thread != message.message_id and not known and self._me is not None:
            root = await self._history.root(channel, thread)
            quoted = slack_inbound.readable(str(root.get("text") or ""), self._me)
            theirs = root.get("files") or () if root.get("user") != self._me.user_id else ()
            brought = slack_inbound.attachments([await self._people.file(file) for file in theirs])
            quoted = "\n".join(filter(None, (quoted, message.quoted)))
            message = replace(message, quoted=quoted, attachments=(*message.attachments, *brought))
        return message

    async def _take_command(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """A slash command is for the channel where it was used, and answered there to who used it alone.

        Slack does not tell the thread. In direct messages it is one of theirs, be they with somebody else.
        """
        desk, user = self._desk, str(payload.get("user_id", ""))
        text = slack_inbound.command_text(str(payload.get("text", "")))
        if desk is None or not (desk.permits(user) or text.startswith("/pair ")):
            return None
        language = await self._people.language(user)
        channel, number = str(payload.get("channel_id", "")), str(payload.get("trigger_id", ""))
        here, elsewhere = slack_inbound.parted(text, channel)
        orders = [Inbound("slack", aside(channel, user), number, user, number, here, language)] if here else []
        home = await self._home_or(channel, user) if elsewhere else channel
        if elsewhere:
            name = f"{number}:home" if here else number
            orders.append(Inbound("slack", home, name, user, number, elsewhere, language))
        desk.receive(orders)
        if home == channel or not desk.permits(user):
            return None
        return {"text": say("slack_command", language, command=elsewhere)}

    async def _home_or(self, channel: str, user: str) -> str:
        try:
            return await self.home(user)
        except ChannelError as error:
            log.debug("a command is answered where it was used: %s", error)
            return channel

    def _note(self, chat_id: str, ts: str) -> None:
        """Keep the newest request of a chat in mind."""
        self._latest[chat_id] = max(ts, self._latest.get(chat_id, ts), key=float)
        self._latest.move_to_end(chat_id)
        if len(self._latest) > _KEPT:
            self._latest.popitem(last=False)

    async def _show(self, chat_id: str, body: str, shown: str | None) -> str:
        """Put a body into a chat, in place of `shown` if that is still there; the message's id."""
        try:
            return await self._put(chat_id, slack_format.shown(body), shown)
        except RefusedError as error:
            if error.word not in _OF_BLOCKS:
                raise
            log.warning("Slack refuses the formatting of a message, sent with less: %s", error)
        return await self._put(chat_id, slack_format.plain(body), shown)

    async def _put(self, chat_id: str, content: dict[str, str], shown: str | None) -> str:
        channel, user = aside_of(chat_id)
        if user is not None:
            return await self._whisper(channel, user, content)
        channel, thread = address_of(chat_id)
        if shown is not None:
            try:
                await self._web.call("chat.update", channel=channel, ts=shown, **content)
            except RefusedError as error:
                if error.word not in _GONE:
                    raise
            else:
                return shown
        where = {"channel": channel} | ({"thread_ts": thread} if thread else {})
        quiet = {"unfurl_links": "false", "unfurl_media": "false"}
        return str((await self._web.call("chat.postMessage", **where, **content, **quiet))["ts"])

    async def _whisper(self, channel: str, user: str, content: dict[str, str]) -> str:
        """Say it to one user in a channel; where the bot is no member, in their direct messages."""
        try:
            return str(
                (await self._web.call("chat.postEphemeral", channel=channel, user=user, **content))["message_ts"]
            )
        except RefusedError as error:
            if not error.final or error.word in _OF_BLOCKS:
                raise
            log.info("a command in channel %s is answered in the direct messages: %s", channel, error)
        return await self._put(await self.home(user), content, None)

    async def _send_file(self, message: Outbound, path: Path) -> None:
        """A file, after its caption: that is a message as any other, since Slack previews the links of a comment."""
        channel, thread = address_of(message.chat_id)
        name = message.file_name or "file"
        number = await self._web.upload(path, name)
        if message.id not in self._captioned:  # by an attempt after which the file did not get through
            for body in self.compose(message.text):
                await self._show(message.chat_id, body, None)
            self._captioned.add(message.id)
        where = {"channel_id": channel} | ({"thread_ts": thread} if thread else {})
        await self._web.call("files.completeUploadExternal", files=json.dumps([{"id": number, "title": name}]), **where)
        self._captioned.discard(message.id)

    async def _react(self, method: str, chat_id: str, ts: str) -> None:
        try:
            await self._web.call(method, channel=address_of(chat_id)[0], timestamp=ts, name=_WORKING)
        except RefusedError as error:
            if error.word == "missing_scope":
                self._reacts = False
                log.warning("that I work on something cannot be shown, going on without: %s", error)
        except ChannelError as error:
            log.debug("%s: %s", method, error)

    async def _watch_token(self) -> None:
        """Notice a bot token that is revoked while nothing is sent, and one that is taken again."""
        while True:
            await asyncio.sleep(OWNER_WAIT_S)
            await self._try_token()

    async def _try_token(self) -> None:
        try:
            await self._web.call("auth.test")
        except ChannelError as error:
            log.debug("auth.test: %s", error)

    def _say(self, problem: str, *, curable: bool = True) -> None:
        if self.contact.failed(problem, curable=curable):
            log.error("%s", problem)

    def _trouble(self, error: ChannelError, failures: int) -> float:
        """Note and log that there is no connection; return the seconds to wait."""
        if isinstance(error, RefusedError) and (error.of_token or error.word == "missing_scope"):
            self._say(error.in_words(), curable=False)
            return OWNER_WAIT_S
        if self._unlinked and isinstance(error, RefusedError):
            return backoff(failures)  # what there is to do is said
        self._say(error.words)
        return error.retry_after or backoff(failures)
