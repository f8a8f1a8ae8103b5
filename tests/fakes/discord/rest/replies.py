"""Answers to commands: the callback, and messages that follow by the order's token."""

from __future__ import annotations

from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.interactions import Interaction, checked_content
from tests.fakes.discord.objects import BOT, COMMAND_ANSWER, EPHEMERAL, Message
from tests.fakes.discord.rest.request import Asked
from tests.fakes.discord.rest.routes import Route
from tests.fakes.discord.views import for_answer
from tests.fakes.discord.world import World


def _callback(world: World, asked: Asked) -> None:
    places = asked.places
    world.interactions.answer(places["interaction_id"], places["token"], asked.fields)
    given = world.interactions.given[places["interaction_id"]]
    if given.text and not given.flags & EPHEMERAL:
        _show(world, given, given.text, given.flags)
    world.changed.fire()


def _follow_up(world: World, asked: Asked) -> dict[str, Any]:
    given = _known(world, asked)
    message = _show(world, given, checked_content(asked.fields), int(asked.fields.get("flags", 0)))
    return for_answer(message, world)


def _edit_original(world: World, asked: Asked) -> dict[str, Any]:
    given = _known(world, asked)
    given.text = checked_content(asked.fields)
    world.changed.fire()
    message = Message(given.id, given.channel, BOT, given.text, type=COMMAND_ANSWER, flags=given.flags)
    return for_answer(message, world)


def _show(world: World, given: Interaction, text: str, flags: int) -> Message:
    message = Message(world.ids.next(), given.channel, BOT, text, type=COMMAND_ANSWER, flags=flags)
    return world.store(message)


def _known(world: World, asked: Asked) -> Interaction:
    if asked.places["application_id"] != defaults.DISCORD_APPLICATION_ID:
        raise errors.unknown("Webhook")
    return world.interactions.by_token(asked.places["token"])


ROUTES = (
    Route("POST", "/interactions/{interaction_id}/{token}/callback", _callback, needs_token=False),
    Route("POST", "/webhooks/{application_id}/{token}", _follow_up, needs_token=False),
    Route("PATCH", "/webhooks/{application_id}/{token}/messages/@original", _edit_original, needs_token=False),
)
