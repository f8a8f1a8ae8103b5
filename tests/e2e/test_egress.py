"""Commands reach what the owner allowed, through the proxy in the gateway; who wants more meets tests/hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.test_sandbox import run
from tests.fakes import defaults, site, wire
from tests.stack import CONFIG, Stack

SITE, OTHER = defaults.SITE_HOST, defaults.OTHER_SITE_HOST
PAGE = f"this is {SITE}\n[exit code 0]"
CURL = f"curl -sS https://{SITE}/"
LISTENING = "grep -c ':0C38 00000000:0000 0A' /proc/net/tcp"
URLLIB = "python3 -c 'import urllib.request as u, sys; print(u.urlopen(sys.argv[1]).read().decode(), end=\"\")'"


@pytest.fixture(scope="module")
def _allowing(fresh: Stack, first_deploy: str) -> Iterator[None]:
    assert first_deploy
    with fresh.edited_config(sandbox={"allow_hosts": [SITE]}):
        fresh.wait_ready()
        yield


@pytest.fixture
def open_stack(stack: Stack, _allowing: None) -> Stack:
    """The product, its commands allowed to reach one host."""
    run(stack, "find /workspace -mindepth 1 -delete")
    return stack


def books(stack: Stack, *options: str) -> list[dict[str, object]]:
    """What `picoclaw egress` prints, once all of it is stored."""
    command = f"sleep 2.5; docker exec picoclaw picoclaw egress --json {' '.join(options)}"
    return list(json.loads(stack.lab.ssh(command, check=True).stdout))


COMMANDS = {
    "curl": (CURL, PAGE),
    "urllib": (f"{URLLIB} https://{SITE}/", PAGE),
    "git": (f"git clone -q https://{SITE}/repo.git && cat repo/README", f"{site.README}[exit code 0]"),
    "pip download": (
        f"pip download -q --no-deps -d d -i https://{SITE}/simple {site.PACKAGE} && ls d",
        "picoclaw_sample-1.0-py3-none-any.whl\n[exit code 0]",
    ),
    "pip install": (
        f"pip install -q -i https://{SITE}/simple {site.PACKAGE} && cat .local/lib/*/*/picoclaw_sample.py",
        'WORD = "installed"\n[exit code 0]',
    ),
    "a large file": (f"curl -sS https://{SITE}/bytes/50000000 | wc -c", "50000000\n[exit code 0]"),
    "many at a time": (
        f"for n in $(seq 20); do curl -sS https://{SITE}/bytes/100000 | wc -c & done | sort | uniq -c; wait",
        "20 100000\n[exit code 0]",
    ),
    "a server of its own": (
        (
            "python3 -m http.server 8000 --bind 127.0.0.1 2>/dev/null & sleep 1; echo mine > index.html; "
            "curl -sS http://127.0.0.1:8000/ http://localhost:8000/; kill %1"
        ),
        "mine\nmine\n[exit code 0]",
    ),
}


@pytest.mark.parametrize("client", COMMANDS)
def test_ordinary_clients_work(open_stack: Stack, client: str) -> None:
    command, told = COMMANDS[client]
    assert run(open_stack, command).strip() == told.strip()


def test_there_is_still_no_interface_and_every_control_holds(open_stack: Stack) -> None:
    assert run(open_stack, "ls /sys/class/net; getent hosts example.org") == "lo\n[exit code 2]"
    table = open_stack.lab.ssh("docker exec picoclaw-sandbox picoclaw-confinement", check=True).stdout
    assert "controls are in force" in table


def test_the_model_is_told_what_it_may_reach(open_stack: Stack) -> None:
    open_stack.ask("hello")
    system = open_stack.fakes.llm_requests()[-1].body["messages"][0]
    told = f"no network but HTTPS, through the proxy that the environment names, to {SITE};"
    assert told in wire.text_of(system)


def test_a_refusal_is_in_the_books_with_its_remedy(open_stack: Stack) -> None:
    told = run(open_stack, f"{URLLIB} https://{OTHER}/ 2>&1 | tail -n 1; {CURL}; curl -sS http://{SITE}/")
    assert f"403 {OTHER}:443 is not allowed: add {OTHER} to sandbox.allow_hosts in config.json and restart" in told
    assert f"this is {SITE}\nOnly CONNECT is served here: use an https address" in told
    plain, reached, refused = books(open_stack, "--limit", "3")
    assert (plain["verdict"], plain["host"]) == ("refused", "")
    assert (refused["verdict"], refused["host"], refused["bytes_down"]) == ("refused", OTHER, 0)
    assert (reached["verdict"], reached["host"], reached["address"]) == ("allowed", SITE, "93.184.215.14")
    assert int(str(reached["bytes_down"])) > 1000
    table = open_stack.lab.ssh("docker exec picoclaw picoclaw egress --client sandbox --lang pl", check=True).stdout
    assert "odrzucone" in table
    assert "dopuszczone" in table
    assert {row["client"] for row in books(open_stack, "--client", "llm")} <= {"llm"}


@pytest.mark.parametrize(
    "order",
    [
        "docker restart picoclaw-sandbox",
        "docker restart picoclaw",
        "docker restart picoclaw picoclaw-sandbox",
        "docker restart picoclaw-sandbox picoclaw",
        "docker stop picoclaw; docker restart picoclaw-sandbox; docker start picoclaw",
        "docker kill picoclaw; docker start picoclaw",
        "docker kill picoclaw picoclaw-sandbox; docker start picoclaw-sandbox; sleep 2; docker start picoclaw",
    ],
)
def test_it_recovers_by_itself(open_stack: Stack, order: str) -> None:
    open_stack.lab.ssh(order, check=True)
    open_stack.wait_ready()
    assert run(open_stack, CURL) == PAGE
    report = json.loads(open_stack.lab.ssh("docker exec picoclaw picoclaw health --json", check=True).stdout)
    assert report["egress"] == {"sandbox": None}


def test_a_download_that_the_gateways_restart_cuts_is_over_and_recorded(open_stack: Stack) -> None:
    slow = wire.ToolCall(name="exec", arguments={"command": f"curl -sS --limit-rate 100k https://{SITE}/bytes/9000000"})
    open_stack.fakes.script(wire.Reply(tool_calls=[slow]), "done")
    open_stack.fakes.user_message("go")
    open_stack.wait_for(lambda: b"curl" in _processes(open_stack), 20, open_stack.logs)
    open_stack.lab.ssh("docker restart picoclaw", check=True)
    open_stack.wait_ready()
    open_stack.wait_for(lambda: b"curl" not in _processes(open_stack), 20, open_stack.logs)
    cut = books(open_stack, "--limit", "1")[0]
    assert (cut["verdict"], cut["host"]) == ("allowed", SITE)
    assert run(open_stack, CURL) == PAGE


def _processes(stack: Stack) -> bytes:
    return stack.lab.ssh("docker top picoclaw-sandbox", check=True).stdout.encode()


def test_a_proxy_in_trouble_takes_no_channel_down(open_stack: Stack) -> None:
    """A folder is in the way of its socket."""
    volume = "$(docker volume inspect --format '{{.Mountpoint}}' picoclaw-sandbox-socket)"
    open_stack.lab.ssh(f"docker stop picoclaw; mkdir {volume}/proxy.sock; docker start picoclaw", check=True)
    open_stack.wait_healthy()
    assert "hello" in run(open_stack, "echo hello")
    told = open_stack.lab.ssh("docker exec picoclaw picoclaw health").stdout
    assert "egress of sandbox: The egress proxy cannot listen on /run/sandbox/proxy.sock" in told
    assert run(open_stack, CURL).startswith("curl: (56) CONNECT tunnel failed, response 502")
    open_stack.lab.ssh(f"rmdir {volume}/proxy.sock", check=True)
    open_stack.wait_ready()
    assert run(open_stack, CURL) == PAGE


def test_without_the_setting_there_is_nothing(stack: Stack) -> None:
    original = stack.lab.ssh(f"cat {CONFIG}", check=True).stdout
    document = json.loads(original)
    started = stack.inspect("picoclaw-sandbox")["State"]["StartedAt"]
    try:
        stack.write_config(json.dumps({**document, "sandbox": {}}))
        stack.wait_ready()
        told = run(stack, f"env | grep -ic proxy; {LISTENING}; ls /run/sandbox; {CURL}")
        assert told.startswith("0\n0\ncurl: (6) Could not resolve host")
        assert stack.inspect("picoclaw-sandbox")["State"]["StartedAt"] == started
        report = json.loads(stack.lab.ssh("docker exec picoclaw picoclaw health --json", check=True).stdout)
        assert report["egress"] == {}
    finally:
        stack.write_config(original)
        stack.wait_ready()
