"""Assembling what runs on the host. Every value goes through QuoteString; scripts are constants.

Nothing secret may stand in a command, because pyinfra prints commands and the host's process list shows them:
file contents travel on standard input.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from pyinfra import logger
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS
from pyinfra.api.command import FunctionCommand, QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors.util import CommandOutput


def command(*words: str) -> StringCommand:
    """One command, each word quoted."""
    return StringCommand(*(QuoteString(word) for word in words))


def docker(*words: str) -> StringCommand:
    """`docker` with these words."""
    return command("docker", *words)


def script(body: str, *, stdin: str | None = None, **variables: str | Iterable[str]) -> StringCommand:
    """A constant shell script; `variables` are set before it, a list as the positional parameters `"$@"`.

    Args:
        body: POSIX shell, without any value formatted into it.
        stdin: what the script reads; may be secret.
        variables: texts become shell variables of that name; at most one list becomes `"$@"`.
    """
    bits: list[str | QuoteString | StringCommand] = []
    for name, value in variables.items():
        if isinstance(value, str):
            bits += [f"{name}=", QuoteString(value), "\n"]
        else:
            bits += ["set -- ", command(*value), "\n"]
    bits.append(body.strip())
    if stdin is None:
        return StringCommand(*bits, _separator="")
    return StringCommand(*bits, _separator="", _stdin=stdin)


def run(host: Host, what: StringCommand, *, show: bool = False, like: Host | None = None) -> tuple[bool, CommandOutput]:
    """Run `what` now, from inside an operation, with its sudo; `show` prints the output as it comes.

    `like` is the host whose operation this is, where it is another.
    """
    return host.run_shell_command(
        what, print_output=show or host.state.print_output, **connector_arguments(like or host)
    )


def connector_arguments(host: Host) -> dict[str, Any]:
    """Sudo and the like of the operation that runs on the host."""
    arguments = cast("dict[str, Any]", host.current_op_global_arguments or {})
    return {key: arguments[key] for key in CONNECTOR_ARGUMENT_KEYS if key in arguments}


def fail(sentence: str) -> FunctionCommand:
    """A command that fails the operation with one sentence (an exception would end the run for every host)."""
    return FunctionCommand(_say_and_fail, (sentence,), {})


def _say_and_fail(state: State, host: Host, sentence: str) -> bool:  # noqa: ARG001 (pyinfra passes both by name)
    host.log_styled(sentence, fg="red", log_func=logger.error)
    return False
