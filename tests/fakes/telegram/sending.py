"""Methods that put something new into a chat."""

from typing import Any

from tests.fakes.telegram.errors import ApiError, bad_request
from tests.fakes.telegram.formatting.formatted_text import caption, checked_text, message_text
from tests.fakes.telegram.messages import StoredFile, StoredMessage
from tests.fakes.telegram.options import check_link_preview, fetched_links, reply_markup, reply_target, topic_of
from tests.fakes.telegram.params import Params, Upload
from tests.fakes.telegram.pictures import checked_size
from tests.fakes.telegram.world import World

_LARGEST_UPLOAD = 50 * 1024 * 1024
_ACTIONS = {
    "cancel",
    "typing",
    "record_video",
    "upload_video",
    "record_voice",
    "record_audio",
    "upload_voice",
    "upload_audio",
    "upload_photo",
    "upload_document",
    "choose_sticker",
    "pick_up_location",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


async def send_message(world: World, params: Params) -> dict[str, Any]:
    """Sends text."""
    check_link_preview(params)
    text = message_text(params)
    markup, target = reply_markup(params), reply_target(params)
    chat = world.chat(params.text("chat_id"))
    topic = topic_of(world, chat, params)
    answered = target.resolve(world, chat)
    shown = checked_text(text)
    world.flood.check(chat.id)
    message = StoredMessage(
        world.next_id(), chat, None, shown, None, answered, params.text("parse_mode"), markup, topic
    )
    message.fetched = fetched_links(params, shown)
    return world.store(message).as_object()


async def send_document(world: World, params: Params) -> dict[str, Any]:
    """Sends a file."""
    return _send_file(world, params, "document")


async def send_photo(world: World, params: Params) -> dict[str, Any]:
    """Sends a picture."""
    return _send_file(world, params, "photo")


def _send_file(world: World, params: Params, kind: str) -> dict[str, Any]:
    upload = _upload(params, kind)
    if upload is None and not params.text(kind):
        raise bad_request(f"There is no {kind} in the request")
    shown = caption(params)
    markup, target = reply_markup(params), reply_target(params)
    chat = world.chat(params.text("chat_id"))
    topic = topic_of(world, chat, params)
    answered = target.resolve(world, chat)
    file = _known_file(world, params.text(kind)) if upload is None else _new_file(world, upload, kind)
    world.flood.check(chat.id)
    message = StoredMessage(
        world.next_id(), chat, None, shown, file, answered, params.text("parse_mode"), markup, topic
    )
    return world.store(message).as_object()


def _upload(params: Params, kind: str) -> Upload | None:
    attached = params.text(kind).removeprefix("attach://") if params.text(kind).startswith("attach://") else kind
    return params.files.get(attached)


def _new_file(world: World, upload: Upload, kind: str) -> StoredFile:
    if len(upload.content) > _LARGEST_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    if not upload.content:
        raise bad_request("File must be non-empty")
    size = checked_size(upload.content) if kind == "photo" else None
    return world.keep_file(f"{kind}s", upload.name, upload.mime_type, upload.content, size)


def _known_file(world: World, identifier: str) -> StoredFile:
    file = world.file(identifier)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return file


async def send_chat_action(world: World, params: Params) -> bool:
    """Shows that the bot is at work."""
    if params.text("action").lower() not in _ACTIONS:
        raise bad_request("Wrong parameter action in request")
    topic_of(world, world.chat(params.text("chat_id")), params)
    return True
