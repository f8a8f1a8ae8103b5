"""The gateway put together: channels, conversations, delivery and health around one state file."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import __version__, channels
from agent.channels.base import Channel
from agent.channels.terminal import OWNER, TerminalChannel
from agent.config import Config
from agent.gateway import health, upkeep
from agent.gateway.access import Access
from agent.gateway.answer import Answers
from agent.gateway.attachments import Attachments
from agent.gateway.commands import Commands
from agent.gateway.conversation import Conversations
from agent.gateway.delivery import Delivery
from agent.gateway.desk import FrontDesk
from agent.gateway.history import History
from agent.gateway.outgoing import Outgoing
from agent.gateway.pictures import Pictures
from agent.gateway.redaction import Redaction
from agent.gateway.spending import Spending
from agent.gateway.turn import Turns
from agent.llm import tables
from agent.llm.models import Models
from agent.messages import say
from agent.sandbox.client import SandboxError, SandboxLink
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


class Gateway:
    """Everything that runs in the container `picoclaw`."""

    def __init__(self, config: Config, state: Path = STATE, table: tables.Table | None = None) -> None:
        self._config = config
        self._started = time.monotonic()
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
        made: list[Channel] = [TerminalChannel(), *map(channels.make, config.channels)]
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
        self._conversations = Conversations(
            self._channels,
            self._mailbox,
            Commands(self._sessions, {"status": self._status, "usage": lambda _, language: spending.report(language)}),
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
        self._desks = {
            name: FrontDesk(
                name,
                Access(name, allowed.get(name, [OWNER]), owners),
                self._mailbox,
                self._redact,
                received=self._received,
                edited=self._conversations.edited,
            )
            for name in self._channels
        }

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
        contacts = {name: channel.contact for name, channel in self._channels.items() if name != "terminal"}
        problems = {name: contact.problem for name, contact in contacts.items()}
        healthy = not any(problems.values())
        egress = self._egress.report() if self._egress is not None else {}
        return {
            "healthy": healthy,
            "ready": healthy and self._sandbox.connected and not any(egress.values()),
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._started),
            "sandbox": self._sandbox.connected,
            "channels": {
                name: {"problem": problems[name], "last_contact_s": contacts[name].age()} for name in contacts
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

    async def _status(self, _: Inbound, language: str) -> str:
        report = self.report()
        return say(
            "status",
            language,
            version=__version__,
            uptime=timedelta(seconds=report["uptime_s"]),
            model=self._config.llm.model,
            sandbox=await self._sandbox_in_words(language),
            channels=", ".join(f"{name}: {c['problem'] or 'ok'}" for name, c in report["channels"].items()),
        )

    async def _sandbox_in_words(self, language: str) -> str:
        try:
            usage = await self._sandbox.usage() if self._sandbox.connected else None
        except SandboxError:
            usage = None
        if usage is None:
            return say("sandbox_down", language)
        used, limit = (f"{size / 2**20:.0f}" for size in (usage.bytes, usage.bytes_limit))
        return say("sandbox_full" if usage.full else "sandbox_up", language, used=used, limit=limit)


def _egress(config: Config, database: sqlite3.Connection) -> Egress | None:
    """The egress proxy, or None, and nothing of it in memory, when no other container may reach anything."""
    if not config.uses_litellm and not config.sandbox.allow_hosts:
        return None
    from agent.gateway.egress import Egress, policies
    from agent.store.audit import Audit

    return Egress(policies(config), Audit(database))
