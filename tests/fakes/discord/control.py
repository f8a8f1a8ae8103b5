"""The control API's part for Discord."""

from __future__ import annotations

import time

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.discord import errors, gateway, objects
from tests.fakes.discord.world import GENERAL, GUILD, Channel, StoredMessage, World
from tests.fakes.forms import body_of, number, seconds
from tests.fakes.web import json_response
from tests.fakes.wire import (
    DiscordCommand,
    DiscordEdit,
    DiscordFault,
    DiscordMessage,
    DiscordOrder,
    DiscordSeen,
    DiscordSettings,
    DiscordStatus,
)


class DiscordControl:
    """Lets a test be the users, and break things."""

    def __init__(self, world: World) -> None:
        """Controls this world."""
        self._world = world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/discord/user_message", self._user_message)
        router.add_post("/discord/user_edit", self._user_edit)
        router.add_post("/discord/user_command", self._user_command)
        router.add_get("/discord/chat/{channel}", self._chat)
        router.add_get("/discord/chat/{channel}/wait", self._wait)
        router.add_get("/discord/status", self._status)
        router.add_get("/discord/calls", self._calls)
        router.add_post("/discord/settings", self._settings)
        router.add_post("/discord/fail", self._fail)
        router.add_post("/discord/gateway", self._gateway)

    async def _user_message(self, request: web.Request) -> web.Response:
        return json_response({"id": user_writes(self._world, await body_of(request, DiscordMessage)).id})

    async def _user_edit(self, request: web.Request) -> web.Response:
        try:
            user_edits(self._world, await body_of(request, DiscordEdit))
        except errors.ApiError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return json_response({})

    async def _user_command(self, request: web.Request) -> web.Response:
        return json_response({"id": user_commands(self._world, await body_of(request, DiscordCommand))})

    async def _chat(self, request: web.Request) -> web.Response:
        return json_response(self._world.seen(self._channel(request), number(request, "after")))

    async def _wait(self, request: web.Request) -> web.Response:
        channel, after = self._channel(request), number(request, "after")
        wanted = request.query.get("containing", "")

        def replies() -> list[DiscordSeen]:
            answers = [one for one in self._world.seen(channel, after) if one.from_bot and not one.deleted]
            return answers if any(wanted in one.text for one in answers) else []

        return json_response(await self._world.changed.until(replies, seconds(request, "timeout")) or [])

    async def _status(self, _request: web.Request) -> web.Response:
        world = self._world
        connected = any(session.connection is not None for session in world.sessions.values())
        names = [str(one["name"]) for one in world.menu]
        return json_response(
            DiscordStatus(connected=connected, identifies=world.identifies, resumed=world.resumed, commands=names)
        )

    async def _calls(self, request: web.Request) -> web.Response:
        since = seconds(request, "since")
        return json_response([call for call in self._world.calls if call.time >= since])

    async def _settings(self, request: web.Request) -> web.Response:
        change(self._world, await body_of(request, DiscordSettings))
        return json_response({})

    async def _fail(self, request: web.Request) -> web.Response:
        self._world.faults.append(await body_of(request, DiscordFault))
        return json_response({})

    async def _gateway(self, request: web.Request) -> web.Response:
        order = await body_of(request, DiscordOrder)
        gateway.order(self._world, order.action, order.code)
        return json_response({})

    def _channel(self, request: web.Request) -> str:
        name = request.match_info["channel"]
        return self._world.private_channel(defaults.DISCORD_OWNER_ID).id if name == "dm" else name


def user_writes(world: World, order: DiscordMessage) -> StoredMessage:
    """A user's message arrives, in a private channel unless another is named."""
    channel = _place(world, order.user_id, order.channel, order.thread)
    stored = StoredMessage(
        world.next_id(),
        channel,
        order.user_id,
        order.text,
        world.attached(order.attachments),
        reply_to=order.reply_to,
        type=order.type,
    )
    world.store(stored)
    gateway.tell(world, "MESSAGE_CREATE", objects.message(world, stored, event=True))
    return stored


def user_edits(world: World, order: DiscordEdit) -> None:
    """A user changes a message, or deletes it; raises ApiError."""
    stored = world.messages.get(order.id)
    if stored is None or stored.deleted:
        raise errors.unknown_message()
    if order.text is None:
        stored.deleted = True
        data = {"id": stored.id, "channel_id": stored.channel.id}
        gateway.tell(world, "MESSAGE_DELETE", data | ({"guild_id": GUILD} if stored.channel.type != 1 else {}))
    else:
        stored.content = order.text
        if order.user_edit:
            stored.edited, stored.edits = time.time(), stored.edits + 1
        gateway.tell(world, "MESSAGE_UPDATE", objects.message(world, stored, event=True))
    world.changed.fire()


def user_commands(world: World, order: DiscordCommand) -> str:
    """A user chooses a command of the menu; the token that answers it."""
    channel = _place(world, order.user_id, order.channel, None)
    number, private = world.next_id(), channel.type == 1
    token = f"{number}:{channel.id}"
    world.interactions[token] = None
    options = [{"name": "value", "type": 3, "value": order.argument}] if order.argument else []
    person = objects.user(order.user_id)
    gateway.tell(
        world,
        "INTERACTION_CREATE",
        {
            "id": number,
            "type": 2,
            "application_id": defaults.DISCORD_APPLICATION_ID,
            "token": token,
            "channel_id": channel.id,
            "locale": order.locale,
            "context": 1 if private else 0,
            "data": {"id": world.next_id(), "name": order.name, "type": 1, "options": options},
            **({"user": person} if private else {"member": {"user": person}, "guild_id": GUILD}),
        },
    )
    return token


def change(world: World, settings: DiscordSettings) -> None:
    """What is given is changed, the rest stays."""
    if settings.tokens is not None:
        world.tokens = set(settings.tokens)
        if not world.tokens:
            gateway.order(world, "close", 4004)
    for name in ("message_content", "heartbeat_ms", "acknowledges", "resumes", "limited"):
        value = getattr(settings, name)
        if value is not None:
            setattr(world, name, value)
    if settings.expire_files:
        for file in world.files.values():
            file.key = f"k{int(file.key[1:]) + 1}"


def _place(world: World, user: str, channel: str | None, thread: str | None) -> Channel:
    world.locales.setdefault(user, "en-US")
    if thread is not None:
        return world.thread(thread, channel or GENERAL)
    return world.private_channel(user) if channel is None else world.channels[channel]
