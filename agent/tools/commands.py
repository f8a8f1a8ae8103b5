"""The tool that runs a shell command."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from agent import config
from agent.sandbox.client import SandboxLink
from agent.sandbox.results import ExecResult
from agent.tools.registry import Outgoing, Tool

Seconds = Annotated[float, Meta(gt=0, le=600)]


class ExecArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `exec` takes."""

    command: Annotated[str, Meta(description="A bash command line.")]
    timeout_s: Annotated[Seconds | None, Meta(description="End it after this many seconds.")] = None
    directory: Annotated[str, Meta(description="Where to run it.")] = "/workspace"


def tool(sandbox: SandboxLink, settings: config.Sandbox) -> Tool[ExecArguments]:
    """`exec`, in the sandbox."""

    async def run(arguments: ExecArguments, _: Outgoing) -> str:
        timeout = arguments.timeout_s or settings.command_timeout_s
        return _as_text(await sandbox.exec(arguments.command, timeout=timeout, cwd=arguments.directory))

    return Tool(
        name="exec",
        description="Run a bash command in the sandbox and get its output (stdout and stderr together) and exit code. "
        "A process put into the background goes on; send its output to a file.",
        arguments=ExecArguments,
        run=run,
    )


def _as_text(result: ExecResult) -> str:
    if result.timed_out:
        end = f"ended after {result.duration_s:.0f} s, it took too long"
    elif result.signal is not None:
        end = f"killed by {result.signal}"
    else:
        end = f"exit code {result.exit_code}"
    note = f" {result.note}" if result.note else ""
    return f"{result.output.rstrip()}\n[{end}]{note}".lstrip("\n")
