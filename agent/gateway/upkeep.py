"""What keeps the state file from growing for ever: once a day, in small steps."""

from __future__ import annotations

import asyncio
import logging
import time

from agent.store.mailbox import Mailbox
from agent.store.sessions import KEPT_CHARS, KEPT_OF_ALL_BYTES, Sessions
from agent.store.spool import Spool
from agent.store.tasks import Tasks

log = logging.getLogger("upkeep")

EVERY_S = 24 * 3600.0
# A chat service delivers a message again for days at most, and by what is kept it is known.
KEPT_S = 30 * 24 * 3600.0
# What scripts have asked for, and not fetched.
TASKS_KEPT_S = 7 * 24 * 3600.0
_PAUSE_S = 0.5
# After a start the first answers come first.
_FIRST_S = 60.0


async def run(mailbox: Mailbox, sessions: Sessions, spool: Spool, tasks: Tasks) -> None:
    """Tidy up now and every day, until cancelled."""
    spool.tidy(mailbox.files())
    await asyncio.sleep(_FIRST_S)
    while True:
        forgotten = 0
        while pruned := mailbox.prune(time.time() - KEPT_S):
            forgotten += pruned
            await asyncio.sleep(_PAUSE_S)
        while forgotten_tasks := tasks.forget(time.time() - TASKS_KEPT_S):
            forgotten += forgotten_tasks
            await asyncio.sleep(_PAUSE_S)
        turns = 0
        for session in sessions.all():
            turns += sessions.prune(session, KEPT_CHARS)
            await asyncio.sleep(_PAUSE_S)
        turns += sessions.prune_all(KEPT_OF_ALL_BYTES)
        if forgotten or turns:
            log.info("forgot %d old messages and %d old turns of long conversations", forgotten, turns)
        await asyncio.sleep(EVERY_S)
