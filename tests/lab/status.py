"""What a person wants to know about a lab."""

import json
import time
from pathlib import Path

from tests.lab.lab import DEFAULT_NAME, Lab

_UNKNOWN = "-"


def table(lab: Lab) -> str:
    """Returns the state of a lab as lines of two columns."""
    rows = {
        "lab": lab.name,
        "state": "up" if lab.running else "crashed (`up` raises it anew)",
        "address": lab.address,
        "system": lab.state.os,
        "up since": _age(lab) if lab.running else _UNKNOWN,
        "stand-ins": _process(lab, "fakes"),
        "internet": _process(lab, "internet"),
        "Docker": _docker_version(lab) if lab.running else _UNKNOWN,
        "files": str(lab.state_dir),
    }
    lines = [f"{title:<10} {value}" for title, value in rows.items()]
    return "\n".join([*lines, "", how_to_go_on(lab)])


def how_to_go_on(lab: Lab) -> str:
    """Returns the commands that make sense next."""
    lab_command = "python -m tests.lab"
    name = "" if lab.name == DEFAULT_NAME else f" --name {lab.name}"
    if not lab.running:
        return f"raise it anew   {lab_command} up{name} --os {lab.state.os}\nremove it       {lab_command} down{name}"
    return "\n".join(
        [
            f"log in          {lab_command} ssh{name}",
            f'deploy to it    eval "$({lab_command} env{name})" && pyinfra inventory deploy.py',
            f"remove it       {lab_command} down{name}",
        ]
    )


def nothing(name: str) -> str:
    """Returns what to say of a lab that does not exist."""
    return f"There is no lab {name}; raise it with `python -m tests.lab up --name {name}`."


def _process(lab: Lab, name: str) -> str:
    process = lab.state.processes.get(name)
    if process is None or not process.alive:
        return "not running (`up` starts it)"
    hosts = json.loads(lab.places.fakes.read_text(encoding="utf-8"))["hosts"] if name == "fakes" else {}
    return f"running (pid {process.pid})" + (f", {len(hosts)} hosts" if hosts else "")


def _age(lab: Lab) -> str:
    seconds = int(time.time() - Path(f"/proc/{lab.host_pid}").stat().st_ctime)
    return f"{seconds // 3600} h {seconds // 60 % 60} min"


def _docker_version(lab: Lab) -> str:
    answer = lab.ssh("docker version --format '{{.Server.Version}}'", timeout=30)
    return answer.stdout.strip() if answer.returncode == 0 else "not installed"
