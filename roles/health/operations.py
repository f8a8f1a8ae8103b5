"""Waiting until the containers are healthy, or saying why they are not."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State
from pyinfra.context import host

from agent.gateway.printable import one_line
from roles.common.commands import docker, run, script
from roles.common.names import BEFORE, CONTAINERS, GATEWAY, LLM
from roles.common.spec import ContainerSpec
from roles.common.words import CATALOGUE, sentence
from roles.health.facts import HEALTHY, ContainerHealth, Health, KeptAside, ask, parse

# Who asks comes last: the sandbox and litellm are there for it.
UPGRADED = (LLM, *CONTAINERS)
_LOG_LINES = 20
_RESTARTS = 3  # so many while being waited for are a loop
_PAUSE_S = 1.0
_SAY_EVERY_S = 10.0


@operation()
def healthy(names: Sequence[str], timeout_s: int) -> Generator[PyinfraCommand, None, None]:
    """Wait until each container is healthy; fail with the end of its log when one is not in time."""
    found = host.get_fact(ContainerHealth, names=list(names))
    waiting = [name for name in names if found.get(name, Health()).word != HEALTHY]
    if not waiting:
        host.noop(sentence("all_healthy", names=", ".join(names)))
        return
    for name in waiting:
        yield FunctionCommand(_wait, (name, timeout_s), {})


def _wait(state: State, host: Host, name: str, timeout_s: int) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    begun = said = time.monotonic()
    seen = first = _look(host, name)
    while seen.word != HEALTHY:
        now = time.monotonic()
        looping = seen.restarts - first.restarts >= _RESTARTS
        if looping or now - begun > timeout_s:
            _explain(host, name, "in a restart loop" if looping else seen.word, now - begun)
            _go_back(host)
            return False
        if now - said > _SAY_EVERY_S:
            said = now
            last = (_log_end(host, name, 1) or [sentence("log_empty")])[-1]
            waited = {"word": _in_words(seen.word), "seconds": now - begun, "timeout": timeout_s}
            host.log_styled(sentence("health_awaited", name=name, last=last, **waited), fg="yellow")
        time.sleep(_PAUSE_S)  # pyinfra has gevent stand in for it: other hosts go on
        seen = _look(host, name)
    host.log_styled(sentence("health_reached", name=name, seconds=time.monotonic() - begun), fg="green")
    return True


@operation()
def settled() -> Generator[PyinfraCommand, None, None]:
    """The containers that were kept aside until the new ones were healthy: they go."""
    kept = host.get_fact(KeptAside)
    if not kept:
        host.noop(sentence("none_aside"))
        return
    yield docker("rm", "--force", *kept)


def _go_back(host: Host) -> None:
    """Put the containers back that were kept aside, with all that they were, when the new ones are not healthy."""
    worked, output = run(
        host,
        script(
            """
            for name in $containers; do
                docker container inspect "$name$before" >/dev/null 2>&1 || continue
                docker rm --force "$name" >/dev/null && docker rename "$name$before" "$name" || exit 1
                echo "$name"
            done | tee /dev/stderr 2>/dev/null | xargs --no-run-if-empty sh -c \
                'docker update --restart="$restart" "$@" >/dev/null && docker start "$@"' sh
            """,
            restart=ContainerSpec.restart,
            containers=" ".join(UPGRADED),
            before=BEFORE,
        ),
    )
    back = sorted(set(output.stdout.split()))
    if not worked:
        reason = output.stderr.strip() or sentence("no_reason")
        told = sentence("back_failed", reason=reason, name=f"{GATEWAY}{BEFORE}")
        host.log_styled(told, fg="red", log_func=logger.error)
    elif back:
        host.log_styled(sentence("back", names=", ".join(back)), fg="yellow", log_func=logger.error)


def _look(host: Host, name: str) -> Health:
    worked, output = run(host, ask([name]))
    return parse(output.stdout.splitlines())[name] if worked else Health()


def _explain(host: Host, name: str, word: str, seconds: float) -> None:
    for line in _log_end(host, name, _LOG_LINES):
        host.log(f"{name} | {line}", log_func=logger.error)
    told = sentence("health_given_up", name=name, word=_in_words(word), seconds=seconds)
    host.log_styled(told, fg="red", log_func=logger.error)


def _in_words(word: str) -> str:
    """How a container is; a word of Docker's that is none of the catalogue's as it stands."""
    return sentence(f"health_{word}") if f"health_{word}" in CATALOGUE else word


def _log_end(host: Host, name: str, lines: int) -> list[str]:
    _, output = run(host, script('docker logs --tail "$lines" "$name" 2>&1', name=name, lines=str(lines)))
    return [one_line(line) for line in output.output_lines]
