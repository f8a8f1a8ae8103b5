"""Many everyday commands as one shell script, so that trying them costs one tool call a group."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_SECONDS = 20
_TOLD = 400

# What a command says that goes on, or falls back to something else, after the kernel has refused it a system call.
_GIVEN_AWAY = r"@(Operation\ not\ permitted|Function\ not\ implemented|Bad\ system\ call)"

_REFUSED = re.compile(r"^REFUSED (\d+): ((?:(?!REFUSED |WORKED ).*\n)*)", re.MULTILINE)
_WORKED = re.compile(r"^WORKED (\d+)$", re.MULTILINE)

_START = """
shopt -s extglob
place=$(mktemp -d /workspace/everyday.XXXXXX) && cd "$place" || exit 1
try() {
    local said
    said=$(cd "$place" && timeout %d bash -c "$2" 2>&1 < /dev/null | tr -d '\\0')
    [[ $said == *"$3"* && ($said != *%s* || $3 == *%s*) ]] && worked=$((worked + 1)) ||
        printf 'REFUSED %%s: %%s\\n' "$1" "${said:0:%d}"
}
"""
_END = 'cd /; rm -rf "$place"; echo "WORKED ${worked:-0}"\n'


def script(commands: Mapping[str, str]) -> str:
    """A bash script that runs them in a new directory of the workspace and prints what `judge` reads."""
    tries = [f"try {n} {shlex.quote(c)} {shlex.quote(text)}\n" for n, (c, text) in enumerate(commands.items())]
    start = _START % (_SECONDS, _GIVEN_AWAY, _GIVEN_AWAY, _TOLD)
    return start + "".join(tries) + _END


def judge(commands: Mapping[str, str], printed: str) -> dict[str, str]:
    """The commands that did not print what they should, each with what it printed instead.

    Raises:
        ValueError: the script did not come to its end, or it ran other commands.
    """
    lines = list(commands)
    refused = {lines[int(number)]: said.strip() for number, said in _REFUSED.findall(printed)}
    worked = _WORKED.search(printed)
    if worked is None or int(worked[1]) + len(refused) != len(lines):
        raise ValueError(f"the script for {len(lines)} commands did not come to its end: {printed[-500:]}")
    return refused
