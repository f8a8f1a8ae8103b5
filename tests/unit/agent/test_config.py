"""config.json: the owner's three shapes work, and each mistake is named by its key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent import config
from agent.errors import ConfigError

TOKEN = "123456789:" + "A" * 35

TELEGRAM = {
    "llm": {"provider": "openrouter", "api_key": "sk-or-v1-abc", "model": "anthropic/claude-3.5-sonnet"},
    "channel": {"type": "telegram", "bot_token": TOKEN, "allowed_user_ids": [123456789]},
}
DISCORD = {
    "llm": {"provider": "anthropic", "api_key": "sk-ant-abc", "model": "claude-3-5-sonnet-20241022"},
    "channel": {"type": "discord", "bot_token": "MTIzabc"},
}
SLACK = {
    "llm": {"provider": "openai", "api_key": "sk-abc", "model": "gpt-4o"},
    "channel": {"type": "slack", "bot_token": "xoxb-1", "app_token": "xapp-1"},
}


def changed(key: str, value: object, document: dict[str, Any] = TELEGRAM) -> str:
    """The document with one (dotted) key set, or removed when the value is None."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *path, last = key.split(".")
    section = copy
    for name in path:
        section = section[name]
    if value is None:
        del section[last]
    else:
        section[last] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("document", "kind", "base_url"),
    [
        (TELEGRAM, config.Telegram, "https://openrouter.ai/api/v1"),
        (DISCORD, config.Discord, "https://api.anthropic.com/v1"),
        (SLACK, config.Slack, "https://api.openai.com/v1"),
    ],
)
def test_the_owners_shapes_work_as_they_stand(document: dict[str, Any], kind: type, base_url: str) -> None:
    parsed = config.parse(json.dumps(document))
    assert [type(channel) for channel in parsed.channels] == [kind]
    assert parsed.llm.base_url == base_url


def test_channels_is_accepted_beside_channel() -> None:
    parsed = config.parse(changed("channels", [SLACK["channel"]]))
    assert [type(channel) for channel in parsed.channels] == [config.Slack, config.Telegram]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("llm.modle", "x", "llm.modle is not a known key; did you mean model?"),
        ("chanel", {}, "chanel is not a known key; did you mean channel?"),
        ("channel.allowed_users", [1], "channel.allowed_users is not a known key; did you mean allowed_user_ids?"),
        ("sandbox", {"workspace_mb": 15}, "sandbox.workspace_mb must be from 16 to 1048576, it is 15"),
        ("sandbox", {"workspace_files": 10**8}, "sandbox.workspace_files must be from 1000 to 10000000, it is"),
        ("sandbox", {"workspace_mb": "1G"}, "sandbox.workspace_mb: expected `int`, got `str`"),
        ("sandbox", {"workspace_gb": 1}, "sandbox.workspace_gb is not a known key; did you mean workspace_mb?"),
        ("llm.api_key", 3, "llm.api_key: expected `str`, got `int`"),
        ("llm.model", None, "llm.model is missing"),
        ("llm", None, "llm is missing"),
        ("channel", None, "channel is missing"),
        ("channel.type", "irc", "channel.type must be one of telegram, discord, slack"),
        ("channel.bot_token", "123456789:AAH...", "channel.bot_token (telegram) still holds a placeholder"),
        ("channel.bot_token", "nonsense", "channel.bot_token (telegram) must look like"),
        ("channel.allowed_user_ids", [0], "allowed_user_ids (telegram) holds 0"),
        ("channel.allowed_user_ids", ["*"], "allowed_user_ids (telegram) holds '*'"),
        ("channel.allowed_user_ids", ["@anna"], "Telegram ids are numbers"),
        ("llm.api_key", "sk-or-v1-...", "llm.api_key still holds a placeholder"),
        ("llm.api_key", "UZUPELNIJ_KLUCZ", "llm.api_key still holds a placeholder"),
        ("llm.api_key", " sk", "llm.api_key is empty or has spaces"),
        ("llm.api_key", "${OPENROUTER_API_KEY}", "only the deploy resolves"),
        ("llm.provider", "skynet", "llm.provider 'skynet' is not one of"),
        ("llm.api_base", "ftp://x", "llm.api_base must be an address"),
        ("assistant", {"max_steps": 0}, "assistant.max_steps must be from 1 to 200"),
        ("llm.engine", "fast", "llm.engine must be one of auto, direct, litellm"),
        ("llm.api_base", "https://host:http/v1", "llm.api_base must be an address such as https://host/v1"),
        ("llm.fallbacks", [{"provider": "openai", "api_key": "k"}], "llm.fallbacks[0].model is missing"),
        ("llm.fallbacks", [{"provider": "nope", "api_key": "k", "model": "m"}], "llm.fallbacks[0].provider 'nope'"),
        ("llm.fallbacks", [{"modle": "m"}], "llm.fallbacks[0].modle is not a known key; did you mean model?"),
        ("llm.price", {"input": 3, "outptu": 15}, "llm.price.outptu is not a known key; did you mean output?"),
        ("llm.daily_budget_usd", 0, "llm.daily_budget_usd must be from 0.01"),
        ("llm.context_window", 100, "llm.context_window must be from 4000"),
        ("sandbox", {"allow_hosts": ["https://example.org"]}, "sandbox.allow_hosts holds 'https://example.org'"),
    ],
)
def test_a_mistake_is_named_by_its_key(key: str, value: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(changed(key, value))
    assert sentence in str(caught.value)


def test_discord_takes_numbers_and_not_names() -> None:
    def parsed(user: object) -> config.Config:
        channel = {"type": "discord", "bot_token": "MTIzabc", "allowed_user_ids": [user]}
        return config.parse(json.dumps({**SLACK, "channel": channel}))

    for user in (701234567890123456, "701234567890123456"):
        assert parsed(user).channels[0].allowed_user_ids == [user]
    for name in ("anna", "anna#1234", 1234):
        with pytest.raises(ConfigError, match="Discord ids are numbers of 17 to 20 digits"):
            parsed(name)


def test_slack_takes_member_ids() -> None:
    def parsed(user: object) -> config.Config:
        return config.parse(json.dumps({**SLACK, "channel": {**SLACK["channel"], "allowed_user_ids": [user]}}))

    assert parsed("U012ABCDEF").channels[0].allowed_user_ids == ["U012ABCDEF"]
    for user in (123456789, "@anna", "B012ABCDEF"):
        with pytest.raises(ConfigError, match="member ids begin with U or W"):
            parsed(user)


def test_no_error_shows_a_secret() -> None:
    secret = "sk-very-secret"
    for key in ("llm.modle", "channel.bot_token"):
        document = json.loads(changed("llm.api_key", secret))
        with pytest.raises(ConfigError) as caught:
            config.parse(changed(key, secret, document))
        assert secret not in str(caught.value)


def test_broken_json_is_located() -> None:
    with pytest.raises(ConfigError, match="line 1, column 11"):
        config.parse('{"llm": {}')


def test_an_own_address_needs_no_known_provider() -> None:
    document = json.loads(changed("llm.provider", "ollama"))
    parsed = config.parse(changed("llm.api_base", "http://10.0.0.5:11434/v1/", document))
    assert parsed.llm.base_url == "http://10.0.0.5:11434/v1"


@pytest.mark.parametrize(
    ("llm", "through_litellm"),
    [
        ({"provider": "openrouter"}, False),
        ({"provider": "openai"}, False),
        ({"provider": "anthropic"}, True),
        ({"provider": "gemini"}, True),
        ({"provider": "ollama", "api_base": "http://192.168.1.5:11434/v1"}, False),
        ({"provider": "anthropic", "engine": "direct"}, False),
        ({"provider": "openai", "engine": "litellm"}, True),
        (
            {"provider": "bedrock", "engine": "litellm", "api_base": "https://bedrock-runtime.eu-west-1.amazonaws.com"},
            True,
        ),
    ],
)
def test_the_engine_is_that_which_the_provider_needs(llm: dict[str, Any], through_litellm: bool) -> None:
    parsed = config.parse(changed("llm", {"api_key": "k", "model": "m", **llm}))
    assert parsed.llm.through_litellm is through_litellm
    assert parsed.uses_litellm is through_litellm


def test_a_fallback_that_needs_litellm_is_enough_to_need_it() -> None:
    fallback = {"provider": "gemini", "api_key": "AIza-2", "model": "gemini-2.5-flash"}
    parsed = config.parse(changed("llm.fallbacks", [fallback]))
    assert parsed.uses_litellm
    assert [model.model for model in parsed.llm.models] == ["anthropic/claude-3.5-sonnet", "gemini-2.5-flash"]
    assert "AIza-2" in set(parsed.secrets())


@pytest.mark.parametrize(
    ("llm", "hosts"),
    [
        ({"provider": "anthropic"}, ("api.anthropic.com",)),
        ({"provider": "anthropic", "api_base": "https://claude.example.org/x"}, ("claude.example.org",)),
        ({"provider": "ollama", "api_base": "http://10.0.0.5:11434"}, ("10.0.0.5:11434",)),
    ],
)
def test_litellm_may_reach_the_providers_host_alone(llm: dict[str, Any], hosts: tuple[str, ...]) -> None:
    parsed = config.parse(changed("llm", {"api_key": "k", "model": "m", "engine": "litellm", **llm}))
    assert parsed.llm.litellm_hosts == hosts
