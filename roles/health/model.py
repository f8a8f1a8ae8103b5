"""Asking the model through what was deployed: a wrong key is better known now than at the first message."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State
from pyinfra.context import host

from agent.gateway.printable import one_line
from roles.common.commands import run, script
from roles.common.started import started
from roles.common.words import language, sentence

# Three models, each with a litellm to load and two minutes to answer in.
_PATIENCE_S = 400


@operation()
def model_answers(container: str) -> Generator[PyinfraCommand, None, None]:
    """One short question to the model, when this run has started a container anew; without an answer the run fails.

    The containers are left as they are: they run, and tell the owner in the chat what is wrong.
    """
    if not started():
        host.noop(sentence("model_unasked"))
        return
    yield FunctionCommand(_ask, (container,), {})


def _ask(state: State, host: Host, container: str) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    check = script(
        'timeout "$patience" docker exec "$container" picoclaw llm check --lang "$language" 2>&1',
        patience=str(_PATIENCE_S),
        container=container,
        language=language(),
    )
    worked, output = run(host, check)
    lines = output.output_lines or [sentence("model_silent", seconds=_PATIENCE_S)]
    for line in map(one_line, lines):
        host.log_styled(line, fg="green" if worked else "red", log_func=logger.info if worked else logger.error)
    if not worked:
        host.log_styled(sentence("model_failed", container=container), fg="red", log_func=logger.error)
    return worked
