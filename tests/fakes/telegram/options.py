"""Parameters that several methods share: what a message answers, its buttons, its preview, its topic."""

import re
from dataclasses import dataclass
from typing import Any

from tests.fakes.telegram.errors import ApiError, bad_request
from tests.fakes.telegram.formatting.text import Formatted
from tests.fakes.telegram.messages import StoredMessage
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.people import Chat
from tests.fakes.telegram.world import World

_KEYBOARDS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")


@dataclass(frozen=True)
class ReplyTarget:
    """What a message answers; number 0 is nothing."""

    chat_id: str = ""
    message_id: int = 0
    may_be_missing: bool = False

    def resolve(self, world: World, chat: Chat) -> StoredMessage | None:
        """The answered message; raises ApiError when it is not there and has to be."""
        if self.message_id <= 0:
            return None
        place = world.chat(self.chat_id) if self.chat_id else chat
        try:
            return world.message(place.id, self.message_id, "message to be replied")
        except ApiError:
            if self.may_be_missing:
                return None
            raise


def reply_target(params: Params) -> ReplyTarget:
    """`reply_parameters`, or the older `reply_to_message_id`."""
    if "reply_parameters" not in params.values:
        missing = params.flag("allow_sending_without_reply")
        return ReplyTarget("", params.integer("reply_to_message_id"), missing)
    value = params.json("reply_parameters", "reply parameters")
    if value is None or value == {}:
        return ReplyTarget()
    if not isinstance(value, dict):
        raise bad_request("Object expected as reply parameters")
    if "message_id" not in value:
        raise bad_request('Can\'t find field "message_id"')
    number = value["message_id"]
    if not (isinstance(number, int) or (isinstance(number, str) and number.isdecimal())):
        raise bad_request('Field "message_id" must be a valid Number')
    missing = value.get("allow_sending_without_reply", False)
    if not isinstance(missing, bool):
        raise bad_request('Field "allow_sending_without_reply" must be of type Boolean')
    return ReplyTarget(str(value.get("chat_id", "")), int(number), missing)


def reply_markup(params: Params) -> Any:
    """`reply_markup`, checked in its outline only: the assistant has no buttons yet."""
    value = params.json("reply_markup", "reply keyboard markup")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("Object expected as reply markup")
    for name in _KEYBOARDS[:2]:
        if name in value and not isinstance(value[name], list):
            raise bad_request(f'Field "{name}" must be of type Array')
    return value


def fetched_links(params: Params, content: Formatted) -> list[str]:
    """The links of a message that the service fetches for a preview: whoever chose them learns what stands in them."""
    if (params.json("link_preview_options", "link preview options") or {}).get("is_disabled"):
        return []
    links = [str(entity.as_object()["url"]) for entity in content.entities if "url" in entity.as_object()]
    return links + re.findall(r"https?://\S+", content.text)


def check_link_preview(params: Params) -> None:
    """`link_preview_options` has to be an object."""
    value = params.json("link_preview_options", "link preview options")
    if value is not None and not isinstance(value, dict):
        raise bad_request("Object expected as link preview options")


def topic_of(world: World, chat: Chat, params: Params) -> int:
    """The topic that is written to, 0 for none; raises ApiError when nobody has ever written there."""
    return world.topic(chat.id, params.integer("message_thread_id"))
