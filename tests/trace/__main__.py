"""Trace all workloads on a lab host and write roles/seccomp/traced/*.json: `make trace`, or with --lab NAME."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

from roles.seccomp.profile import PROFILES
from tests.chats import CHANNELS
from tests.everyday.commands import PACKAGES
from tests.fakes import defaults
from tests.fakes.errors import FakesError
from tests.lab import Lab
from tests.lab.progress import say, step
from tests.litellm_box import LLM, config, model
from tests.stack import GATEWAY, SANDBOX, Stack
from tests.trace.reading import Trace, Window
from tests.trace.strace import following
from tests.trace.workloads import workloads

_WRITTEN = Path(__file__).parents[2] / "roles/seccomp/traced"
_PROFILE_OF = {GATEWAY: "gateway", SANDBOX: "sandbox", LLM: "llm"}
_DATA = f"picoclaw_sandbox_packages={json.dumps(PACKAGES)}"
_PERMISSIVE = ("pyinfra", "inventory", "tests/trace/permissive.py")


@click.command()
@click.option("--lab", "name", default="picoclaw-trace", show_default=True, help="On which lab host.")
@click.option("--keep", is_flag=True, help="Leave the lab host up, deployed as usual.")
@click.option("--files", type=click.Path(path_type=Path), help="Leave strace's files in this new folder.")
def main(name: str, *, keep: bool, files: Path | None) -> None:
    """Trace every workload under profiles that refuse next to nothing, and write which calls each made."""
    began = time.monotonic()
    lab = Lab.up(name)
    stack = Stack(lab)
    with tempfile.TemporaryDirectory(prefix="picoclaw-trace-") as temporary:
        folder = files or Path(temporary)
        folder.mkdir(parents=True, exist_ok=files is None)
        trace, failed = _trace(stack, folder)
    for container, profile in _PROFILE_OF.items():
        before = len(PROFILES[profile].allowed())
        if "execve" not in trace.calls[container]:
            sys.exit(f"{container} was lost sight of: no call of it stands in the trace, so nothing is written for it")
        _write(_WRITTEN / f"{profile}.json", trace, container)
        after = len(PROFILES[profile].allowed())
        say(f"{profile}: {len(trace.calls[container])} calls traced, {after} allowed, {before} before")
    if keep:
        _deploy(stack, "Putting the usual deploy back")
    stack.close()
    if not keep:
        lab.down()
    say(f"{time.monotonic() - began:.0f} s; workloads that went wrong: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)


def _trace(stack: Stack, folder: Path) -> tuple[Trace, list[str]]:
    with tempfile.TemporaryDirectory(prefix="picoclaw-trace-") as temporary:
        options = (f"--data={_DATA}", f"--data=picoclaw_config={_config(stack, Path(temporary))}")
        # The images are built before anything is traced: a traced apt-get takes for ever. Under the profiles that it is
        # about to renew, a container may not even start.
        _deploy(stack, "Deploying, with an owner's packages", *options, command=_PERMISSIVE)
        stack.lab.ssh(f"docker rm --force {' '.join(_PROFILE_OF)}", check=True)
        return _follow(stack, folder, options)


def _config(stack: Stack, folder: Path) -> Path:
    """Everything that a container does only when the owner asks for it; the gateway's own model stays a direct one."""
    document = config(stack, sandbox={"allow_hosts": [defaults.SITE_HOST]})
    document["llm"]["fallbacks"] = [model("anthropic"), model("gemini")]
    document.pop("channel", None)
    document["channels"] = CHANNELS
    path = folder / "config.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _follow(stack: Stack, folder: Path, options: tuple[str, ...]) -> tuple[Trace, list[str]]:
    windows, failed = [], []
    with following(stack.lab.host_pid, folder):
        begins = time.time()
        _deploy(stack, "Creating the containers anew, traced", *options, command=_PERMISSIVE)
        for name, workload in workloads():
            try:
                with step(f"Workload: {name}"):
                    stack.wait_ready(timeout=180)
                    stack.fakes.reset()
                    workload(stack)
            except (AssertionError, FakesError, LookupError, ValueError) as error:
                say(f"{name} went wrong: {error}")
                failed.append(name)
            windows.append(Window(name, begins, begins := time.time()))
        ids = {stack.inspect(container)["Id"]: container for container in _PROFILE_OF}
    with step("Reading the trace"):
        return Trace.read(folder, ids, windows), failed


def _deploy(stack: Stack, title: str, *options: str, command: tuple[str, ...] = ()) -> None:
    with step(title):
        done = stack.deploy("-y", *options, command=command) if command else stack.deploy("-y", *options)
    if done.returncode != 0:
        sys.exit(f"the deploy failed:\n{done.stdout}")


def _write(path: Path, trace: Trace, container: str) -> None:
    document = {"calls": trace.calls[container], "ioctl": trace.ioctls[container], "prctl": trace.prctls[container]}
    lines = [f" {json.dumps(section)}: {_lines(found)}" for section, found in document.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _lines(found: Mapping[str, set[str]]) -> str:
    """One line a call, so that a renewed trace is a readable change."""
    rows = [f"  {json.dumps(call)}: {json.dumps(sorted(made_by))}" for call, made_by in sorted(found.items())]
    return "{\n" + ",\n".join(rows) + "\n }"


if __name__ == "__main__":
    main()
