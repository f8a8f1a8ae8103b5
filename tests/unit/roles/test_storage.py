"""Volumes and configuration."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError, PyinfraError

from agent import config as agent_config
from agent.errors import ConfigError
from roles.storage import config, facts
from roles.storage.operations import volumes
from roles.storage.volumes import VOLUMES
from tests.unit.roles.pyinfra_run import Run, commands, fake

RECORDED = Path(__file__).with_name("recorded")
STATE, _, SOCKET = VOLUMES
VALID: dict[str, Any] = {
    "llm": {"provider": "openrouter", "api_key": "sk-or-v1-0123456789", "model": "anthropic/claude-3.5-sonnet"},
    "channel": {"type": "telegram", "bot_token": "123456789:" + "A" * 35, "allowed_user_ids": [1]},
}


def recorded(system: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((RECORDED / f"volumes-{system}.json").read_text(encoding="utf-8"))
    return found


def run(found: list[dict[str, Any]], access: str = "1000:1000:700") -> Run:
    lines = [f"access {access} {volume['Mountpoint']}" for volume in found]
    fact = {"stdout": [*lines, *json.dumps(found, indent=4).splitlines()]}
    answers = {'docker volume inspect "$@"': fact}
    return fake(volumes, answers, name="volumes", wanted=[STATE, SOCKET])


def done(made: Run) -> list[str]:
    return [command for command in commands(made, "") if not command.startswith(("if command -v", "volume="))]


@pytest.mark.parametrize("system", ["bookworm", "trixie"])
def test_volumes_made_by_the_role_are_left_alone(system: str) -> None:
    made = run(recorded(system)).execute()

    assert done(made) == []
    assert not made.changed


def test_missing_volumes_are_created_and_given_to_the_agent() -> None:
    made = run([]).execute()

    mounted = "size=1m,nr_inodes=1k,uid=1000,gid=1000,mode=0700,nosuid,nodev,noexec"
    options = f"--opt=type=tmpfs --opt=device=tmpfs --opt=o={mounted}"
    assert done(made) == [
        "docker volume create --driver=local picoclaw-state",
        f"docker volume create --driver=local {options} picoclaw-sandbox-socket",
    ]
    (given,) = commands(made, "volume=picoclaw-state")
    assert "owner=1000:1000" in given


@pytest.mark.parametrize("access", ["0:0:700", "1000:1000:755"])
def test_another_owner_or_mode_is_named_and_repaired(access: str) -> None:
    made = run(recorded("trixie"), access=access).execute()

    directory = "/var/lib/docker/volumes/picoclaw-state/_data"
    assert done(made) == [f"chown 1000:1000 -- {directory}", f"chmod 0700 -- {directory}"]
    assert made.said == {f"volume picoclaw-state: owner and mode 1000:1000:700 wanted, {access} found"}


def test_a_socket_volume_with_other_options_is_made_anew() -> None:
    state, socket = recorded("trixie")

    made = run([state, {**socket, "Options": None}]).execute()

    assert [command.split()[2] for command in done(made)] == ["rm", "create"]
    # Whoever holds it goes first.
    before = commands(made, "").index("docker volume rm picoclaw-sandbox-socket")
    holders = 'docker ps --all --quiet --filter "volume=$volume" | xargs --no-run-if-empty docker rm --force'
    (removal,) = commands(made, holders)
    assert removal.startswith("volume=picoclaw-sandbox-socket\n")
    assert commands(made, "").index(removal) < before


def test_a_volume_with_data_is_never_removed(caplog: pytest.LogCaptureFixture) -> None:
    state, socket = recorded("trixie")

    with pytest.raises(PyinfraError):
        run([{**state, "Options": {"type": "tmpfs"}}, socket]).execute()

    assert "holds your data, so it is not touched" in caplog.text


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config, "REPOSITORY", tmp_path)
    return tmp_path


def test_without_a_file_here_the_one_on_the_host_is_kept(repository: Path) -> None:
    assert list(repository.iterdir()) == []
    assert config.local_config(None) is None


def test_the_file_beside_the_deploy_is_taken_as_it_is(repository: Path) -> None:
    text = json.dumps(VALID, indent=7)
    (repository / "config.json").write_text(text)

    assert config.local_config(None) == text


def test_a_reference_is_resolved_here(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-or-v1-9876543210")
    llm = {**VALID["llm"], "api_key": "${MY_KEY}"}
    (repository / "other.json").write_text(json.dumps({**VALID, "llm": llm}))

    text = config.local_config(str(repository / "other.json"))

    assert text is not None
    assert json.loads(text)["llm"]["api_key"] == "sk-or-v1-9876543210"


def test_a_command_is_run_here(repository: Path) -> None:
    llm = {**VALID["llm"], "api_key": {"command": "printf sk-or-v1-9876543210"}}
    (repository / "config.json").write_text(json.dumps({**VALID, "llm": llm}))

    text = config.local_config(None)

    assert text is not None
    assert json.loads(text)["llm"]["api_key"] == "sk-or-v1-9876543210"


def test_an_error_names_the_key_and_no_secret(repository: Path) -> None:
    llm = {**VALID["llm"], "modle": "x"}
    (repository / "config.json").write_text(json.dumps({**VALID, "llm": llm}))

    with pytest.raises(ConfigError, match=r"llm\.modle") as refused:
        config.local_config(None)

    assert "sk-or-v1-0123456789" not in str(refused.value)


def test_a_file_that_is_named_and_missing_is_one_sentence(repository: Path) -> None:
    with pytest.raises(DeployError, match=r"picoclaw_config: .*none\.json cannot be read \(No such file"):
        config.local_config(str(repository / "none.json"))


SECRETS = {
    "llm": {
        "provider": "anthropic", "api_key": 'sk-"ant\\0123456789', "model": "claude",
        "fallbacks": [{"provider": "openai", "api_key": "sk-openai-0123456789", "model": "gpt-4o"}],
    },
    "channels": [
        {"type": "slack", "bot_token": "xoxb-0123456789", "app_token": "xapp-0123456789"},
        {"type": "telegram", "bot_token": "123456789:" + "B" * 35},
    ],
    "sandbox": {"allow_hosts": ["nas.home:8443"]},
}  # fmt: skip


def on_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> str:
    """What the fact's command prints on a host with this config.json."""
    file = tmp_path / "hosts-own.json"
    monkeypatch.setattr(facts, "CONFIG_FILE", str(file))
    if text is not None:
        file.write_text(text)
    command = facts.HostConfig().command().get_raw_value()
    return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("separators", [(",", ":"), (" ,\n\t", " :\n ")])
def test_no_secret_leaves_the_host_and_the_rest_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None, separators: tuple[str, str]
) -> None:
    text = json.dumps(SECRETS, indent=indent, separators=separators)
    printed = on_host(tmp_path, monkeypatch, text)

    whole = agent_config.parse(text)
    assert len(list(whole.secrets())) == 5
    for secret in whole.secrets():
        assert json.dumps(secret)[1:-1] not in printed
        assert secret not in printed
    read = config.parse_hosts_own(printed)
    assert read.uses_litellm
    assert [model.provider for model in read.llm.models] == ["anthropic", "openai"]
    assert read.sandbox == whole.sandbox


def test_without_a_file_on_the_host_nothing_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_host(tmp_path, monkeypatch, None) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not valid JSON"),
        ("[]", "must hold one JSON object"),
        ('{"llm": {"provider": "openai", "api_key": "k0", "model": "m", "modle": 1}}', r"llm\.modle"),
        ('{"llm": {"provider": "nobody", "api_key": "k0", "model": "m"}}', r"llm\.provider 'nobody'"),
    ],
)
def test_a_file_on_the_host_that_is_not_valid_is_named(text: str, said: str) -> None:
    with pytest.raises(DeployError, match=rf"/config/config\.json on the host, .*{said}"):
        config.parse_hosts_own(text)


def test_the_channels_on_the_host_are_not_judged_from_here() -> None:
    """Their tokens are kept there, so that whatever stands in their place would look wrong."""
    llm = {"provider": "openai", "api_key": facts.KEPT_ON_HOST, "model": "m"}
    telegram = {"type": "telegram", "bot_token": facts.KEPT_ON_HOST}

    assert not config.parse_hosts_own(json.dumps({"llm": llm, "channel": telegram})).uses_litellm
