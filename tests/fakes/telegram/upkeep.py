"""Methods that change what is already in a chat."""

from typing import Any

from tests.fakes.telegram.errors import bad_request
from tests.fakes.telegram.formatting.formatted_text import checked_text, message_text
from tests.fakes.telegram.options import check_link_preview, fetched_links, reply_markup
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.world import World

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


async def edit_message_text(world: World, params: Params) -> dict[str, Any]:
    """Gives one of the bot's own messages another text."""
    check_link_preview(params)
    text, markup = message_text(params), reply_markup(params)
    number = params.integer("message_id")
    if not params.text("chat_id") and number == 0:
        raise bad_request("Message identifier is not specified")
    chat = world.chat(params.text("chat_id"))
    message = world.message(chat.id, number, "message to edit")
    if message.sender is not None:
        raise bad_request("message can't be edited")
    if message.file is not None:
        raise bad_request("there is no text in the message to edit")
    shown = checked_text(text)
    if shown == message.content and markup == message.reply_markup:
        raise bad_request(_NOT_MODIFIED)
    world.flood.check(chat.id)
    message.reply_markup, message.parse_mode = markup, params.text("parse_mode")
    message.fetched += fetched_links(params, shown)
    return world.edited(message, shown).as_object()


async def delete_message(world: World, params: Params) -> bool:
    """Deletes a message of either side."""
    if not params.text("chat_id"):
        raise bad_request("Chat identifier is not specified")
    if params.integer("message_id") == 0:
        raise bad_request("Message identifier is not specified")
    chat = world.chat(params.text("chat_id"))
    message = world.message(chat.id, params.integer("message_id"), "message to delete")
    if message.sender is not None and chat.type != "private":
        raise bad_request("message can't be deleted")
    message.deleted = True
    world.changed.fire()
    return True


async def set_message_reaction(world: World, params: Params) -> bool:
    """Reacts to a message, or with no reaction takes back what was there."""
    reactions = params.json("reaction", "reaction types") or []
    if not isinstance(reactions, list):
        raise bad_request("Expected an Array of ReactionType")
    if any(not isinstance(one, dict) or one.get("type") not in ("emoji", "custom_emoji") for one in reactions):
        raise bad_request("invalid reaction type specified")
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    chat = world.chat(params.text("chat_id"))
    message = world.message(chat.id, params.integer("message_id"), "message to react")
    message.reactions = [str(one.get("emoji", one.get("custom_emoji_id", ""))) for one in reactions]
    world.changed.fire()
    return True
