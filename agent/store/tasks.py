"""Tasks that scripts have given, and how they ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from agent.store.database import Store

# A task's message in the inbox is called this and its id.
PREFIX = "task:"


def own_chat(task_id: str) -> str:
    """The chat id of a task that has a conversation of its own, on the channel `script`; no other looks like it."""
    return f"task:{task_id}"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands.

    Attributes:
        id: as its script named it.
        finished: whether nothing more is done about it.
        done: whether `answer` is an answer; else it says why there is none.
        answer: Markdown; empty until it has ended.
        seconds: from the queue to the end, or to now.
    """

    id: str
    finished: bool
    done: bool
    answer: str
    seconds: float


class Tasks(Store):
    """The tasks table of the state file."""

    def add(self, task_id: str, channel: str, session: str) -> bool:
        """Note a new task; False when there is one of that id already."""
        added = self._db.execute(
            "INSERT INTO tasks (id, channel, session, queued_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (task_id, channel, session, time.time()),
        )
        return added.rowcount == 1

    def end(self, task_id: str, answer: str, *, done: bool) -> None:
        """Note what came of a task."""
        self._db.execute(
            "UPDATE tasks SET ended_at = ?, answer = ?, done = ? WHERE id = ?", (time.time(), answer, done, task_id)
        )

    def get(self, task_id: str) -> Task | None:
        """The task; None when there is none of that id, or not any more."""
        row = self._db.execute(
            "SELECT t.queued_at, t.ended_at, t.answer, t.done, i.id IS NULL OR i.done_at IS NOT NULL, i.done_at"
            " FROM tasks AS t LEFT JOIN inbox AS i ON i.channel = t.channel AND i.external_id = ? || t.id"
            " WHERE t.id = ?",
            (PREFIX, task_id),
        ).fetchone()
        if row is None:
            return None
        queued_at, ended_at, answer, done, finished, done_at = row
        until = (ended_at or done_at or time.time()) if finished else time.time()
        return Task(
            task_id,
            finished=bool(finished),
            done=bool(finished and done),
            answer=(answer or "") if finished else "",
            seconds=max(until - queued_at, 0.0),
        )

    def forget(self, older_than: float, at_most: int = 100) -> int:
        """Forget tasks queued before a time (seconds since the epoch) and done with; return how many.

        Of a task that had a conversation of its own, the conversation as well.
        """
        with self.together():
            rows = self._db.execute(
                "SELECT t.id, t.channel, t.session FROM tasks AS t LEFT JOIN inbox AS i"
                " ON i.channel = t.channel AND i.external_id = ? || t.id"
                " WHERE t.queued_at < ? AND (i.id IS NULL OR i.done_at IS NOT NULL) LIMIT ?",
                (PREFIX, older_than, at_most),
            ).fetchall()
            for task_id, channel, session in rows:
                self._db.execute("DELETE FROM tasks WHERE id = ?", (task_id,))
                chat_id = own_chat(task_id)
                if session == f"script:{chat_id}":
                    self._db.execute("DELETE FROM messages WHERE session = ?", (session,))
                    for table in ("inbox", "outbox"):
                        self._db.execute(f"DELETE FROM {table} WHERE channel = ? AND chat_id = ?", (channel, chat_id))
        return len(rows)
