"""The workflow for n8n: whole, and safe for whatever a task says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from py_mini_racer import MiniRacer

from agent import n8n
from agent.cli import main

HOSTILE = [
    "plain words",
    "it's a 'quoted' task",
    'say "hello"',
    "$(touch pwned) `touch pwned` ${HOME} $HOME",
    "a; touch pwned & touch pwned | touch pwned > pwned",
    "line one\nline two\r\n\ttabbed",
    "--help",
    "-",
    "'; touch pwned; '",
    "\\'; touch pwned; \\'",
    "'\"'\"'; touch pwned #",
    "zażółć 🙂 %s %n \\n \\",
    "!history ~ * ? [a-z] {a,b}",
]


def workflow() -> dict[str, Any]:
    result = CliRunner().invoke(main, ["n8n"])
    assert result.exit_code == 0
    return dict(json.loads(result.output))


def nodes() -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in workflow()["nodes"]}


def evaluated(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """What a Code node makes of an item, `$json`, in V8, which is node's engine too."""
    code = nodes()[name]["parameters"]["jsCode"]
    given = {"$json": item, "$execution": {"id": "42"}, "$itemIndex": 0}
    values = ", ".join(json.dumps(value) for value in given.values())
    call = f"JSON.stringify((function ({', '.join(given)}) {{\n{code}\n}})({values}).json)"
    return dict(json.loads(str(MiniRacer().eval(call))))


def run(folder: Path, command: str, docker: str) -> subprocess.CompletedProcess[str]:
    """Run a command line as sshd does, with a program of the test's in Docker's place."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{docker}\n")
    program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_connection_joins_two_nodes_and_every_node_is_reached() -> None:
    made, named = workflow(), nodes()
    assert len(named) == len(made["nodes"])
    assert len({node["id"] for node in named.values()}) == len(named)
    targets = {
        one["node"] for outs in made["connections"].values() for output in outs["main"] for one in output
    }  # fmt: skip
    assert set(made["connections"]) | targets == set(named) - {"Read me"}
    triggers = {name for name, node in named.items() if node["type"].endswith("Trigger")}
    assert set(named) - targets == triggers | {"Read me"}
    assert len(made["connections"]["Answered?"]["main"]) == 2


def test_the_nodes_are_of_versions_that_n8n_has() -> None:
    versions = {node["type"].removeprefix("n8n-nodes-base."): node["typeVersion"] for node in nodes().values()}
    known = {
        "scheduleTrigger": 1.2, "set": 3.4, "code": 2, "ssh": 1, "if": 2.2, "noOp": 1, "stopAndError": 1,
        "stickyNote": 1,
    }  # fmt: skip
    assert versions == known
    assert nodes()["Ask PicoClaw"]["parameters"]["command"] == "={{ $json.command }}"
    assert "credentials" not in nodes()["Ask PicoClaw"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_task_is_one_word_of_the_shell(tmp_path: Path, text: str) -> None:
    item = evaluated("Make it a command", {"task": text, "reply_to": "telegram'; touch pwned", "timeout": 60})
    words = tmp_path / "words"
    done = run(tmp_path, item["command"], f"printf '%s\\0' \"$@\" > {words}; echo '{{}}'")
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")
    seen = words.read_bytes().decode().split("\0")[:-1]
    assert seen[:5] == ["exec", "picoclaw", "picoclaw", "task", "--json"]
    assert seen[-4:] == ["--reply-to", "telegram'; touch pwned", "--", text]
    assert not (tmp_path / "pwned").exists()


def test_a_command_that_a_restart_cut_off_runs_again_with_the_same_id(tmp_path: Path) -> None:
    item = evaluated("Make it a command", {"task": "go", "reply_to": "", "timeout": 60})
    calls = tmp_path / "calls"
    command = item["command"].replace("sleep 5", "sleep 0")
    docker = f'echo "$7" >> {calls}; [ $(wc -l < {calls}) -lt 3 ] && exit 137; echo done'
    done = run(tmp_path, command, docker)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert len(ids := calls.read_text().split()) == 3
    assert len(set(ids)) == 1
    assert ids[0].startswith("n8n-42-")


@pytest.mark.parametrize("code", [1, 2, 3])
def test_an_answer_ends_it_whatever_the_exit_code(tmp_path: Path, code: int) -> None:
    item = evaluated("Make it a command", {"task": "go", "reply_to": "", "timeout": 60})
    calls = tmp_path / "calls"
    said = "" if code == 2 else "said"
    done = run(tmp_path, item["command"], f"echo x >> {calls}; printf '%s' '{said}'; exit {code}")
    assert (done.returncode, done.stdout.strip()) == (code, said)
    assert calls.read_text() == "x\n"


def test_what_comes_back_is_read() -> None:
    done = evaluated("Read the answer", {"code": 0, "stdout": '{"status":"done","answer":"42"}\n', "stderr": ""})
    assert done == {"status": "done", "answer": "42"}
    broken = evaluated("Read the answer", {"code": 1, "stdout": "", "stderr": "no such container"})
    assert broken == {"status": "failed", "answer": "no such container"}
    assert n8n.workflow()["nodes"][6]["parameters"]["conditions"]["conditions"][0]["rightValue"] == "done"
