"""The commands that the gateway itself understands; everything else goes to the model."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from difflib import get_close_matches

from agent.messages import COMMANDS, command, say, spelled
from agent.store.mailbox import Inbound
from agent.store.sessions import Sessions

# Takes the message and the owner's language.
Handler = Callable[[Inbound, str], str | Awaitable[str]]


_COMMAND = re.compile(r"/([a-z][a-z0-9_]*)(?:@\w+)?(?=\s|$)", re.IGNORECASE)


def name_of(text: str) -> str | None:
    """The name of the command that a message is; None when it is none, as with a path that it begins with."""
    found = _COMMAND.match(text.strip())
    return None if found is None else found[1].lower()


def argument_of(text: str) -> str:
    """What stands after the name of a command."""
    text = text.strip()
    found = _COMMAND.match(text)
    return "" if found is None else text[found.end() :].strip()


class Commands:
    """Answers `/...` messages."""

    def __init__(self, sessions: Sessions, handlers: Mapping[str, Handler]) -> None:
        """`handlers` are those of the commands that other parts of the gateway answer."""
        self._sessions = sessions
        self._handlers: dict[str, Handler] = {
            "start": lambda _, language: say("start", language),
            "help": lambda _, language: "\n".join(f"/{name} – {command(name, language)}" for name in COMMANDS),
            "new": self._new,
            "whoami": lambda message, language: say("whoami", language, channel=message.channel, user=message.user_id),
            "pair": lambda _, language: say("paired", language),
            **handlers,
        }

    async def answer(self, message: Inbound, language: str) -> str | None:
        """The answer to a command; None when the message is not one."""
        name = name_of(message.text)
        if name is None:
            return None
        handler = self._handlers.get(name)
        if handler is None:
            near = get_close_matches(name, self._known(), n=1)
            said = "did_you_mean" if near else "no_such_command"
            answer = say(said, language, command=f"/{name}", near="".join(f"/{one}" for one in near))
        else:
            answered = handler(message, language)
            answer = answered if isinstance(answered, str) else await answered
        return spelled(answer, message.channel)

    def _known(self) -> list[str]:
        """Those for a menu, then those that are typed."""
        return list(dict.fromkeys([*COMMANDS, *self._handlers]))

    def _new(self, message: Inbound, language: str) -> str:
        if not message.aside:
            self._sessions.clear(message.session)
            return say("new", language)
        for session in filter(message.concerns, self._sessions.all()):
            self._sessions.clear(session, before=message.id)  # what was asked since has begun anew already
        return say("new_here", language)
