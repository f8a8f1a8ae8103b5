"""Waiting until the containers are healthy, or saying why they are not."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State
from pyinfra.context import host

from roles.common.commands import docker, run, script
from roles.common.facts import DockerObjects

_LOG_LINES = 20
_RESTARTS = 3  # so many while being waited for are a loop
_PAUSE_S = 1.0
_SAY_EVERY_S = 10.0


def health(container: Mapping[str, Any] | None) -> str:
    """`healthy`, or the word that tells best why it is not: missing, exited, restarting, starting, unhealthy."""
    if container is None:
        return "missing"
    state = container["State"]
    if state["Status"] != "running":
        return str(state["Status"])
    return str((state.get("Health") or {}).get("Status") or "without a health check")


@operation()
def healthy(names: Sequence[str], timeout_s: int) -> Generator[PyinfraCommand, None, None]:
    """Wait until each container is healthy; fail with the end of its log when one is not in time."""
    found = host.get_fact(DockerObjects, kind="container", names=list(names))
    waiting = [name for name in names if health(found.get(name)) != "healthy"]
    if not waiting:
        host.noop(f"{' and '.join(names)} are healthy")
        return
    for name in waiting:
        yield FunctionCommand(_wait, (name, timeout_s), {})


def _wait(state: State, host: Host, name: str, timeout_s: int) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    begun = said = time.monotonic()
    word, restarts = _look(host, name)
    first = restarts
    while word != "healthy":
        now = time.monotonic()
        looping = restarts - first >= _RESTARTS
        if looping or now - begun > timeout_s:
            _explain(host, name, "in a restart loop" if looping else word, now - begun)
            return False
        if now - said > _SAY_EVERY_S:
            said = now
            last = (_log_end(host, name, 1) or ["nothing"])[-1]
            host.log_styled(
                f"{name} is {word} for {now - begun:.0f} s of {timeout_s} s, its log ends: {last}", fg="yellow"
            )
        time.sleep(_PAUSE_S)  # pyinfra has gevent stand in for it: other hosts go on
        word, restarts = _look(host, name)
    host.log_styled(f"{name} is healthy after {time.monotonic() - begun:.0f} s", fg="green")
    return True


def _look(host: Host, name: str) -> tuple[str, int]:
    """The word for its health, and how often Docker has restarted it."""
    form = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}} {{.RestartCount}}"
    worked, output = run(host, docker("container", "inspect", "--format", form, name))
    if not worked:
        return health(None), 0
    status, answer, restarts = output.stdout.strip().split(" ")
    return health({"State": {"Status": status, "Health": {"Status": answer}}}), int(restarts)


def _explain(host: Host, name: str, word: str, seconds: float) -> None:
    for line in _log_end(host, name, _LOG_LINES):
        host.log(f"{name} | {line}", log_func=logger.error)
    host.log_styled(
        f"{name} is {word} after {seconds:.0f} s: the end of its log stands above, `docker logs {name}` shows it all",
        fg="red",
        log_func=logger.error,
    )


def _log_end(host: Host, name: str, lines: int) -> list[str]:
    _, output = run(host, script('docker logs --tail "$lines" "$name" 2>&1', name=name, lines=str(lines)))
    return output.output_lines
