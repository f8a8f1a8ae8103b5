"""`picoclaw init` beside a config.json that has a channel: which ones are there afterwards, and what is said of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes import defaults
from tests.unit.operator.initialising import Init

TELEGRAM = {"type": "telegram", "bot_token": defaults.TELEGRAM_TOKEN, "allowed_user_ids": [5]}
SLACK = {"type": "slack", "bot_token": defaults.SLACK_TOKEN, "app_token": defaults.SLACK_APP_TOKEN,
         "allowed_user_ids": ["U012AB3CD"]}  # fmt: skip
DISCORD = {"type": "discord", "bot_token": defaults.DISCORD_TOKEN, "allowed_user_ids": ["701234567890123456"]}
LLM = {"provider": "openrouter", "api_key": defaults.OPENROUTER_KEY, "model": defaults.OPENROUTER_MODEL}
# Enter for provider, key and model.
KEPT = ("", "", "")


def written(init: Init, present: dict[str, Any], *options: str, typed: tuple[str, ...] = ()) -> tuple[Any, str]:
    """Run it for Discord beside what is there; what config.json then has of channels, and what was printed."""
    init.config.write_text(json.dumps({**present, "llm": LLM}))
    if typed:
        code, printed = init.run("--offline", *options, typed="\n".join([*typed, ""]))
    else:
        flags = ("--yes", "--offline", "--channel", "discord", "--user-id", "701234567890123456")
        code, printed = init.run(*flags, *options, bot_token=defaults.DISCORD_TOKEN)
    assert code == 0, printed
    document = json.loads(init.config.read_text())
    assert document.pop("llm") == LLM
    init.read()
    return document, printed


@pytest.mark.parametrize(
    ("present", "after"),
    [
        ({"channel": TELEGRAM}, [TELEGRAM, DISCORD]),
        ({"channels": [TELEGRAM]}, [TELEGRAM, DISCORD]),
        ({"channels": [SLACK], "channel": TELEGRAM}, [SLACK, TELEGRAM, DISCORD]),
    ],
)
def test_unattended_another_channel_comes_beside_what_is_there(
    init: Init, present: dict[str, Any], after: list[Any]
) -> None:
    document, printed = written(init, present)
    assert document == {"channels": after}
    others = ", ".join(one["type"] for one in after[:-1])
    assert f"discord was added beside {others}." in printed
    assert "replaces" not in printed


@pytest.mark.parametrize(
    ("present", "gone", "after"),
    [
        ({"channel": TELEGRAM}, ["telegram"], {"channel": DISCORD}),
        ({"channels": [TELEGRAM, SLACK]}, ["telegram"], {"channels": [DISCORD, SLACK]}),
        ({"channels": [SLACK, TELEGRAM]}, ["telegram"], {"channels": [SLACK, DISCORD]}),
        ({"channels": [SLACK, TELEGRAM]}, ["telegram", "slack"], {"channels": [DISCORD]}),
        ({"channels": [SLACK, {**DISCORD, "bot_token": "old"}]}, ["slack"], {"channels": [DISCORD]}),
    ],
)
def test_it_takes_the_place_of_what_is_given_up_for_it(
    init: Init, present: dict[str, Any], gone: list[str], after: dict[str, Any]
) -> None:
    document, printed = written(init, present, *(word for one in gone for word in ("--replace-channel", one)))
    assert document == after
    assert f"discord replaces {', '.join(sorted(gone, key=str(present).index))}." in printed
    (copy,) = init.config.parent.glob("config.json.*.bak")
    assert all(one in copy.read_text() for one in gone)


def test_one_that_is_edited_stays_where_it_is_and_nothing_is_said_of_it(init: Init) -> None:
    old = {**DISCORD, "bot_token": "old", "allowed_user_ids": []}
    for present, after in (
        ({"channel": old}, {"channel": DISCORD}),
        ({"channels": [old, TELEGRAM]}, {"channels": [DISCORD, TELEGRAM]}),
    ):
        document, printed = written(init, present)
        assert document == after
        assert "beside" not in printed
        assert "replaces" not in printed


def test_what_is_not_there_cannot_be_given_up(init: Init) -> None:
    init.config.write_text(json.dumps({"llm": LLM, "channel": TELEGRAM}))
    before = init.config.read_text()
    code, printed = init.run("--yes", "--offline", "--channel", "discord", "--replace-channel", "slack")
    assert code == 1
    assert "--replace-channel slack: config.json has no such channel; it has: telegram" in printed
    assert init.config.read_text() == before


@pytest.mark.parametrize(("answer", "after"), [("", {"channels": [TELEGRAM, DISCORD]}), ("n", {"channel": DISCORD})])
def test_a_person_is_asked_whether_what_is_there_stays(init: Init, answer: str, after: dict[str, Any]) -> None:
    typed = (*KEPT, "discord", answer, defaults.DISCORD_TOKEN, "701234567890123456", "", "")
    document, printed = written(init, {"channel": TELEGRAM}, typed=typed)
    assert "telegram is there already. Keep it beside discord? (n: discord replaces it) [Y/n]" in printed
    assert document == after


def test_a_person_is_asked_of_each_and_not_when_one_is_edited(init: Init) -> None:
    several = {"channels": [TELEGRAM, SLACK]}
    typed = (*KEPT, "discord", "y", "n", defaults.DISCORD_TOKEN, "701234567890123456", "", "")
    document, printed = written(init, several, typed=typed)
    assert document == {"channels": [TELEGRAM, DISCORD]}
    assert "discord replaces slack." in printed
    assert "discord was added beside telegram." in printed
    document, printed = written(init, several, typed=(*KEPT, "telegram", "", "", "", ""))
    assert document == several
    assert "already" not in printed
