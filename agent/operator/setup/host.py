"""The server: its name, how ssh reaches it, and whether it does."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from agent.gateway.printable import one_line
from agent.operator import reach
from agent.operator.live import Verdict
from agent.operator.setup import forms
from agent.operator.setup.asking import Asking
from roles.common.inventory import UNNAMED

Hosts = Mapping[str, Mapping[str, Any]]

_SECONDS = 10
_SSH_FAILED = 255
# What ssh says, and what that means.
_VERDICTS = {
    "HAS CHANGED": "knock_changed",
    "Host key verification failed": "knock_new",
    "Permission denied|Too many authentication failures": "knock_refused",
}


def asked(ask: Asking, written: Hosts, inventory: Hosts) -> tuple[str, dict[str, Any]]:
    """The host's name, and what hosts.json is to hold of how it is reached.

    Args:
        ask: whom.
        written: the hosts of hosts.json.
        inventory: all that pyinfra knows. What is as it says there is not written once more.
    """
    name = _name(ask, "host", next(iter([*written, *inventory]), UNNAMED))
    present = {**inventory.get(name, {}), **written.get(name, {})}
    ssh: dict[str, Any] = {"ssh_hostname": _name(ask, "ssh_hostname", present.get("ssh_hostname", ""), empty=True)}
    if ssh["ssh_hostname"]:
        ssh["ssh_port"] = int(ask.text("ssh_port", str(present.get("ssh_port", 22)), kind=click.IntRange(1, 65535)))
        ssh["ssh_user"] = _name(ask, "ssh_user", present.get("ssh_user", "root"))
    own, stays = inventory.get(name, {}), written.get(name, {})
    return name, {key: value for key, value in ssh.items() if value and (key in stays or value != own.get(key))}


def _name(ask: Asking, question: str, default: str, *, empty: bool = False) -> str:
    flag = f"--{question.replace('_', '-')}"
    return ask.text(question, default, empty=empty, wrong=lambda value: forms.wrong_name(flag, value, ask.language))


def knock(name: str, data: Mapping[str, Any], seconds: int = _SECONDS) -> Verdict:
    """Whether the operator's ssh comes in there, without a question; `seconds` are the most that it takes."""
    with tempfile.TemporaryDirectory(prefix="picoclaw-ssh.") as directory:
        config = Path(directory, "config")
        config.write_text(reach.ssh_config({name: data}, directory), encoding="utf-8")
        options = ["BatchMode=yes", "ControlMaster=no", "ControlPath=none", f"ConnectTimeout={max(seconds - 2, 1)}"]
        command = ["ssh", "-F", str(config), *(word for option in options for word in ("-o", option)), name, "true"]
        shell = reach.Host(name, data, config, True).shell
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False, text=True,
                errors="replace", start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError:
            return _verdict(name, shell, "ssh: command not found (apt install openssh-client)")
        except subprocess.TimeoutExpired:
            return _verdict(name, shell, f"> {seconds} s")
    return (
        _verdict(name, shell, done.stderr)
        if done.returncode == _SSH_FAILED
        else Verdict(True, "knock_good", {"host": name})
    )


def _verdict(name: str, shell: str, said: str) -> Verdict:
    """What ssh's complaint comes to, with the command that shows all of it."""
    code = next((code for pattern, code in _VERDICTS.items() if re.search(pattern, said)), "knock_unreachable")
    lines = [line for line in said.splitlines() if line.strip()]
    reason = one_line(lines[-1]) if lines else "?"
    values = {"host": name, "reason": reason, "ssh": shell, "address": shell.removeprefix("ssh ")}
    return Verdict(False, code, values)
