"""A host on which all is well, as it was seen; the tests take away from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from agent.operator.look.names import GATEWAY, SANDBOX
from agent.operator.look.seen import Answer, Container, Disk, Docker, Drift, Seen
from agent.status_report import Channel, Control, Gateway, Memory, Model, Report, Spent, Workspace

MEBIBYTE = 2**20
CONTROL = Control(id="memory", expected="≤ 128 MB", seen="128 MB", ok=True)


def container(name: str, **changes: Any) -> Container:
    return replace(
        Container(
            name, "running", "healthy", up_s=7200.0, image=f"{name}:0123456789ab", memory_used=30 * MEBIBYTE,
            memory_limit=128 * MEBIBYTE, last_lines=("the last line",), confinement=(CONTROL,),
        ),
        **changes,
    )  # fmt: skip


def gateway(**changes: Any) -> Gateway:
    found = Gateway(
        healthy=True,
        ready=True,
        version="0.1.0",
        uptime_s=7200,
        sandbox=True,
        channels={"telegram": Channel(last_contact_s=3.0)},
        model=Model(name="openai/gpt-4o", first="openai/gpt-4o"),
        memory={"gateway": Memory(used=30 * MEBIBYTE, limit=128 * MEBIBYTE)},
        workspace=Workspace(bytes=5 * MEBIBYTE, bytes_limit=1024 * MEBIBYTE, files=2, files_limit=200_000),
    )
    return msgspec.structs.replace(found, **changes)


def report(**changes: Any) -> Report:
    return Report(gateway=gateway(**changes), confinement=[CONTROL], usage=Spent(requests=2, prompt_tokens=700))


def seen(**changes: Any) -> Seen:
    return replace(
        Seen(
            "mikrus",
            ssh="ssh -p 10142 root@srv42.mikr.us",
            clock_off_s=0.3,
            memory_total=1024 * MEBIBYTE,
            memory_free=700 * MEBIBYTE,
            docker=Docker("26.1.5"),
            disks=(Disk("/", 10**10, 4 * 10**9, 0.1),),
            containers={name: container(name) for name in (GATEWAY, SANDBOX)},
            report=report(),
            names_host="",
            names_gateway="",
            answers=(Answer("llm", "openai", "gpt-4o", ok=True),),
            drift=Drift(),
        ),
        **changes,
    )


def with_containers(**changes: Any) -> Seen:
    """Of the gateway's container."""
    return seen(containers={GATEWAY: container(GATEWAY, **changes), SANDBOX: container(SANDBOX)})


def with_sandbox(**changes: Any) -> Seen:
    """Of the sandbox's container."""
    return seen(containers={GATEWAY: container(GATEWAY), SANDBOX: container(SANDBOX, **changes)})
