"""The methods of the Bot API that the stand-in knows, by their names in small letters."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.telegram import about, sending, upkeep
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.world import World

Method = Callable[[World, Params], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "getme": about.get_me,
    "getmycommands": about.get_my_commands,
    "setmycommands": about.set_my_commands,
    "deletemycommands": about.delete_my_commands,
    "getwebhookinfo": about.get_webhook_info,
    "setwebhook": about.set_webhook,
    "deletewebhook": about.delete_webhook,
    "getupdates": about.get_updates,
    "getfile": about.get_file,
    "getchat": about.get_chat,
    "sendmessage": sending.send_message,
    "senddocument": sending.send_document,
    "sendphoto": sending.send_photo,
    "sendchataction": sending.send_chat_action,
    "editmessagetext": upkeep.edit_message_text,
    "deletemessage": upkeep.delete_message,
    "setmessagereaction": upkeep.set_message_reaction,
}
