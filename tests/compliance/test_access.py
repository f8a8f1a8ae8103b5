"""Who is heard, and where the secrets are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compliance.live import Container

CONFIG = "/opt/stacks/picoclaw/config/config.json"


@pytest.fixture
def config(gateway: Container) -> dict[str, Any]:
    return dict(json.loads(gateway.host.check_output("cat %s", CONFIG)))


def channels(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [*config.get("channels", []), *([config["channel"]] if "channel" in config else [])]


def secrets(config: dict[str, Any]) -> Iterator[str]:
    yield config["llm"]["api_key"]
    for channel in channels(config):
        yield from (channel[key] for key in ("bot_token", "app_token") if key in channel)


@pytest.mark.control("allowed-users")
def test_nobody_is_let_in_by_a_wildcard(config: dict[str, Any]) -> None:
    for channel in channels(config):
        assert not {"*", "0", ""} & {str(user) for user in channel.get("allowed_user_ids", [])}


@pytest.mark.control("allowed-users")
def test_someone_is_named(config: dict[str, Any]) -> None:
    unnamed = [channel["type"] for channel in channels(config) if not channel.get("allowed_user_ids")]
    if unnamed:
        pytest.skip(f"{', '.join(unnamed)}: no allowed_user_ids; closed to everyone but who paired with /pair")


@pytest.mark.control("secrets")
def test_no_secret_in_inspect(container: Container, config: dict[str, Any]) -> None:
    text = json.dumps(container.inspect)
    assert not [secret[:6] for secret in secrets(config) if secret in text]


@pytest.mark.control("secrets")
def test_no_secret_in_the_log(container: Container, config: dict[str, Any]) -> None:
    log = container.host.run("docker logs %s", container.name)
    assert not [secret[:6] for secret in secrets(config) if secret in log.stdout + log.stderr]


@pytest.mark.control("secrets")
def test_no_secret_in_any_environment_or_argument(container: Container, config: dict[str, Any]) -> None:
    files = " ".join(f"/proc/{process.pid}/environ /proc/{process.pid}/cmdline" for process in container.processes)
    text = container.host.check_output(f"cat {files} | tr '\\0' '\\n'")
    assert text
    assert not [secret[:6] for secret in secrets(config) if secret in text]


@pytest.mark.control("secrets")
def test_no_secret_in_an_image_layer(container: Container, config: dict[str, Any]) -> None:
    history = container.host.check_output("docker history --no-trunc %s", container.inspect["Image"])
    assert not [secret[:6] for secret in secrets(config) if secret in history]
