"""The stand-ins as a process and as a thread: control API, TLS, lost connections, and the terminal chat."""

import json
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.errors import FakesError
from tests.fakes.talk import main as talk
from tests.fakes.thread import running
from tests.fakes.wire import HttpError, NetworkMode, Reply, Rule, TelegramFault
from tests.lab.authority import Authority

REPOSITORY = Path(__file__).parents[3]
OWNER = defaults.OWNER_ID


@pytest.fixture
def fakes() -> Iterator[FakesClient]:
    """Stand-ins in a thread, and the client that drives them."""
    with running() as client:
        yield client


def bot_api(fakes: FakesClient, method: str, token: str = defaults.TELEGRAM_TOKEN, **parameters: Any) -> Any:
    """What a bot would get, by hand."""
    url = f"{fakes.ping()[defaults.TELEGRAM_HOST]}/bot{token}/{method}"
    return httpx.post(url, json=parameters, timeout=30).json()


def completion(fakes: FakesClient, text: str, key: str = defaults.OPENAI_KEY) -> httpx.Response:
    """What a model's client would get, by hand."""
    body = {"model": defaults.OPENAI_MODEL, "messages": [{"role": "user", "content": text}]}
    url = f"{fakes.ping()[defaults.OPENAI_HOST]}/v1/chat/completions"
    return httpx.post(url, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=2)


def test_a_conversation_from_both_ends(fakes: FakesClient) -> None:
    sent = fakes.user_message("hello", username="ola")
    (update,) = bot_api(fakes, "getUpdates")["result"]
    assert update["update_id"] == sent.update_id
    assert update["message"]["from"]["username"] == "ola"
    bot_api(fakes, "sendMessage", chat_id=OWNER, text="hi", reply_parameters={"message_id": sent.message_id})
    (reply,) = fakes.wait_for_reply(after=sent.message_id)
    assert (reply.text, reply.reply_to, reply.from_bot) == ("hi", sent.message_id, True)
    assert 0 < reply.time - sent.time < 5
    assert [message.text for message in fakes.chat()] == ["hello", "hi"]
    assert [call.method for call in fakes.calls()] == ["getUpdates", "sendMessage"]


def test_waiting_in_vain_is_an_error(fakes: FakesClient) -> None:
    began = time.monotonic()
    with pytest.raises(FakesError, match="the bot sent nothing with 'x' to chat 123456789 within"):
        fakes.wait_for_reply(timeout=0.2, containing="x")
    assert time.monotonic() - began < 2
    with pytest.raises(FakesError, match="no getUpdates arrived"):
        fakes.wait_for_call("getUpdates", timeout=0.1)


def test_calls_can_be_waited_for(fakes: FakesClient) -> None:
    bot_api(fakes, "getMe")
    since = time.time()
    bot_api(fakes, "sendMessage", chat_id=1, text="x")
    call = fakes.wait_for_call("sendMessage", since=since)
    assert (call.parameters, call.token_ok) == ({"chat_id": 1, "text": "x"}, True)
    (answered,) = fakes.calls("sendmessage")
    assert (answered.status, answered.description) == (400, "Bad Request: chat not found")


def test_settings_and_reset(fakes: FakesClient) -> None:
    fakes.user_message("hello")
    fakes.telegram_settings(tokens=["42:other"])
    assert bot_api(fakes, "getMe")["error_code"] == 401
    assert bot_api(fakes, "getMe", "42:other")["ok"]
    fakes.llm_settings(defaults.OPENAI_HOST, keys=["k"], models=[defaults.OPENAI_MODEL])
    assert completion(fakes, "x").status_code == 401
    assert completion(fakes, "x", "k").status_code == 200
    fakes.reset()
    assert bot_api(fakes, "getMe")["ok"]
    assert completion(fakes, "x").status_code == 200
    assert (fakes.chat(), len(fakes.calls()), len(fakes.llm_requests())) == ([], 1, 1)


def test_identifiers_go_on_over_a_reset(fakes: FakesClient) -> None:
    first = fakes.user_message("one")
    fakes.reset()
    second = fakes.user_message("two")
    assert (second.update_id or 0) > (first.update_id or 0)
    assert second.message_id > first.message_id


def test_scripts_rules_and_records(fakes: FakesClient) -> None:
    fakes.script("first", Reply(error=HttpError(status=429)))
    fakes.rules([Rule(match="ping", reply=Reply(text="pong"))])
    answers = [
        completion(fakes, "PING"),
        completion(fakes, "x"),
        completion(fakes, "PING"),
        completion(fakes, "x", "-"),
    ]
    assert [answer.status_code for answer in answers] == [200, 429, 200, 401]
    assert answers[2].json()["choices"][0]["message"]["content"] == "pong"
    assert [request.authorization for request in fakes.llm_requests()] == ["ok", "ok", "ok", "bad"]
    fakes.llm_reset()
    assert fakes.llm_requests() == []


def test_what_does_not_fit_is_refused_with_the_reason(fakes: FakesClient) -> None:
    with pytest.raises(FakesError, match=re.escape("example.org is not served")):
        fakes.network("example.org", "silence")
    with pytest.raises(FakesError, match="not a regular expression"):
        fakes.rules([Rule(match="(", reply=Reply())])
    with pytest.raises(FakesError, match="is no host of a model"):
        fakes.llm_settings("example.org", keys=[])
    with pytest.raises(FakesError, match="message to be replied not found"):
        fakes.user_message("x", reply_to=5)
    with pytest.raises(FakesError, match="Invalid enum value 'explode'"):
        fakes.telegram_fail(TelegramFault(kind="explode"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (TelegramFault(kind="reset"), httpx.ReadError),
        (TelegramFault(kind="silence"), httpx.ReadTimeout),
        (TelegramFault(kind="hang", seconds=5), httpx.ReadTimeout),
    ],
)
def test_requests_that_are_lost(fakes: FakesClient, fault: TelegramFault, error: type[Exception]) -> None:
    fakes.telegram_fail(fault)
    with pytest.raises(error):
        httpx.post(f"{fakes.ping()[defaults.TELEGRAM_HOST]}/bot{defaults.TELEGRAM_TOKEN}/getMe", timeout=0.3)
    assert bot_api(fakes, "getMe")["ok"]


def test_an_error_with_the_services_own_body(fakes: FakesClient) -> None:
    fakes.telegram_fail(TelegramFault(kind="error", status=429, description="Slow down", parameters={"retry_after": 9}))
    fakes.telegram_fail(TelegramFault(kind="error", method="getMe", status=502, body="<html>Bad Gateway</html>"))
    url = f"{fakes.ping()[defaults.TELEGRAM_HOST]}/bot{defaults.TELEGRAM_TOKEN}/getMe"
    first, second = httpx.post(url), httpx.post(url)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "9")
    assert first.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Slow down",
        "parameters": {"retry_after": 9},
    }
    assert (second.status_code, second.text) == (502, "<html>Bad Gateway</html>")


@pytest.mark.parametrize(
    ("mode", "old", "new"),
    [
        ("silence", httpx.ReadTimeout, httpx.ReadTimeout),
        ("reset", httpx.TransportError, httpx.TransportError),
        ("refuse", httpx.TransportError, httpx.ConnectError),
    ],
)
def test_network_modes(
    fakes: FakesClient, mode: NetworkMode, old: type[httpx.TransportError], new: type[httpx.TransportError]
) -> None:
    url = f"{fakes.ping()[defaults.TELEGRAM_HOST]}/bot{defaults.TELEGRAM_TOKEN}/getMe"
    with httpx.Client(timeout=0.3) as client:
        assert client.get(url).json()["ok"]
        fakes.network(defaults.TELEGRAM_HOST, mode)
        with pytest.raises(old):
            client.get(url)
    with pytest.raises(new):
        httpx.get(url, timeout=0.3)
    assert completion(fakes, "x").status_code == 200, "another host is not touched"
    fakes.network("*", "ok")
    assert httpx.get(url, timeout=1).json()["ok"]


def test_the_three_encodings_of_parameters(fakes: FakesClient) -> None:
    fakes.user_message("hello")
    url = f"{fakes.ping()[defaults.TELEGRAM_HOST]}/bot{defaults.TELEGRAM_TOKEN}/sendMessage"
    fields = {"chat_id": str(OWNER), "text": "zażółć & <b>"}
    answers = [
        httpx.get(url, params=fields),
        httpx.post(url, data=fields),
        httpx.post(url, json=fields),
        httpx.post(url, data=fields, files={"unused": b""}),
    ]
    assert [answer.json()["result"]["text"] for answer in answers] == [fields["text"]] * 4


@pytest.fixture
def lab(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A lab's directory with TLS for localhost, and what a client has to trust."""
    authority = Authority.create("test")
    authority.save(tmp_path / "ca.pem")
    certificate, key = authority.issue("localhost")
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    served = {
        "address": "127.0.0.1",
        "port": 0,
        "cert": str(tmp_path / "cert.pem"),
        "key": str(tmp_path / "key.pem"),
    }
    hosts = {defaults.TELEGRAM_HOST: served, defaults.OPENROUTER_HOST: served, "discord.example": served}
    config = {"hosts": hosts, "control": str(tmp_path / "control.sock")}
    (tmp_path / "fakes.json").write_text(json.dumps(config), encoding="utf-8")
    return tmp_path, ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))


def test_the_process_serves_tls_and_ends_cleanly(lab: tuple[Path, ssl.SSLContext]) -> None:
    folder, trust = lab
    command = [sys.executable, "-m", "tests.fakes", "--lab", str(folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        try:
            with FakesClient(folder / "control.sock") as fakes:
                fakes.wait_until_ready()
                url = fakes.ping()[defaults.TELEGRAM_HOST].replace("127.0.0.1", "localhost")
                assert url.startswith("https://")
                with httpx.Client(verify=trust) as client:
                    assert client.get(f"{url}/bot{defaults.TELEGRAM_TOKEN}/getMe").json()["ok"]
                    fakes.telegram_fail(TelegramFault(kind="reset"))
                    with pytest.raises(httpx.TransportError):
                        client.get(f"{url}/bot{defaults.TELEGRAM_TOKEN}/getMe")
                with pytest.raises(httpx.ConnectError):
                    httpx.get(url)
                fakes.network("*", "silence")
                with pytest.raises(httpx.ConnectTimeout):
                    httpx.get(url, verify=trust, timeout=0.3)
        finally:
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "no stand-in yet for discord.example" in log
    assert f"api.telegram.org GET /bot{defaults.BOT_ID}:***/getMe 200" in log
    assert "Traceback" not in log
    assert defaults.TELEGRAM_TOKEN not in log


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "fakes.json does not exist: raise the lab first"),
        ("{", "fakes.json cannot be used: Input data was truncated"),
        ('{"hosts": {}}', "missing required field `control`"),
        (
            '{"hosts": {"api.telegram.org": {"address": "127.0.0.1", "cert": "/no/such"}}, "control": "c"}',
            "No such file or directory",
        ),
    ],
)
def test_a_process_that_cannot_start_says_why(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "fakes.json").write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "tests.fakes", "--lab", str(tmp_path)]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The stand-ins cannot start: ")
    assert reason in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_talk_once(tmp_path: Path, fakes: FakesClient, capsys: pytest.CaptureFixture[str]) -> None:
    config = {"hosts": {}, "control": fakes.control}
    (tmp_path / "fakes.json").write_text(json.dumps(config), encoding="utf-8")
    assert talk(["--lab", str(tmp_path), "--once", "hello", "--timeout", "0.2"]) == 1
    assert "No conversation: the bot sent nothing" in capsys.readouterr().err
    code = "import sys, tests.fakes.talk as t; sys.exit(t.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "--lab", str(tmp_path), "--once", "anybody there?"]
    (seen,) = bot_api(fakes, "getUpdates")["result"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        (update,) = bot_api(fakes, "getUpdates", offset=seen["update_id"] + 1, timeout=20)["result"]
        assert update["message"]["text"] == "anybody there?"
        bot_api(fakes, "sendMessage", chat_id=OWNER, text="I am.")
        output, _ = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, "I am.\n")


def test_talk_without_stand_ins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = {"hosts": {}, "control": str(tmp_path / "nobody.sock")}
    (tmp_path / "fakes.json").write_text(json.dumps(config), encoding="utf-8")
    assert talk(["--lab", str(tmp_path), "--once", "x"]) == 1
    assert "No conversation: the stand-ins do not answer on" in capsys.readouterr().err
