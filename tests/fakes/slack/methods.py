"""Which method is there, which token it takes, and which scope it asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes import defaults
from tests.fakes.slack import chat, conversations, files
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.params import Params
from tests.fakes.slack.world import World

Answer = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """`json`: whether it takes a JSON body, which those that read do not."""

    run: Callable[[World, Params], Answer]
    scope: str = ""
    token: Literal["bot", "app", "any"] = "bot"
    json: bool = True


def _auth_test(_world: World, _params: Params) -> Answer:
    return {
        "url": "https://lab.slack.com/",
        "team": "Lab",
        "user": "picoclaw",
        "team_id": defaults.SLACK_TEAM_ID,
        "user_id": defaults.SLACK_BOT_USER,
        "bot_id": defaults.SLACK_BOT_ID,
    }


def _users_info(world: World, params: Params) -> Answer:
    user = world.users.get(params.text("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user.as_object(locale=params.flag("include_locale"))}


METHODS: dict[str, Method] = {
    "auth.test": Method(_auth_test, token="any"),
    "users.info": Method(_users_info, "users:read", json=False),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "chat.delete": Method(chat.delete, "chat:write"),
    "reactions.add": Method(chat.add_reaction, "reactions:write"),
    "reactions.remove": Method(chat.remove_reaction, "reactions:write"),
    "conversations.open": Method(conversations.open_, "im:write"),
    "conversations.info": Method(conversations.info, json=False),
    "conversations.history": Method(conversations.history, json=False),
    "conversations.replies": Method(conversations.replies, json=False),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write", json=False),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write"),
    "files.info": Method(files.info, "files:read", json=False),
}
