"""Running one operation through pyinfra itself, on this machine's files or on a host that answers by script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State, StateStage


class Run:
    """One operation, prepared and run on `host` (`@local`, or `@fake/NAME` with canned answers)."""

    def __init__(
        self, host: str, operation: Callable[..., Any], data: Mapping[str, Any] | None = None, **arguments: Any
    ) -> None:
        inventory = Inventory(([(host, dict(data or {}))], {}))  # type: ignore[no-untyped-call]
        self.state = State(inventory=inventory, config=Config())  # type: ignore[no-untyped-call]
        self.state.current_stage = StateStage.Connect
        connect_all(self.state)
        self.state.set_stage(StateStage.Prepare)
        (self.meta,) = add_op(self.state, operation, **arguments).values()
        self.host = next(iter(self.state.inventory))
        self.would_change = bool(self.meta.will_change)

    def execute(self) -> Run:
        """Run what was prepared; a failed host raises pyinfra's own error."""
        self.state.set_stage(StateStage.Execute)
        run_ops(self.state)
        return self

    @property
    def changed(self) -> bool:
        """Whether the operation ran any command."""
        return bool(self.meta.did_change())

    @property
    def said(self) -> set[str]:
        """The differences that were told."""
        return set(self.host.connector_data.get("picoclaw_said", set()))


def fake(operation: Callable[..., Any], answers: Mapping[str, str | dict[str, Any]], **arguments: Any) -> Run:
    """Prepare an operation on a host that gives these answers to commands that contain these words."""
    data = {"fake_responses": dict(answers), "fake_delay": 0, "fake_delay_jitter": 0}
    return Run("@fake/host", operation, data, **arguments)


def commands(run: Run, containing: str) -> list[str]:
    """The commands that the fake host was given, of those that contain `containing`, in order."""
    executed: list[str] = run.host.connector.executed_commands  # type: ignore[attr-defined]
    return [command for command in executed if containing in command]
