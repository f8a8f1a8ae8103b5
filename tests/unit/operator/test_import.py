"""`picoclaw config import`: files of PicoClaw, each version, and of mikrus-toolbox, as those programs write them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import config
from agent.cli import main

TOKEN = "123456789:" + "T" * 35
OPENROUTER = "sk-or-v1-" + "a1" * 20
ANTHROPIC = "sk-ant-api03-" + "b2" * 20
OPENAI = "sk-proj-" + "c3" * 20
DEFAULTS = {"workspace": "~/.picoclaw/workspace", "restrict_to_workspace": True, "max_tokens": 8192, "temperature": 0.7}


def mikrus(**telegram: Any) -> dict[str, Any]:
    """As the predecessor's installer writes it."""
    return {
        "agents": {
            "defaults": {
                "provider": "openrouter", "model": "anthropic/claude-3.5-sonnet",
                "max_tokens": 8192, "max_tool_iterations": 20,
            }
        },
        "providers": {"openrouter": {"api_key": OPENROUTER, "api_base": "https://openrouter.ai/api/v1"}},
        "channels": {"telegram": {"enabled": True, "token": TOKEN, **telegram}},
        "gateway": {"port": 18790},
    }  # fmt: skip


def v0(**telegram: Any) -> dict[str, Any]:
    return {
        "agents": {"defaults": {**DEFAULTS, "provider": "anthropic", "model": "claude-3-5-sonnet-20241022"}},
        "providers": {
            "anthropic": {"api_key": ANTHROPIC, "api_base": ""},
            "openai": {"api_key": OPENAI, "api_base": ""},
            "groq": {"api_key": "gsk_xxx", "api_base": ""},
            "zhipu": {"api_key": "YOUR_ZHIPU_API_KEY", "api_base": ""},
        },
        "channels": {
            "telegram": {"enabled": True, "token": TOKEN, "proxy": "", **telegram},
            "discord": {"enabled": False, "token": "YOUR_DISCORD_BOT_TOKEN", "allow_from": []},
            "feishu": {"enabled": True, "app_id": "cli_a1", "app_secret": "s", "allow_from": []},
        },
        "tools": {"web": {"brave": {"api_key": "BSA-key"}}},
    }


def flat(version: int) -> dict[str, Any]:
    """Versions 1 and 2."""
    return {
        "version": version,
        "agents": {"defaults": {**DEFAULTS, "model_name": "smart", "model_fallbacks": ["cheap"]}},
        "model_list": [
            {"model_name": "cheap", "model": "openrouter/openai/gpt-4o-mini", "api_keys": [OPENROUTER]},
            {"model_name": "smart", "model": "anthropic/claude-sonnet-4-5", "api_keys": [ANTHROPIC, f"{ANTHROPIC}2"],
             "api_base": "https://api.anthropic.com/v1", "request_timeout": 60},
            {"model_name": "off", "model": "openai/gpt-4o", "api_keys": [OPENAI], "enabled": False},
            {"model_name": "copilot", "model": "github-copilot/gpt-5.4", "auth_method": "oauth"},
        ],
        "channels": {
            "discord": {"enabled": True, "token": "MTIzNDU2.discord.token", "allow_from": [123456789012345678],
                        "group_trigger": {"mention_only": True}},
            "slack": {"enabled": True, "bot_token": "xoxb-1-abc", "app_token": "xapp-1-abc",
                      "allow_from": ["U012AB3CD"]},
        },
    }  # fmt: skip


def v3() -> dict[str, Any]:
    return {
        "version": 3,
        "agents": {"defaults": {**DEFAULTS, "model_name": "home"}},
        "model_list": [
            {
                "model_name": "home",
                "provider": "ollama",
                "model": "qwen3:8b",
                "api_base": "http://192.168.1.5:11434/v1",
            },
            {"model_name": "gpt", "provider": "openai", "model": "gpt-4o"},
        ],
        "channel_list": {
            "mybot": {"enabled": True, "type": "telegram", "allow_from": [123456789], "settings": {"base_url": ""}},
        },
    }


SECURITY = f"""# Model API Keys
model_list:
  gpt:
    api_keys:
      - "{OPENAI}"  # the only one
  home:
    api_keys: [ ]
channel_list:
  mybot:
    settings:
      token: {TOKEN}
web: {{}}
"""


class Importing:
    """Runs the command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.theirs = folder / "theirs" / "config.json"
        self.theirs.parent.mkdir()
        self.ours = folder / "config.json"
        self.printed = ""

    def run(self, document: object, *options: str, typed: str = "") -> int:
        self.theirs.write_text(json.dumps(document))
        command = ["config", "import", str(self.theirs), "--output", str(self.ours), "--lang", "en", *options]
        result = CliRunner().invoke(main, command, input=typed)
        self.printed = result.output
        for secret in (TOKEN, OPENROUTER, ANTHROPIC, OPENAI):
            assert secret not in self.printed
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code

    def read(self) -> config.Config:
        return config.load(self.ours)


@pytest.fixture
def importing(tmp_path: Path) -> Importing:
    return Importing(tmp_path)


def test_mikrus_toolboxs_list_that_never_worked_holds_from_now_on(importing: Importing) -> None:
    assert importing.run(mikrus(allowed_users=[123456789]), "--yes") == 0
    assert importing.read().channels[0].allowed_user_ids == [123456789]
    assert "PicoClaw let EVERYONE in" in importing.printed
    assert "PicoClaw never read this list; what it meant holds from now on: 123456789" in importing.printed
    assert "telegram: 123456789 may talk to it, nobody else" in importing.printed
    model = importing.read().llm
    assert (model.provider, model.api_key, model.model, model.api_base, model.max_tokens) == (
        "openrouter", OPENROUTER, "anthropic/claude-3.5-sonnet", None, 8192,
    )  # fmt: skip
    assert stat.S_IMODE(importing.ours.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("telegram", "users", "said"),
    [
        ({"allowed_users": [0]}, [], "'0' is a placeholder"),
        ({"allow_from": []}, [], "nobody is heard until you pair"),
        ({"allow_from": ["*"]}, [], '"*" lets everyone in'),
        ({"allow_from": ["*", 5]}, [5], '"*" lets everyone in'),
        ({"allow_from": ["YOUR_USER_ID"]}, [], "'YOUR_USER_ID' is a placeholder"),
        ({"allow_from": ["UZUPELNIJ_ID"]}, [], "'UZUPELNIJ_ID' is a placeholder"),
        ({"allow_from": ["@anna", "anna"]}, [], "'@anna' is no id; names can change hands"),
        ({"allow_from": [1, "2", "3|anna", "telegram:4", 1]}, [1, 2, 3, 4], "1, 2, 3, 4 may talk"),
        ({"allow_from": [7], "allowed_users": [7]}, [7], "7 may talk to it, nobody else"),
        ({"allow_from": 7}, [7], "7 may talk to it, nobody else"),
    ],
)
def test_nobody_gets_in_whom_the_file_does_not_name_by_an_id(
    importing: Importing, telegram: dict[str, Any], users: list[int], said: str
) -> None:
    assert importing.run(v0(**telegram), "--yes") == 0
    assert importing.read().channels[0].allowed_user_ids == users
    assert said in importing.printed


def test_an_id_that_the_gateway_would_not_take_is_left_out(importing: Importing) -> None:
    document = flat(1)
    document["channels"]["discord"]["allow_from"] = [42, "701234567890123456", "00"]
    document["channels"]["slack"]["allow_from"] = ["B012AB3CD", "U012AB3CD"]
    assert importing.run(document, "--yes") == 0, importing.printed
    assert [channel.allowed_user_ids for channel in importing.read().channels] == [
        ["701234567890123456"], ["U012AB3CD"],
    ]  # fmt: skip
    assert "channels.discord.allow_from: '42' is no id" in importing.printed
    assert "channels.slack.allow_from: 'B012AB3CD' is no id" in importing.printed


def test_two_lists_that_disagree_are_a_question(importing: Importing) -> None:
    document = v0(allow_from=[1], allowed_users=[1, 2])
    assert importing.run(document, "--yes") == 1
    assert "telegram: 2 stand in allowed_users, which PicoClaw never read" in importing.printed
    assert not importing.ours.exists()
    assert importing.run(document, typed="\n") == 0
    assert importing.read().channels[0].allowed_user_ids == [1]
    assert importing.run(document, "--force", typed="y\n") == 0
    assert importing.read().channels[0].allowed_user_ids == [1, 2]


def test_version_0_names_what_it_leaves_behind(importing: Importing) -> None:
    assert importing.run(v0(allow_from=[1]), "--yes") == 0
    for line in (
        "  providers.openai: has a key, but the file names no model for it; add it to llm.fallbacks with one",
        "  providers.zhipu.api_key: is a placeholder, not a value",
        "  channels.feishu: is no channel of this assistant; it has telegram, discord and slack",
        "  tools: has no counterpart here",
        "  agents.defaults.workspace: has no counterpart here",
    ):
        assert line in importing.printed.splitlines()
    assert "discord" not in [line.split(":")[0].strip() for line in importing.printed.splitlines()]
    assert importing.read().llm.through_litellm


def test_a_provider_that_the_file_leaves_open_is_a_question(importing: Importing) -> None:
    document = v0(allow_from=[1])
    del document["agents"]["defaults"]["provider"]
    assert importing.run(document, "--yes") == 1
    assert "Which of them answers first?" in importing.printed
    assert importing.run(document, typed="openai\n") == 0
    assert importing.read().llm.provider == "openai"


@pytest.mark.parametrize("version", [1, 2])
def test_versions_1_and_2(importing: Importing, version: int) -> None:
    assert importing.run(flat(version), "--yes") == 0
    ours = importing.read()
    assert [(model.provider, model.model, model.api_key) for model in ours.llm.models] == [
        ("anthropic", "claude-sonnet-4-5", ANTHROPIC),
        ("anthropic", "claude-sonnet-4-5", f"{ANTHROPIC}2"),
        ("openrouter", "openai/gpt-4o-mini", OPENROUTER),
    ]
    assert (ours.llm.api_base, ours.llm.timeout_s) == (None, 60)
    assert {type(channel).__name__: channel.allowed_user_ids for channel in ours.channels} == {
        "Discord": ["123456789012345678"],
        "Slack": ["U012AB3CD"],
    }
    assert "  model_list[2]: is disabled" in importing.printed
    assert "  model_list[3]: signs in to github-copilot by a login of its own" in importing.printed


def test_version_3_takes_its_secrets_from_beside(importing: Importing) -> None:
    (importing.theirs.parent / ".security.yml").write_text(SECURITY.replace("[ ]", "[]"))
    document = v3()
    document["model_list"][0]["api_keys"] = ["ollama"]
    assert importing.run(document, "--yes") == 0
    ours = importing.read()
    assert ours.channels[0].bot_token == TOKEN
    assert [(model.provider, model.model, model.api_key, model.api_base) for model in ours.llm.models] == [
        ("ollama", "qwen3:8b", "ollama", "http://192.168.1.5:11434/v1"),
        ("openai", "gpt-4o", OPENAI, None),
    ]


@pytest.mark.parametrize(
    "text", ["a: &x 1\n", "a: |\n  b\n", "a:\n\tb: 1\n", "- a\n", "a: 1\n   b: 2\n", "a: {b: 1}\n"]
)
def test_a_security_file_that_is_not_plain_is_refused_by_line(importing: Importing, text: str) -> None:
    (importing.theirs.parent / ".security.yml").write_text(text)
    assert importing.run(v3(), "--yes") == 1
    assert "of .security.yml beside the file is not of the plain form" in importing.printed


def test_what_is_encrypted_is_asked_for(importing: Importing) -> None:
    document = v3()
    document["model_list"] = [{"model_name": "home", "model": "openai/gpt-4o", "api_keys": ["enc://AAAA"]}]
    document["channel_list"]["mybot"]["settings"]["token"] = "enc://BBBB"
    assert importing.run(document, "--yes") == 1
    assert "API key for openai" in importing.printed
    assert importing.run(document, typed=f"{OPENAI}\n{TOKEN}\n") == 0
    assert importing.read().channels[0].bot_token == TOKEN
    assert "model_list[0].api_key: is encrypted or in a file of its own" in importing.printed
    assert "channel_list.mybot.token: is encrypted" in importing.printed


def test_what_was_there_is_kept(importing: Importing) -> None:
    importing.ours.write_text("precious")
    assert importing.run(mikrus(allow_from=[1]), "--yes") == 1
    assert importing.ours.read_text() == "precious"
    assert importing.run(mikrus(allow_from=[1]), "--yes", "--force") == 0
    (copy,) = importing.ours.parent.glob("config.json.*.bak")
    assert copy.read_text() == "precious"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"version": 4, "agents": {}}, "version 4 of PicoClaw's config.json is not known here"),
        ({"llm": {}, "channel": {}}, "is a config.json of this assistant already"),
        ({"a": 1}, "this is no config.json of PicoClaw"),
        ({**v0(allow_from=[1]), "channels": {}}, "no channel of the file is enabled"),
        (v0(allow_from=[1], token="nonsense"), "channel.bot_token (telegram) must look like"),
        (
            {**mikrus(allow_from=[1]), "agents": {"defaults": {"provider": "openrouter", "model": "${AWS_SECRET}"}}},
            "Model of openrouter",
        ),
        (
            {**mikrus(allow_from=[1]), "providers": {"openrouter": {"api_key": "${AWS_SECRET}"}}},
            "No usable model is in the file",
        ),
    ],
)
def test_what_cannot_be_imported_writes_nothing(importing: Importing, document: object, sentence: str) -> None:
    assert importing.run(document, "--yes") == 1
    assert sentence in importing.printed
    assert not importing.ours.exists()


def test_a_terminal_obeys_no_key_of_the_file(importing: Importing) -> None:
    assert importing.run({**mikrus(allow_from=[1]), "\x1b[2J\x1b]0;x\x07\u202ekey\nhost: well": 1}, "--yes") == 0
    assert "[2J]0;xkey host: well: " in importing.printed
    assert "\x1b" not in importing.printed
    assert "\u202e" not in importing.printed


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"version": 4, "agents": {}}, "wersja 4 pliku config.json PicoClaw nie jest tu znana"),
        ({"llm": {}, "channel": {}}, "to już jest config.json tego asystenta"),
        ({"a": 1}, "to nie jest config.json PicoClaw"),
        ({**v0(allow_from=[1]), "channels": {}}, "żaden włączony kanał z pliku"),
    ],
)
def test_a_refusal_is_polish_for_who_reads_polish(importing: Importing, document: object, sentence: str) -> None:
    assert importing.run(document, "--yes", "--lang", "pl") == 1
    assert sentence in importing.printed
    assert "Error" not in importing.printed
