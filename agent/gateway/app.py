"""The gateway put together: channels, conversations, delivery and health around one state file."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__, channels
from agent.channels.base import Channel
from agent.channels.script import ORDERER, ScriptChannel
from agent.channels.terminal import OWNER, TerminalChannel
from agent.config import Config
from agent.gateway import health, upkeep, watchdog
from agent.gateway.access import Access
from agent.gateway.answer import Answers
from agent.gateway.attachments import Attachments
from agent.gateway.choice import ModelChoice
from agent.gateway.commands import Commands
from agent.gateway.conversation import Conversations
from agent.gateway.delivery import Delivery
from agent.gateway.desk import FrontDesk
from agent.gateway.history import History
from agent.gateway.outgoing import Outgoing
from agent.gateway.pictures import Pictures
from agent.gateway.redaction import Redaction
from agent.gateway.report import Reporter
from agent.gateway.spending import Spending
from agent.gateway.status import Status
from agent.gateway.tasks import Orders
from agent.gateway.turn import Turns
from agent.llm import tables
from agent.llm.models import Models
from agent.sandbox.client import SandboxLink
from agent.store.database import STATE, connect
from agent.store.mailbox import Inbound, Mailbox
from agent.store.owners import Owners
from agent.store.sessions import Sessions
from agent.store.settings import Settings
from agent.store.spool import Spool
from agent.store.tasks import Tasks
from agent.store.usage import Usage
from agent.tools import commands, files
from agent.tools.registry import Tools

if TYPE_CHECKING:
    from agent.gateway.egress import Egress

log = logging.getLogger("gateway")


class Gateway:
    """Everything that runs in the container `picoclaw`."""

    def __init__(self, config: Config, state: Path = STATE, table: tables.Table | None = None) -> None:
        self._config = config
        database = connect(state)
        self._mailbox = Mailbox(database, config.assistant.language)
        self._spool = Spool(state.parent / "spool")
        self._sandbox = SandboxLink(
            workspace_mb=config.sandbox.workspace_mb,
            workspace_files=config.sandbox.workspace_files,
            egress=bool(config.sandbox.allow_hosts),
        )
        self._egress = _egress(config, database)
        known = tables.load() if table is None else table
        self._model = Models(config.llm, table=known)
        self._sessions = Sessions(database)
        self._redact = Redaction(config.secrets())
        self._tasks = Tasks(database)
        orders = Orders(self._tasks, self._mailbox, self._sessions.of_turn, self._ready, self._redact)
        self._chats = {channel.name: channel for channel in map(channels.make, config.channels)}
        self._channels: dict[str, Channel] = {
            **self._chats,
            **{channel.name: channel for channel in (TerminalChannel(), ScriptChannel(orders))},
        }
        self._delivery = {
            name: Delivery(channel, self._mailbox, self._spool) for name, channel in self._channels.items()
        }
        tools = Tools([commands.tool(self._sandbox, config.sandbox), *files.tools(self._sandbox)])
        spending = Spending(config.llm, known, Usage(database))
        settings = Settings(database)
        self._conversations = Conversations(
            self._channels,
            self._mailbox,
            Commands(
                self._sessions,
                {
                    "status": lambda _, language: self._status().text(language),
                    "usage": lambda _, language: spending.report(language),
                    "model": ModelChoice(self._model, settings).answer,
                },
            ),
            Turns(
                model=self._model,
                tools=tools,
                sessions=self._sessions,
                mailbox=self._mailbox,
                settings=config.assistant,
                redact=self._redact,
                history=History(self._sessions),
                spending=spending,
                outgoing=self._outgoing,
                user_message=Attachments(
                    self._channels.__getitem__, self._sandbox, lambda: self._model.sees
                ).user_message,
                pictures=lambda: Pictures(self._sandbox),
                allow_hosts=config.sandbox.allow_hosts,
            ),
            Answers(self._channels, self._mailbox, self._spool, self._redact, self._ready, orders.ended),
        )
        access = _access(config, Owners(database))
        self._desks = {
            name: FrontDesk(
                name,
                access[name],
                self._mailbox,
                self._redact,
                received=self._received,
                edited=self._conversations.edited,
                compose=channel.compose,
                ready=self._delivery[name].wake,
            )
            for name, channel in self._channels.items()
        }
        orders.open(self._channels, self._desks, {name: access[name] for name in self._chats})
        contacts = {name: channel.contact for name, channel in self._chats.items()}
        self._patience = watchdog.Patience(contacts, settings)
        self._report = Reporter(
            contacts=contacts,
            access=access,
            sandbox=lambda: self._sandbox.connected,
            egress=lambda: self._egress.report() if self._egress is not None else {},
            waiting=lambda: self._conversations.waiting,
            unsent=self._mailbox.unsent,
            heard=self._mailbox.heard,
            started=time.monotonic(),
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        log.info("PicoClaw %s starts, model %s at %s", __version__, self._config.llm.model, self._config.llm.provider)
        server = await health.serve(self._report, lambda: self._status().report())
        if self._egress is not None:
            self._egress.start()
        await self._sandbox.start()
        self._model.start()
        for message in self._mailbox.unfinished():
            self._conversations.put(message)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(upkeep.run(self._mailbox, self._sessions, self._spool, self._tasks))
                group.create_task(watchdog.run(self._patience, lambda: self._conversations.busy))
                for name, channel in self._channels.items():
                    group.create_task(channel.run(self._desks[name]))
                    group.create_task(self._delivery[name].run())
        finally:
            server.close()
            await self._conversations.aclose()
            if self._egress is not None:
                await self._egress.close()
            await asyncio.gather(
                self._sandbox.close(), self._model.aclose(), *(c.aclose() for c in self._channels.values())
            )
            watchdog.release()

    def _received(self, message: Inbound) -> None:
        """Queue a message that was just stored."""
        if not message.text.startswith("/"):
            self._model.warm()
        self._conversations.put(message)

    def _status(self) -> Status:
        return Status(self._report, self._sandbox, self._model)

    def _outgoing(self, message: Inbound) -> Outgoing:
        limits = self._channels[message.channel].limits
        return Outgoing(message, limits, self._mailbox, self._spool, self._redact)

    def _ready(self, channel: str) -> None:
        """Something waits to be sent there."""
        self._delivery[channel].wake()


def _access(config: Config, owners: Owners) -> dict[str, Access]:
    """Who may talk on each channel."""
    allowed: dict[str, Iterable[int | str]] = {type(c).__name__.lower(): c.allowed_user_ids for c in config.channels}
    allowed |= {"terminal": [OWNER], "script": [ORDERER]}
    return {name: Access(name, users, owners) for name, users in allowed.items()}


def _egress(config: Config, database: sqlite3.Connection) -> Egress | None:
    """The egress proxy, or None, and nothing of it in memory, when no other container may reach anything."""
    if not config.uses_litellm and not config.sandbox.allow_hosts:
        return None
    from agent.gateway.egress import Egress, policies
    from agent.store.audit import Audit

    return Egress(policies(config), Audit(database))
