"""The channel that is set up: what it needs, and its place among those that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from agent.channels import slack_manifest
from agent.config.references import mapping
from agent.config.words import CHANNELS
from agent.errors import ConfigError
from agent.operator import live
from agent.operator.guide import SECRETS
from agent.operator.setup import forms
from agent.operator.setup.asking import Asking
from agent.operator.setup.services import Settling
from agent.operator.words import say

_CHECKS: dict[str, Callable[..., live.Verdict]] = {
    "telegram": live.telegram,
    "discord": live.discord,
    "slack": live.slack,
}


def set_up(settling: Settling, present: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Ask for a channel, and give `channel` or `channels` of config.json with it, and sentences on what became of it.

    One that is there is edited where it stands. Another comes behind those that are there, or takes the place of those
    that are given up for it.
    """
    ask = settling.ask
    listed = _listed(present)
    known = [one["type"] for one in listed if one.get("type") in list(CHANNELS)]
    kind = ask.text("channel", known[0] if known else "telegram", kind=click.Choice(list(CHANNELS)))
    gone = _given_up(ask, kind, known)
    before = next((one for one in listed if one.get("type") == kind and kind not in gone), None)
    ours = _channel(settling, kind, dict(before or {"type": kind}))
    made = [ours if one is before else one for one in listed if one is before or one.get("type") not in gone]
    if before is None:
        first = next((place for place, one in enumerate(listed) if one.get("type") in gone), len(made))
        made.insert(first, ours)
    told = _told(kind, [one for one in known if one != kind], gone, added=before is None, language=ask.language)
    single = len(made) == 1 and not forms.items(present.get("channels"))
    return ({"channel": ours} if single else {"channels": made}), told


def _listed(present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The channels of config.json in the order in which it is read; without one that alone is there and is none."""
    found = [*forms.items(present.get("channels")), present.get("channel")]
    listed = [mapping(one) for one in found if mapping(one)]
    return [] if len(listed) == 1 and listed[0].get("type") not in list(CHANNELS) else listed


def _given_up(ask: Asking, kind: str, known: list[str]) -> list[str]:
    """Those that go for the one that is set up."""
    given = ask.given.get("replace_channel", ())
    for one in given:
        if one not in known:
            raise ConfigError(say("init_no_channel", ask.language, channel=one, known=", ".join(known) or "-"))
    if given or ask.yes or kind in known:
        return [one for one in known if one in given]
    return [one for one in known if not ask.agree("init_keep", default=True, other=one, channel=kind)]


def _told(kind: str, others: list[str], gone: list[str], *, added: bool, language: str) -> list[str]:
    given_up, beside = ([one for one in others if (one in gone) is is_gone] for is_gone in (True, False))
    sentences = [("init_instead", given_up)] if given_up else []
    sentences += [("init_beside", beside)] if added and beside else []
    return [say(sentence, language, channel=kind, others=", ".join(names)) for sentence, names in sentences]


def _channel(settling: Settling, kind: str, channel: dict[str, Any]) -> dict[str, Any]:
    """The channel with its secrets and the ids of who may talk to it."""
    ask = settling.ask
    ask.explain(f"init_where_{kind}", manifest=slack_manifest())
    names = [name for name in SECRETS if name in CHANNELS[kind].__struct_fields__]

    def good() -> live.Verdict:
        return _CHECKS[kind](settling.services, *(settling.plain(name, channel[name]) for name in names))

    settling.settle(channel, names, kind, good)
    ask.explain(f"init_who_{kind}")
    users = ask.text(
        "users",
        ",".join(map(str, forms.items(channel.get("allowed_user_ids")))),
        empty=True,
        wrong=lambda line: forms.wrong_ids(line, kind, ask.language),
    )
    channel["allowed_user_ids"] = forms.ids(users, kind)
    return channel
