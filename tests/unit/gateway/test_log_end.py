"""The end of the log: kept in the gateway's memory as it was written, and printed by `picoclaw logs`."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from agent import look_commands
from agent.gateway import health, healthcheck, logs
from agent.gateway.asking import ask
from tests.stack import REPOSITORY
from tests.unit.gateway.test_status_report import free_port, serving

__all__ = ["free_port"]

SECRET = "123456789:" + "A" * 35
log = logging.getLogger("test")


@pytest.fixture
def logging_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A log of its own, set up as the gateway sets it up."""
    monkeypatch.setattr(logs, "_end", logs._End())
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logs.set_up([SECRET])
    try:
        yield
    finally:
        root.handlers[:], root.level = before


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, free_port: int) -> int:
    for module in (health, healthcheck):
        monkeypatch.setattr(module, "PORT", free_port)
    return free_port


def run(*words: str) -> Result:
    return CliRunner().invoke(look_commands.logs, list(words), catch_exceptions=False)


@pytest.mark.usefixtures("logging_on")
def test_it_is_what_the_log_has_word_for_word_and_without_secrets(
    capsys: pytest.CaptureFixture[str], port: int
) -> None:
    logs.set_up([SECRET])  # as the gateway does once the secrets are known, with standard output as it is now
    log.warning("refused with %s", SECRET)
    log.error("broken", exc_info=ValueError(f"a key {SECRET}\x1b[2J\nof its own"))
    written = capsys.readouterr().out
    with serving({"healthy": True, "ready": True}):
        done = run()
        code, document = ask("/log", 5)
    assert port
    assert (code, done.exit_code) == (200, 0)
    assert done.stdout == written
    assert SECRET not in done.stdout + document.decode()
    first, second = done.stdout.splitlines()
    assert first.endswith("WARNING test: refused with ***")
    assert "ValueError: a key ***[2J of its own" in second


@pytest.mark.usefixtures("logging_on", "port")
def test_so_many_of_the_last_lines() -> None:
    for number in range(300):
        log.info("line %d", number)
    with serving({"healthy": True, "ready": True}):
        assert len(run("-n", "200").stdout.splitlines()) == logs.KEPT_LINES
        assert [line.rpartition(" ")[2] for line in run("--tail", "2").stdout.splitlines()] == ["298", "299"]
        assert run("-n", "0").stdout == ""
    assert logs.last_lines()["written"] == 300
    assert len(logs._end.lines()) == logs.KEPT_LINES


@pytest.mark.usefixtures("logging_on")
@pytest.mark.parametrize("letter", ["x", "ż", "\U0001f980"])
def test_it_stays_small_whatever_is_logged(letter: str) -> None:
    for _ in range(50):
        log.info("%s", letter * 100_000)
    lines = logs._end.lines()
    assert sum(len(line.encode()) for line in lines) <= logs.KEPT_BYTES
    assert len(lines) >= 4
    assert all(len(line) <= logs.KEPT_OF_A_LINE + 1 for line in lines)
    assert lines[-1].endswith("…")


@pytest.mark.usefixtures("logging_on", "port")
def test_a_gateway_that_is_not_well_tells_its_log_all_the_same() -> None:
    log.error("config.json: llm.modle is not a known key")
    with serving({"healthy": False, "ready": False, "problem": "config.json: llm.modle is not a known key"}):
        assert ask("/health", 5)[0] == 503
        assert "llm.modle" in run().stdout


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Error: no gateway answers here"), ("pl", "nie odpowiada tu żadna bramka")]
)
def test_without_a_gateway_it_is_a_sentence(language: str, sentence: str) -> None:
    done = run("--lang", language)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert "docker logs --tail 50 picoclaw" in done.stderr


@pytest.mark.usefixtures("logging_on", "port")
def test_following_prints_each_line_once_until_the_gateway_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    log.info("before")
    turns = iter((["a", "b"], [], ["c"]))

    def a_second_later(_: float) -> None:
        lines = next(turns, None)
        if lines is None:
            raise KeyboardInterrupt
        for line in lines:
            log.info(line)

    monkeypatch.setattr(time, "sleep", a_second_later)
    with serving({"healthy": True, "ready": True}):
        done = run("--follow")
    assert done.exit_code == 0
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()] == ["before", "a", "b", "c"]


def test_the_gateway_holds_nothing_of_the_commands() -> None:
    """What only `docker exec` starts costs the idle gateway no memory."""
    code = (
        "import json, sys; sys.modules['agent.operator'] = None; "  # which no image holds
        "import agent.gateway.__main__, agent.gateway.app; print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=REPOSITORY)
    loaded = json.loads(done.stdout)
    assert "agent.gateway.logs" in loaded
    for name in ("agent.doctor", "agent.look_commands", "agent.polish_help", "click", "agent.gateway.asking"):
        assert not [one for one in loaded if one == name or one.startswith(f"{name}.")], name
