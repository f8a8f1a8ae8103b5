"""The server in `picoclaw init`: beside what the inventory has already, and whether ssh comes in."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.operator.setup.host import knock
from tests.fakes.defaults import TELEGRAM_TOKEN as TOKEN
from tests.unit.operator.initialising import Init

OWN = '("own", {"ssh_hostname": "192.0.2.1", "ssh_port": 10101, "ssh_user": "me", "picoclaw_config": "own.json"})'


def inventory(init: Init, own: str = OWN) -> None:
    """An inventory beside hosts.json, which pyinfra reads as the real one."""
    init.hosts.with_name("inventory").write_text(
        "import json, pathlib\n"
        f"hosts = [{own}]\n"
        "written = pathlib.Path('hosts.json')\n"
        "hosts += list(json.loads(written.read_text()).items()) if written.exists() else []\n"
    )


def hosts(init: Init) -> object:
    return json.loads(init.hosts.read_text())


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_host_of_the_inventory_is_proposed_and_not_written_once_more(init: Init) -> None:
    inventory(init)
    code, printed = init.run("--yes", "--offline", "--model", "m", api_key="k" * 20, bot_token=TOKEN)
    assert code == 0, printed
    assert hosts(init) == {"own": {}}
    assert "The deploy goes to" not in printed
    init.hosts.write_text('{"own": {"ssh_user": "me"}}')
    code, printed = init.run("--yes", "--offline", "--ssh-port", "10102")
    assert code == 0, printed
    assert hosts(init) == {"own": {"ssh_port": 10102, "ssh_user": "me"}}, "what was written before stays"


def test_another_host_is_told_with_all_to_which_the_deploy_goes(init: Init) -> None:
    inventory(init)
    code, printed = init.telegram("--host", "srv42", "--ssh-hostname", "192.0.2.42")
    assert code == 0, printed
    assert "The deploy goes to own, srv42; with --limit srv42 to that one alone." in printed
    assert hosts(init) == {"srv42": {"ssh_hostname": "192.0.2.42", "ssh_port": 22, "ssh_user": "root"}}


def test_an_inventory_that_cannot_be_read_is_said_before_anything_is_asked(init: Init) -> None:
    inventory(init, own="nonsense")
    code, printed = init.run("--offline")
    assert code == 1
    assert "pyinfra cannot read ./inventory" in printed
    assert "Provider" not in printed


@pytest.mark.parametrize(
    ("says", "code", "told"),
    [
        ("", 0, "✓ ssh reaches srv"),
        ("", 127, "✓ ssh reaches srv"),
        ("Host key verification failed.", 255,
         "? ssh does not know the key of srv yet: ssh -p 10122 root@192.0.2.7 true shows it and asks"),
        ("@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@\nHost key verification failed.", 255,
         "✗ srv has another key than ssh knows"),
        ("root@192.0.2.7: Permission denied (publickey,password).", 255,
         "✗ srv refuses your ssh key: ssh-copy-id -p 10122 root@192.0.2.7 puts it there"),
        ("debug\nssh: connect to host 192.0.2.7 port 10122: No route\x1b[2J to host\n", 255,
         "✗ ssh does not reach srv (ssh: connect to host 192.0.2.7 port 10122: No route[2J to host): does it run"),
    ],
)  # fmt: skip
def test_what_ssh_says_is_told_and_nothing_waits_for_it(init: Init, says: str, code: int, told: str) -> None:
    place = init.config.parent / "bin"
    (place / "says").write_text(says)
    (place / "code").write_text(str(code))
    ended, printed = init.telegram("--host", "srv", "--ssh-hostname", "192.0.2.7", "--ssh-port", "10122")
    assert ended == 0, printed
    assert told in printed
    assert printed.endswith("  pyinfra inventory deploy.py\n  make verify\n")
    assert "-o BatchMode=yes" in (place / "asked").read_text()
    assert "Host srv\n    HostName 192.0.2.7\n    Port 10122\n    User root\n" in (place / "config").read_text()


def test_offline_and_with_a_password_ssh_is_not_asked(init: Init) -> None:
    assert init.telegram("--offline")[0] == 0
    init.hosts.write_text('{"mikrus": {"ssh_password": "kept to oneself"}}')
    code, printed = init.telegram()
    assert code == 0, printed
    assert "kept" not in printed
    assert not (init.config.parent / "bin" / "asked").exists()


def test_the_real_ssh_and_a_port_that_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    verdict = knock("here", {"ssh_hostname": "127.0.0.1", "ssh_port": port, "ssh_user": "root"})
    assert verdict.said == "knock_unreachable"
    assert "Connection refused" in str(verdict.values["reason"])


def test_the_real_ssh_and_a_server_that_says_nothing(silent: int) -> None:
    begun = time.monotonic()
    verdict = knock("here", {"ssh_hostname": "127.0.0.1", "ssh_port": silent}, seconds=3)
    assert time.monotonic() - begun < 4
    assert verdict.said == "knock_unreachable"


def test_without_ssh_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    verdict = knock("here", {})
    assert (verdict.said, verdict.values["reason"]) == (
        "knock_unreachable", "ssh: command not found (apt install openssh-client)",
    )  # fmt: skip
