"""The gateway put together: channels, conversations, delivery and health around one state file."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import __version__, channels
from agent.channels.base import Channel
from agent.channels.tasks import TaskChannel
from agent.channels.terminal import OWNER, TerminalChannel
from agent.config import Config
from agent.errors import PicoClawError
from agent.gateway import health, upkeep
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
from agent.gateway.spending import Spending
from agent.gateway.status import Status
from agent.gateway.turn import Turns
from agent.gateway.watchdog import Watchdog
from agent.llm import tables
from agent.llm.models import Models
from agent.sandbox.client import SandboxLink
from agent.store.database import STATE, connect
from agent.store.mailbox import Inbound, Mailbox
from agent.store.owners import Owners
from agent.store.sessions import Sessions
from agent.store.spool import Spool
from agent.store.usage import Usage
from agent.tools import commands, files
from agent.tools.registry import Tools

if TYPE_CHECKING:
    from agent.gateway.egress import Egress

log = logging.getLogger("gateway")

# Channels that reach nobody outside of the container.
_LOCAL = ("terminal", "task")


class Gateway:
    """Everything that runs in the container `picoclaw`."""

    def __init__(self, config: Config, state: Path = STATE, table: tables.Table | None = None) -> None:
        self._config = config
        database = connect(state)
        self._mailbox = Mailbox(database)
        self._spool = Spool(state.parent / "spool")
        self._sandbox = SandboxLink(
            workspace_mb=config.sandbox.workspace_mb,
            workspace_files=config.sandbox.workspace_files,
            egress=bool(config.sandbox.allow_hosts),
        )
        self._egress = _egress(config, database)
        known = tables.load() if table is None else table
        self._model = Models(config.llm, table=known)
        tasks = TaskChannel(self._mailbox, self._reach, lambda: self._desks, self._codes)
        made: list[Channel] = [TerminalChannel(), tasks, *map(channels.make, config.channels)]
        self._channels = {channel.name: channel for channel in made}
        allowed: dict[str, Iterable[int | str]] = {
            type(c).__name__.lower(): c.allowed_user_ids for c in config.channels
        }
        owners = Owners(database)
        self._delivery = {
            name: Delivery(channel, self._mailbox, self._spool) for name, channel in self._channels.items()
        }
        self._sessions = Sessions(database)
        self._redact = Redaction(config.secrets())
        tools = Tools([commands.tool(self._sandbox, config.sandbox), *files.tools(self._sandbox)])
        spending = Spending(config.llm, known, Usage(database))
        choice = ModelChoice(config.llm, self._model, self._mailbox)
        self._conversations = Conversations(
            self._channels,
            self._mailbox,
            Commands(
                self._sessions,
                {
                    "status": lambda _, language: self._status.text(language),
                    "usage": lambda _, language: spending.report(language),
                    "model": choice.answer,
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
            Answers(self._channels, self._mailbox, self._spool, self._redact, lambda name: self._delivery[name].wake()),
        )
        self._access = {name: Access(name, allowed.get(name, [OWNER]), owners) for name in self._channels}
        self._desks = {
            name: FrontDesk(
                name,
                access,
                self._mailbox,
                self._redact,
                received=self._received,
                edited=self._conversations.edited,
            )
            for name, access in self._access.items()
        }
        self._contacts = {name: channel.contact for name, channel in self._channels.items() if name not in _LOCAL}
        self._watchdog = Watchdog(self._contacts, self._mailbox)
        self._status = Status(
            self._contacts,
            self._sandbox,
            self._model,
            asked=choice.names,
            strangers=self._strangers,
            waiting=lambda: self._conversations.waiting,
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        log.info("PicoClaw %s starts, model %s at %s", __version__, self._config.llm.model, self._config.llm.provider)
        server = await health.serve(self.report)
        if self._egress is not None:
            self._egress.start()
        await self._sandbox.start()
        self._model.start()
        for message in self._mailbox.unfinished():
            self._conversations.put(message)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watchdog.run())
                group.create_task(upkeep.run(self._mailbox, self._sessions, self._spool))
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

    def report(self) -> dict[str, Any]:
        """The body of `/health` and `/ready`."""
        healthy = all(contact.problem is None for contact in self._contacts.values())
        egress = self._egress.report() if self._egress is not None else {}
        return {
            "healthy": healthy,
            "ready": healthy and self._sandbox.connected and not any(egress.values()),
            "version": __version__,
            "uptime_s": self._status.uptime_s,
            "sandbox": self._sandbox.connected,
            "channels": {
                name: {
                    "problem": contact.problem,
                    "curable": contact.curable,
                    "last_contact_s": contact.age(),
                    "strangers": self._access[name].strangers,
                }
                for name, contact in self._contacts.items()
            },
            "egress": egress,
        }

    def _received(self, message: Inbound) -> None:
        """Queue a message that was just stored."""
        if not message.text.startswith("/"):
            self._model.warm()
        self._conversations.put(message)

    def _outgoing(self, message: Inbound) -> Outgoing:
        limits = self._channels[message.channel].limits
        return Outgoing(message, limits, self._mailbox, self._spool, self._redact)

    def _strangers(self) -> int:
        return sum(access.strangers for access in self._access.values())

    def _codes(self) -> dict[str, str | None]:
        """The pairing code of each channel; None of one that has an owner."""
        return {name: self._access[name].code() for name in self._contacts}

    async def _reach(self, name: str) -> tuple[str, str]:
        """The private chat with a channel's owner, and the owner's id there."""
        owners = self._access[name].owners()
        if not owners:
            raise PicoClawError(f"{name} has no owner yet: picoclaw pair shows how to become one")
        return await self._channels[name].home(owners[0]), owners[0]


def _egress(config: Config, database: sqlite3.Connection) -> Egress | None:
    """The egress proxy, or None, and nothing of it in memory, when no other container may reach anything."""
    if not config.uses_litellm and not config.sandbox.allow_hosts:
        return None
    from agent.gateway.egress import Egress, policies
    from agent.store.audit import Audit

    return Egress(policies(config), Audit(database))
