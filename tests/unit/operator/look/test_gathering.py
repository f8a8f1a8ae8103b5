"""gather.sh, run for real over a fake ssh and a fake docker, and what becomes of its answer."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from agent.operator.look.gathering import look, parse, understand
from agent.operator.look.seen import Seen
from agent.operator.reach import Host
from tests.unit.operator.look.conftest import inspected


def seen(name: str = "here", *, root: bool = True, **options: bool) -> Seen:
    return look(Host(name, {}, Path("unused"), root), "en", **options)


def test_one_round_trip_tells_it_all(docker: Path) -> None:
    assert docker.exists()
    found = seen()
    assert (found.unreachable, found.refused) == ("", "")
    assert found.docker is not None
    assert found.docker.version == "26.1.5"
    assert found.clock_off_s is not None
    assert abs(found.clock_off_s) < 1
    assert found.memory_total is not None
    assert found.memory_free is not None
    assert 0 < found.memory_free < found.memory_total
    assert [disk.mount for disk in found.disks] == ["/"]
    assert list(found.containers) == ["picoclaw", "picoclaw-sandbox"]
    gateway, sandbox = found.containers.values()
    assert (gateway.status, gateway.health, gateway.health_said) == ("running", "healthy", "ok: 0 jobs")
    assert (gateway.restarts, gateway.image, gateway.memory_limit) == (2, "picoclaw:0123", 134217728)
    assert gateway.last_error == "2026-11-28 00:00:01 ERROR   llm: no \x1b[31mred"
    assert gateway.last_lines[-1].endswith("gateway: on")
    assert sandbox.confinement is not None
    assert [(control.id, control.ok) for control in sandbox.confinement] == [("swap", False)]
    assert found.report is not None
    assert found.report.gateway is not None
    assert found.report.gateway.channels["telegram"].last_contact_s == 2.5
    assert (found.names_host, found.names_gateway, found.answers) == (None, None, None), "nobody asked for these"


def test_the_doctor_has_names_resolved_and_the_model_asked(docker: Path) -> None:
    assert docker.exists()
    found = seen(names=True, model=True)
    assert found.names_gateway == ""
    assert found.names_host is not None
    assert found.answers is not None
    assert [(answer.where, answer.error) for answer in found.answers] == [("llm", "LLMKeyError")]


def test_a_host_that_ssh_does_not_reach(docker: Path) -> None:
    assert docker.exists()
    found = seen("down")
    assert found.unreachable == "ssh: connect to host down port 22: Connection refused"
    assert found.docker is None


def test_docker_that_does_not_run_is_not_asked_further(docker: Path) -> None:
    (docker / "down").touch()
    found = seen()
    assert found.docker is not None
    assert (found.docker.version, found.docker.problem) == ("", "Is the docker daemon running?")
    assert found.containers == {}
    assert found.report is None


def test_a_user_who_may_not_become_root(docker: Path) -> None:
    assert seen(root=False).refused == ""
    sudo = docker.parent / "bin" / "sudo"
    sudo.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n")
    found = seen(root=False)
    assert (found.refused, found.sudo) == ("sudo: a password is required", "sudo ")


def test_an_older_gateway_knows_no_status(docker: Path) -> None:
    (docker / "status").write_text("Usage: picoclaw ...\n\nError: No such command 'status'.\n")
    (docker / "status.code").write_text("2")
    found = seen()
    assert found.report is None
    assert found.report_problem == "Error: No such command 'status'."


@pytest.mark.parametrize("answer", ["", "{", '{"gateway": 7}', '{"gateway": {"healthy": "yes", "ready": true}}', "[]"])
def test_an_answer_that_is_none_is_a_problem_and_no_traceback(docker: Path, answer: str) -> None:
    (docker / "status").write_text(answer)
    (docker / "confinement").write_text(answer)
    (docker / "model").write_text(answer)
    (docker / "inspect").write_text(f"{answer}\nnonsense\n{inspected('picoclaw')}\n{inspected('other')}\n")
    found = seen(model=True)
    assert found.report is None
    assert "not understood" in found.report_problem
    assert list(found.containers) == ["picoclaw"]
    assert found.containers["picoclaw"].confinement is None
    assert not found.answers


def test_a_flood_of_output_is_cut(docker: Path) -> None:
    (docker / "confinement").write_text("x" * 3_000_000)
    (docker / "picoclaw.log").write_text("y ERROR " + "z" * 3_000_000)
    found = seen()
    assert found.report is not None
    assert len(found.containers["picoclaw"].last_error) <= 200_000


def line(name: str, text: str, code: int = 0) -> bytes:
    return f"{name} ".encode() + base64.b64encode(f"{text}\n{code}".encode())


def test_lines_that_are_not_gather_shs_own_are_left_out() -> None:
    said = parse(b"\n".join([b"Welcome to Debian", line("root", "0", 3), b"docker !!", b"", b"x eA=="]))
    assert {name: (thing.text, thing.code) for name, thing in said.items()} == {"root": ("0", 3)}


@pytest.mark.parametrize(("ahead", "off"), [(0.0, 0.0), (500.0, 499.0), (-500.0, -500.0)])
def test_the_clock_is_off_by_what_the_way_does_not_explain(ahead: float, off: float) -> None:
    now = time.time()
    said = parse(b"\n".join([line("clock", f"{now + ahead:.3f}"), line("docker", "26")]))
    assert understand("h", said, (now, now + 1)).clock_off_s == pytest.approx(off, abs=0.01)


def test_memory_is_counted_as_docker_stats_does() -> None:
    counted = "used 1000\ninactive_file 7\ntotal_inactive_file 300\noom_kill 4"
    output = [line("docker", "26"), line("containers", inspected("picoclaw")), line("memory/picoclaw", counted)]
    container = understand("h", parse(b"\n".join(output)), (0, 1)).containers["picoclaw"]
    assert (container.memory_used, container.oom_kills) == (700, 4)


def test_a_container_that_has_ended() -> None:
    ended = inspected("picoclaw", Status="exited", ExitCode=137, OOMKilled=True, Health=None)
    said = parse(b"\n".join([line("docker", "26"), line("containers", ended)]))
    container = understand("h", said, (0, 1)).containers["picoclaw"]
    assert (container.status, container.exit_code, container.oom_killed) == ("exited", 137, True)
    assert (container.up_s, container.health, container.memory_used) == (None, "", None)


def test_each_file_system_once() -> None:
    df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n" + "/dev/a 1000 900 100 90% /\n" * 2
    inodes = "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 100 99 1 99% /\nbtrfs 0 0 0 - /mnt\n"
    said = parse(b"\n".join([line("docker", "26"), line("disks", df), line("inodes", inodes)]))
    (disk,) = understand("h", said, (0, 1)).disks
    assert (disk.mount, disk.size, disk.free, disk.inodes_used) == ("/", 1024000, 102400, 0.99)
