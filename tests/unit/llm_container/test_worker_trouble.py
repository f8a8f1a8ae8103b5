"""The worker with the real litellm: what it answers when the provider, the proxy or the client fails."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from agent.llm.errors import LLMUnavailableError
from agent.llm.stream import Assembler, Completion
from tests.fakes.wire import HttpError, Reply
from tests.unit.llm_container.asking import PROVIDERS, ask, body, events
from tests.unit.llm_container.box import error_of
from tests.unit.llm_container.engine import Engine, why_no_engine

pytestmark = pytest.mark.skipif(bool(why_no_engine()), reason=why_no_engine())


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("key", {401}),
        ("forbidden", {403}),
        ("quota", {402}),
        ("model", {404, 400}),
        ("rate_limit", {429}),
        ("context", {400, 413}),
        ("server", {500, 502}),
        ("overloaded", {503, 529}),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_the_provider_refuses(llm: Engine, provider: str, kind: Any, statuses: set[int], stream: bool) -> None:
    llm.fakes.script(Reply(error=HttpError(kind=kind)))

    response = ask(llm, provider, "x", stream=stream)

    assert response.status_code in statuses, response.text
    error = error_of(response)
    assert set(error) == {"message", "type", "code"}
    assert "litellm" not in str(error["message"]).lower()
    assert "{" not in str(error["message"])
    assert len(llm.fakes.llm_requests()) == 1, "nothing is tried twice here"


def test_retry_after_is_passed_on(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(error=HttpError(kind="rate_limit", retry_after=7)))

    assert ask(llm, provider, "x", stream=True).headers["retry-after"] == "7"


def test_a_stream_that_breaks_off_is_no_answer(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(text="word " * 100, cut_after=6))
    found = events(ask(llm, provider, "x", stream=True))

    assert "[DONE]" not in found
    with pytest.raises(LLMUnavailableError):
        _assemble(found)


def _assemble(found: list[str]) -> Completion:
    assembler = Assembler()
    for event in found:
        assembler.feed(event)
    return assembler.completion()


@pytest.mark.parametrize(
    "reply", [Reply(text="x " * 99, cut_after=6, stream_error="Overloaded"), Reply(garbage="<html>")]
)
def test_a_stream_that_fails_says_so(llm: Engine, provider: str, reply: Reply) -> None:
    llm.fakes.script(reply)
    response = ask(llm, provider, "x", stream=True)

    if response.status_code == 200:
        assert "error" in json.loads(events(response)[-1])
    else:
        assert response.status_code >= 500


@pytest.mark.parametrize("stream", [True, False])
def test_a_provider_that_does_not_answer(llm: Engine, provider: str, stream: bool) -> None:
    llm.fakes.script(Reply(connection="silence"))
    asked = body(provider, "x", stream=stream)
    asked["picoclaw"]["timeout_s"] = 0.5
    headers = {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}

    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)

    assert (response.status_code, error_of(response)["code"]) == (504, "timeout")


def test_a_lost_connection(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(connection="reset"))

    assert ask(llm, provider, "x", stream=True).status_code in {500, 502}


def test_a_host_that_the_proxy_refuses(llm: Engine, provider: str) -> None:
    asked = body(provider, "x", stream=True)
    asked["picoclaw"]["api_base"] = "https://elsewhere.example"
    llm.tunnels.unreachable.clear()
    headers = {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}

    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)

    assert (response.status_code, error_of(response)["code"]) == (400, "proxy_refused")
    llm.tunnels.unreachable.add("elsewhere.example:443")
    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)
    assert (response.status_code, error_of(response)["code"]) == (502, "proxy_failed")


def test_a_client_that_leaves_while_it_waits_ends_the_call(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(delay=30))
    before = len(llm.fakes.llm_requests())
    asked, headers = body(provider, "x"), {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}
    for patience in (1.0, 5.0, 25.0):  # a busy machine may not have asked the provider by then
        with pytest.raises(httpx.ReadTimeout):
            llm.box.post("/v1/chat/completions", timeout=patience, json=asked, headers=headers)
        if len(llm.fakes.llm_requests()) > before:
            break

    llm.box.until(lambda: _given_up(llm, before), within=20)


def test_a_client_that_leaves_in_the_middle_ends_the_call(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(text="word " * 999, chunk_delay=0.2))
    before = len(llm.fakes.llm_requests())
    asked, headers = body(provider, "x", stream=True), {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}
    with (
        llm.box.client(30) as client,
        client.stream("POST", "/v1/chat/completions", json=asked, headers=headers) as response,
    ):
        lines = response.iter_lines()  # which closes the connection when nobody holds it any more
        next(lines)
        assert not _given_up(llm, before)

    llm.box.until(lambda: _given_up(llm, before), within=20)


def _given_up(llm: Engine, before: int) -> bool:
    """Whether all requests after those are over: the stand-in notes how long each took then."""
    requests = llm.fakes.llm_requests()[before:]
    return bool(requests) and all(request.seconds > 0 for request in requests)


def test_requests_that_are_none(llm: Engine) -> None:
    url, headers = "/v1/chat/completions", {"Authorization": "Bearer x"}
    good = body("openai", "x")

    def told(json: object, headers: dict[str, str] = headers) -> tuple[int, object]:
        response = llm.box.post(url, json=json, headers=headers)
        return response.status_code, error_of(response)["code"]

    assert told(good, {}) == (401, "no_key")
    assert told([]) == (400, "bad_request")
    assert told({**good, "picoclaw": {}}) == (400, "bad_request")
    assert told({**good, "picoclaw": {"provider": "openai", "callbacks": "x"}}) == (400, "bad_request")
    assert told({**good, "mock_response": "x"}) == (400, "unknown_parameter")
    assert told({**good, "messages": "x"}) == (400, "bad_request")
    assert llm.box.post(url, content=b"{", headers=headers).status_code == 400
    assert llm.box.post(url, content=b"x" * (17 * 1024 * 1024), headers=headers).status_code == 413
    assert llm.box.post("/warm", json={"idle_minutes": -1}).status_code == 400
    assert llm.fakes.llm_requests() == []
