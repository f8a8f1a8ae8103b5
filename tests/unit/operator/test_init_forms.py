"""What has not the form of a secret, an id or a name is said at once, and asked for anew; offline, too."""

from __future__ import annotations

import json

import pytest

from tests.fakes import defaults
from tests.unit.operator.initialising import Init

TELEGRAM, DISCORD = defaults.TELEGRAM_TOKEN, defaults.DISCORD_TOKEN
SLACK, APP = defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN
START = ("openrouter", defaults.OPENROUTER_KEY, defaults.OPENROUTER_MODEL)


def dialogue(init: Init, *typed: str, options: tuple[str, ...] = ("--offline",), **environ: str) -> tuple[int, str]:
    return init.run(*options, typed="\n".join([*typed, ""]), **environ)


def key_of(init: Init) -> object:
    return json.loads(init.config.read_text())["llm"]["api_key"]


@pytest.mark.parametrize(
    ("channel", "typed", "said"),
    [
        ("telegram", ("my-secret-bot", TELEGRAM, "5"), "bot_token (telegram) must look like 123456789:AAH..."),
        ("telegram", ("123456789:AAH...", TELEGRAM, "5"), "bot_token (telegram) still holds a placeholder"),
        ("slack", (APP, SLACK, APP, "U012AB3CD"), "bot_token (slack) must start with xoxb-"),
        ("slack", (SLACK, SLACK, APP, "U012AB3CD"), "app_token (slack) must start with xapp-"),
        ("telegram", (TELEGRAM, "@anna", "5"), "allowed_user_ids (telegram) holds '@anna'; Telegram ids are numbers"),
        ("telegram", (TELEGRAM, "5, *", "5"), "allowed_user_ids (telegram) holds '*', which is nobody's id"),
        ("discord", (DISCORD, "5", "701234567890123456"), "allowed_user_ids (discord) holds '5'; Discord ids are"),
        ("slack", (SLACK, APP, "5", "U012AB3CD"), "allowed_user_ids (slack) holds '5'; Slack's member ids begin with"),
    ],
)  # fmt: skip
def test_it_is_said_at_once_and_asked_anew(init: Init, channel: str, typed: tuple[str, ...], said: str) -> None:
    code, printed = dialogue(init, *START, channel, *typed, "", "")
    assert code == 0, printed
    before, _, after = printed.partition(said)
    assert after.count("Server: its alias") == 1, "it goes on from there"
    assert "Written" not in before
    assert "my-secret-bot" not in printed
    assert len(init.read().channels[0].allowed_user_ids) == 1


def test_a_key_that_is_none_is_not_asked_of_its_service(init: Init) -> None:
    typed = ("openrouter", "sk-or-v1-...", defaults.OPENROUTER_KEY, defaults.OPENROUTER_MODEL)
    code, printed = dialogue(init, *typed, "telegram", defaults.TELEGRAM_TOKEN, "5", "", "", options=())
    assert code == 0, printed
    assert "api_key still holds a placeholder" in printed
    assert "refuses" not in printed


def test_a_placeholder_of_the_example_is_not_kept_by_enter(init: Init) -> None:
    example = {"provider": "openrouter", "api_key": "sk-or-v1-...", "model": "anthropic/claude-3.5-sonnet"}
    init.config.write_text(
        json.dumps({"llm": example, "channel": {"type": "telegram", "bot_token": "123456789:AAH..."}})
    )
    # Enter twice: what it kept is refused, and is not proposed once more.
    typed = ("", "", "", defaults.OPENROUTER_KEY, "", "", "", "", defaults.TELEGRAM_TOKEN, "5", "", "")
    code, printed = dialogue(init, *typed)
    assert code == 0, printed
    assert printed.count("still holds a placeholder") == 2
    assert init.read().channels[0].bot_token == defaults.TELEGRAM_TOKEN


def test_a_token_among_the_ids_is_not_shown_again(init: Init) -> None:
    code, printed = init.run(
        "--yes", "--offline", "--model", "m", "--user-id", "xoxb-4711-kept-to-oneself-4711",
        api_key=defaults.OPENROUTER_KEY, bot_token=defaults.TELEGRAM_TOKEN,
    )  # fmt: skip
    assert code == 1
    assert "allowed_user_ids (telegram) holds 'xoxb…11'" in printed
    assert "kept" not in printed
    assert not init.config.exists()


@pytest.mark.parametrize("secret", ["api_key", "bot_token"])
def test_unattended_it_is_an_error_that_names_it_and_not_the_value(init: Init, secret: str) -> None:
    code, printed = init.telegram("--offline", **{secret: "CHANGEME-kept-to-oneself"})
    assert code == 1
    assert printed.startswith(f"Error: {secret}")
    assert "still holds a placeholder; put your own value there" in printed
    assert "kept" not in printed
    assert not init.config.exists()


def test_what_is_given_and_cannot_be_is_asked_for(init: Init) -> None:
    typed = (*START, defaults.TELEGRAM_TOKEN, "5", "", "")
    options = ("--offline", "--channel", "telegram", "--user-id", "@anna")
    code, printed = dialogue(init, *typed, options=options, bot_token="no-token")
    assert code == 0, printed
    assert "must look like" in printed
    assert "'@anna'" in printed
    assert init.read().channels[0].allowed_user_ids == [5]


def test_a_reference_is_judged_by_what_it_gives_and_offline_not_at_all(
    init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = (defaults.OPENROUTER_MODEL, "telegram", defaults.TELEGRAM_TOKEN, "5", "", "")
    offline = ("openrouter", "${OF_NOBODY}", *rest)
    assert dialogue(init, *offline)[0] == 0
    assert key_of(init) == "${OF_NOBODY}"

    monkeypatch.setenv("OF_SOMEBODY", defaults.OPENROUTER_KEY)
    code, printed = dialogue(init, "", "", "${OF_SOMEBODY}", *rest[:1], "", "", "", "", "", options=())
    assert code == 0, printed
    assert "api_key refers to ${OF_NOBODY}, which is not set here" in printed
    assert "✓ openrouter takes the key" in printed
    assert key_of(init) == "${OF_SOMEBODY}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("a host!", "srv", ""), "--host 'a host!' cannot be one"),
        (("srv", "-oProxyCommand=x", "192.0.2.7", "", "a b", "root"), "--ssh-user 'a b' cannot be one"),
    ],
)
def test_a_name_that_ssh_would_take_for_something_else(init: Init, typed: tuple[str, ...], said: str) -> None:
    code, printed = dialogue(init, *START, "telegram", defaults.TELEGRAM_TOKEN, "5", *typed)
    assert code == 0, printed
    assert said in printed
    assert list(json.loads(init.hosts.read_text())) == ["srv"]
