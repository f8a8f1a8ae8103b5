"""`picoclaw-llm` on a lab host, asked as the gateway asks it, by its socket; but from this machine, without a gateway.

The stand-ins' addresses are private, so the owner of a lab names them by `api_base` with the port: then egress proxy
and firewall let them pass, as they would a model in the home network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.fakes import defaults
from tests.fakes.client import connect_once
from tests.stack import Stack

LLM = "picoclaw-llm"
SOCKET = "var/lib/docker/volumes/picoclaw-llm-socket/_data/llm.sock"
MODELS = {
    "anthropic": (defaults.ANTHROPIC_HOST, defaults.ANTHROPIC_KEY, defaults.ANTHROPIC_MODEL),
    "gemini": (defaults.GEMINI_HOST, defaults.GEMINI_KEY, defaults.GEMINI_MODEL),
}
# The question that a deploy ends with would load litellm after every start.
UNASKED = ("--data", "picoclaw_check_model=False")
EXEC = {
    "type": "function",
    "function": {
        "name": "exec",
        "description": "Run a command.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}


def model(provider: str) -> dict[str, str]:
    """A model of that provider as config.json has it."""
    host, key, name = MODELS[provider]
    base = {"provider": provider, "api_key": key, "model": name}
    return {**base, "engine": "litellm", "api_base": f"https://{host}:443"}


def config(stack: Stack, **changes: Any) -> dict[str, Any]:
    """The lab's config.json with other sections."""
    document: dict[str, Any] = json.loads(stack.lab.places.config.read_text(encoding="utf-8"))
    return {**document, **changes}


@contextmanager
def deployed(stack: Stack, **llm: Any) -> Iterator[None]:
    """The product with these keys in the section `llm`, and as before afterwards."""
    file = stack.lab.places.config
    original = file.read_text(encoding="utf-8")
    section = json.loads(original)["llm"]
    file.write_text(json.dumps(config(stack, llm={**section, **llm})), encoding="utf-8")
    try:
        _deploy(stack)
        yield
    finally:
        file.write_text(original, encoding="utf-8")
        keep_build(stack)
        _deploy(stack)


def keep_build(stack: Stack) -> None:
    """Let a deploy that removes the image keep what it was built from: the next tests would wait for it for a minute.

    The legacy builder's stages go when nothing has a name for them.
    """
    stages = "docker image ls --quiet --filter dangling=true --filter label=picoclaw.stage=build"
    stack.lab.ssh(f"for image in $({stages}); do docker tag $image kept-by-tests:$image; done", check=True)


def _deploy(stack: Stack) -> None:
    done = stack.deploy("-y", *UNASKED)
    assert done.returncode == 0, done.stdout
    stack.wait_ready()


@contextmanager
def connected(stack: Stack, timeout: float = 120.0) -> Iterator[httpx.Client]:
    """A client of the socket."""
    transport = httpx.HTTPTransport(uds=_socket(stack))
    with httpx.Client(transport=transport, base_url="http://picoclaw-llm", timeout=timeout) as client:
        yield client


def _socket(stack: Stack) -> str:
    return f"/proc/{stack.lab.host_pid}/root/{SOCKET}"


def health(stack: Stack) -> str:
    """What it says of itself."""
    with connected(stack) as client:
        return str(client.get("/health").raise_for_status().json()["detail"])


def ask(stack: Stack, provider: str, messages: list[dict[str, Any]] | str, **more: Any) -> httpx.Response:
    """One request; `key`, `timeout` (of this client) and what goes into the body may be given."""
    _, key, name = MODELS[provider]
    headers = {"Authorization": f"Bearer {more.pop('key', key)}"}
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    extension = {"provider": provider, "api_base": None, "timeout_s": 60}
    body = {"model": name, "messages": messages, "tools": [EXEC], "picoclaw": extension}
    with connected(stack, more.pop("timeout", 180.0)) as client:
        return client.post("/v1/chat/completions", headers=headers, json={**body, **more})


def warm(stack: Stack, idle_minutes: float) -> None:
    """Start the worker, and let it stay for so long after its last request."""
    with connected(stack) as client:
        client.post("/warm", json={"idle_minutes": idle_minutes}).raise_for_status()


def wait_until(stack: Stack, said: str, timeout: float = 60.0) -> None:
    """Wait until its health line ends so."""
    stack.wait_for(lambda: health(stack).endswith(said), timeout, lambda: stack.logs(LLM))


def wait_until_it_answers(stack: Stack, timeout: float = 60.0) -> None:
    """Wait until its first process serves, which is some tenths of a second after a start."""

    def answers() -> bool:
        try:
            connect_once(_socket(stack))
            return bool(health(stack))
        except (OSError, httpx.HTTPError):
            return False

    stack.wait_for(answers, timeout, lambda: stack.logs(LLM))
