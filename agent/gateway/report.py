"""How the gateway is: the body of `/health` and `/ready`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent import __version__
from agent.channels.base import Contact
from agent.channels.words import Sentence, said
from agent.gateway.access import Access


@dataclass(frozen=True, slots=True)
class Reporter:
    """Looks at the parts, and costs nothing but that.

    Attributes:
        contacts: of the channels to chat services, by name.
        access: who may talk, by the same names.
        sandbox: whether it is connected.
        egress: what is wrong with the way out of each container, by name.
        waiting: how many messages wait for an answer.
        unsent: how many answers wait for delivery.
        heard: whether anybody who may talk has ever done it, by the channel's name.
        started: on time.monotonic's clock.
    """

    contacts: Mapping[str, Contact]
    access: Mapping[str, Access]
    sandbox: Callable[[], bool]
    egress: Callable[[], dict[str, str | None]]
    waiting: Callable[[], int]
    unsent: Callable[[], int]
    heard: Callable[[str], bool]
    started: float

    def __call__(self) -> dict[str, Any]:
        """The report, ready for JSON."""
        channels = {name: self._channel(name, contact) for name, contact in self.contacts.items()}
        healthy = all(channel["problem"] is None for channel in channels.values())
        egress, sandbox = self.egress(), self.sandbox()
        return {
            "healthy": healthy,
            "ready": healthy and sandbox and not any(egress.values()),
            "version": __version__,
            "uptime_s": round(time.monotonic() - self.started),
            "sandbox": sandbox,
            "channels": channels,
            "egress": egress,
            "waiting": self.waiting(),
            "unsent": self.unsent(),
        }

    def _channel(self, name: str, contact: Contact) -> dict[str, Any]:
        age, access, problem = contact.age(), self.access[name], contact.problem
        return {
            "problem": None if problem is None else str(problem),
            "problem_pl": None if problem is None else str(said(problem, "pl")),
            "refused_token": isinstance(problem, Sentence) and problem.of_token,
            "curable": contact.curable,
            "last_contact_s": None if age is None else round(age, 1),
            "paired": bool(access.owners()),
            "strangers": access.strangers,
            "heard": self.heard(name),
        }
