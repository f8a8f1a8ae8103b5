"""What users do: write, change, delete, pass on, and choose commands of the menu."""

from __future__ import annotations

from tests.fakes.discord import errors
from tests.fakes.discord.gateway.intents import DM_MESSAGES, GUILD_MESSAGES
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.objects import DM, GENERAL, REPLY, Channel, Message, User
from tests.fakes.discord.views import for_event
from tests.fakes.discord.world import World
from tests.fakes.wire import DiscordCommand, DiscordEdit, DiscordMessage


def writes(world: World, order: DiscordMessage) -> Message:
    """A user's message arrives; raises ApiError when the place or a message that it names is not there."""
    user = world.meet(order.user_id)
    channel = _place(world, user, order.channel, order.thread)
    author = user if order.author == "user" else User(user.id, user.name, bot=True)
    message = Message(world.ids.next(), channel, author, order.text.strip(), type=order.type)
    if order.reply_to is not None:
        message.answers = world.message(channel, order.reply_to)
        message.type = order.type or REPLY
    if order.forwards is not None:
        message.forwards = world.message(channel, order.forwards)
    message.webhook = author.id if order.author == "webhook" else None
    message.files = [
        world.files.keep(world.ids.next(), channel.id, file.name, file.mime_type, file.content)
        for file in order.attachments
    ]
    return world.store(message)


def edits(world: World, order: DiscordEdit) -> Message:
    """A user changes or deletes a message, or the service adds a preview; raises ApiError when it is not there."""
    message = world.found(order.id)
    if order.text is None:
        world.deleted(message)
    elif order.user_edit:
        world.edited(message, order.text.strip())
    else:
        intent = DM_MESSAGES if message.channel.type == DM else GUILD_MESSAGES
        world.hub.publish("MESSAGE_UPDATE", for_event(message, world), intent)
    return message


def commands(world: World, order: DiscordCommand) -> Interaction:
    """A user chooses a command; raises ApiError when the bot has registered none of that name."""
    user = world.meet(order.user_id)
    channel = _place(world, user, order.channel, None)
    given = world.interactions.give(world.commands, channel, user, order)
    world.hub.publish("INTERACTION_CREATE", given.as_object(), 0)
    world.changed.fire()
    return given


def _place(world: World, user: User, channel: str | None, thread: str | None) -> Channel:
    if thread is not None:
        return world.thread(thread, channel or GENERAL)
    if channel is None:
        return world.private_channel(user.id)
    if channel not in world.channels:
        raise errors.unknown("Channel")
    return world.channels[channel]
