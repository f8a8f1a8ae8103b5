"""The commands themselves, over a fake ssh: what is printed, in which language, and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agent.cli import main
from agent.operator import reach
from agent.operator.look import document, printing
from agent.operator.look.seen import Drift
from agent.operator.reach import Host
from roles.common.names import REPOSITORY
from tests.unit.operator.look import healthy
from tests.unit.operator.look.test_judging import TROUBLES


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def test_the_status_of_a_healthy_host() -> None:
    lines = printing.status(healthy.seen(), "en").splitlines()
    assert lines[0] == "mikrus: well (PicoClaw 0.1.0, Docker 26.1.5)"
    text = "\n".join(lines)
    assert "  picoclaw          ██░░░░░░ 30/128 MB     healthy, up 2 h 0 min" in lines
    assert "  host memory       ███░░░░░ 324/1024 MB" in lines
    assert "  disk /            █████░░░ 5722/9536 MB" in lines
    assert "  workspace         ░░░░░░░░ 5/1024 MB" in lines
    assert "telegram: ok, last contact 3 s ago" in text
    assert "today: requests 2, tokens 700" in text
    assert "confinement of picoclaw-sandbox: all 1 controls hold" in text
    assert lines[-1] == "  drift: none"


def test_the_status_in_polish() -> None:
    text = printing.status(healthy.seen(), "pl")
    assert text.startswith("mikrus: wszystko w porządku")
    assert "odchylenia: brak" in text
    assert "healthy, działa 2 h 0 min" in text


def test_a_status_that_is_not_well_says_what_and_whom_to_ask() -> None:
    lines = printing.status(TROUBLES["stopped"][0], "en").splitlines()
    assert lines[0].startswith("mikrus: NOT well")
    assert any("exited, exit code 143" in line for line in lines)
    assert lines[-2].startswith("  ✘ picoclaw does not run")
    assert lines[-1] == "  what to do: picoclaw doctor mikrus"


@pytest.mark.parametrize(("language", "do"), [("en", "Do this: start it: ssh"), ("pl", "Zrób to: uruchom go: ssh")])
def test_the_doctor_ends_with_one_thing_to_do(language: str, do: str) -> None:
    lines = printing.doctor(TROUBLES["stopped"][0], language).splitlines()
    assert lines[-1].startswith(do)
    assert sum(line.startswith(do[:8]) for line in lines) == 1
    assert sum(line.startswith("  ✘") for line in lines) == 1
    assert any(line.startswith("  –") for line in lines)


def test_the_one_thing_is_about_the_first_trouble() -> None:
    seen = healthy.seen(clock_off_s=900.0, drift=Drift(changes=("storage | Configuration",)))
    text = printing.doctor(seen, "en")
    assert text.count("✘") == 2
    assert text.splitlines()[-1].startswith("Do this: look which clock is wrong")
    (document_of,) = json.loads(document.doctor([seen], "en"))
    assert document_of["do"].startswith("look which clock is wrong")


def test_a_doctor_with_nothing_to_do() -> None:
    assert printing.doctor(healthy.seen(), "en").splitlines()[-1] == "Nothing to do."


def test_no_line_of_anybody_elses_passes_for_one_of_ours() -> None:
    seen = healthy.with_containers(last_error="x\n  ✔ forged\x1b[2J\u202e")
    text = printing.status(seen, "en")
    assert "x   ✔ forged[2J" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_documents() -> None:
    (well,) = json.loads(document.status([healthy.seen()], "en"))
    assert (well["host"], well["well"], well["troubles"]) == ("mikrus", True, [])
    assert well["containers"]["picoclaw"]["memory_used"] == 30 * 2**20
    assert well["report"]["gateway"]["channels"]["telegram"]["last_contact_s"] == 3.0
    (ill,) = json.loads(document.doctor([TROUBLES["weak"][0]], "pl"))
    assert ill["well"] is False
    assert ill["do"].startswith("wdrożenie utworzy go na nowo")
    (bad,) = [check for check in ill["checks"] if check["verdict"] == "bad"]
    assert (bad["id"], bad["kind"]) == ("confined", "weak")


def test_one_unreachable_host_does_not_keep_the_others_from_being_told(docker: Path) -> None:
    (docker / "confinement").write_text(json.dumps([{"id": "swap", "expected": "0", "seen": "0", "ok": True}]))
    done = run("status", "--lang", "en")
    assert done.exit_code == 1
    assert done.stdout.startswith("here: well (PicoClaw 0.1.0, Docker 26.1.5)\n")
    assert "\ndown: NOT well\n  ✘ down cannot be reached: ssh: connect to host down" in done.stdout
    assert run("status", "here").exit_code == 0


def test_status_exits_1_when_a_host_is_not_well(docker: Path) -> None:
    assert docker.exists()
    done = run("status", "here", "--json")
    assert done.exit_code == 1
    (host,) = json.loads(done.stdout)
    assert [trouble["kind"] for trouble in host["troubles"]] == ["weak"]


def test_a_host_that_the_inventory_does_not_know(docker: Path) -> None:
    assert docker.exists()
    done = run("status", "nosuch", "--lang", "pl")
    assert done.exit_code == 1
    assert done.stderr == "Błąd: w inventory nie ma hosta ani grupy nosuch; hosty: here, down\n"


def test_an_inventory_without_hosts_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_debug_inventory", lambda *_: [])
    for command in ("status", "doctor", "logs", "rollout", "backup"):
        done = run(command)
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: the inventory has no host: picoclaw init writes hosts.json")


def test_logs_are_made_printable(docker: Path) -> None:
    assert docker.exists()
    done = run("logs", "here")
    assert done.exit_code == 0
    assert done.stdout == "2026-11-28 00:00:01 ERROR   llm: no [31mred\n2026-11-28 00:00:02 INFO    gateway: on\n"


def test_logs_of_several_hosts_and_containers_say_whose_they_are(docker: Path) -> None:
    assert docker.exists()
    done = run("logs", "--container", "sandbox", "--container", "gateway")
    assert done.exit_code == 1
    assert "here picoclaw | 2026-11-28 00:00:02 INFO    gateway: on\n" in done.stdout
    assert "here picoclaw-sandbox | sandbox: version 0.1.0\n" in done.stdout
    assert done.stderr.count("down: ssh: connect to host down port 22: Connection refused\n") == 2
    (line,) = run("logs", "here", "--container", "sandbox", "--json").stdout.splitlines()
    assert json.loads(line) == {"host": "here", "container": "picoclaw-sandbox", "line": "sandbox: version 0.1.0"}


def test_logs_of_a_container_that_is_not_there(docker: Path) -> None:
    assert docker.exists()
    for follow in ((), ("--follow",)):
        done = run("logs", "here", "--container", "llm", *follow)
        assert done.exit_code == 1
        assert done.stderr.startswith("here: ")
        assert "picoclaw-llm" in done.stderr


def test_following_goes_on_until_ctrl_c_and_leaves_nothing_behind(docker: Path) -> None:
    command = [sys.executable, "-m", "agent.cli", "logs", "--follow", "here"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(b"llm: no [31mred\n")
        assert process.stdout.readline().endswith(b"gateway: on\n")
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    follower = int((docker / "following").read_text())
    deadline = time.monotonic() + 10
    while Path(f"/proc/{follower}").exists():
        assert time.monotonic() < deadline, "docker logs outlived the one who asked for it"
        time.sleep(0.05)


def test_a_reader_who_goes_ends_it_without_a_traceback(docker: Path) -> None:
    assert docker.exists()
    command = ["sh", "-c", f"{sys.executable} -m agent.cli logs --follow here --container sandbox | head -n 1"]
    log = docker / "picoclaw-sandbox.log"
    log.write_text("a line\n" * 50_000)
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=60, check=False)
    assert done.stdout == b"a line\n"
    assert done.stderr == b""


def test_following_survives_a_restart_of_the_container(docker: Path) -> None:
    command = [sys.executable, "-m", "agent.cli", "logs", "--follow", "here"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        for _ in range(2):
            process.stdout.readline()
        (docker / "picoclaw.log").write_text("after the restart\n")
        os.kill(int((docker / "following").read_text()), signal.SIGTERM)
        assert process.stdout.readline() == b"after the restart\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("data", "typed"),
    [
        ({}, "ssh mikrus"),
        ({"ssh_hostname": "srv42.mikr.us", "ssh_port": 10142, "ssh_user": "root"}, "ssh -p 10142 root@srv42.mikr.us"),
        ({"ssh_key": "my keys/id", "ssh_user": "anna"}, "ssh -i 'my keys/id' anna@mikrus"),
    ],
)
def test_what_the_operator_types_to_get_there(data: dict[str, object], typed: str) -> None:
    assert Host("mikrus", data, Path("unused"), _root=True).shell == typed
