"""What the model does by itself, so that a demonstration and most tests need no script."""

import re
from collections.abc import Callable, Sequence

from tests.fakes.wire import Reply, ToolCall

Habit = Callable[[str, Sequence[str]], Reply | None]

_COMMAND_TOOL = "exec"
_RUN = re.compile(r"\s*(?:run|uruchom)\s+(?P<command>.*\S)\s*", re.IGNORECASE | re.DOTALL)
_POLISH = re.compile(r"\s*uruchom\b", re.IGNORECASE)


def run_command(user_text: str, tools: Sequence[str]) -> Reply | None:
    """`run uname -a` (or `uruchom uname -a`) becomes a call of the command tool."""
    found = _RUN.fullmatch(user_text)
    if found is None or _COMMAND_TOOL not in tools:
        return None
    command = found["command"]
    if command[:1] == command[-1:] == "`":
        command = command.strip("`")
    return Reply(tool_calls=[ToolCall(name=_COMMAND_TOOL, arguments={"command": command})])


HABITS: tuple[Habit, ...] = (run_command,)


def quote(user_text: str, tool_output: str) -> Reply:
    """A short sentence with the tool's output in a fence that is longer than any inside."""
    sentence = "Oto wynik:" if _POLISH.match(user_text) else "Here is the output:"
    longest = max((len(run) for run in re.findall(r"`{3,}", tool_output)), default=2)
    fence = "`" * (longest + 1)
    return Reply(text=f"{sentence}\n\n{fence}\n{tool_output.rstrip()}\n{fence}")
