"""A tool and the set of them: definitions for the model, checked arguments, results as text."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from agent.errors import PicoClawError

log = logging.getLogger("tools")
Arguments = TypeVar("Arguments", bound=msgspec.Struct)


class Outgoing(Protocol):
    """What a tool can have sent to the chat that is being answered, besides the answer."""

    async def file(self, name: str, pieces: AsyncIterator[bytes], caption: str) -> None:
        """Have a file sent; it is on its way, for good, together with the tool's result.

        Args:
            name: what the owner sees it called.
            pieces: its content.
            caption: plain text that goes with it, or none.

        Raises:
            PicoClawError: it is too large for this chat, or cannot be kept; in words for the model.
        """


@dataclass(frozen=True, slots=True)
class Tool(Generic[Arguments]):
    """One thing the model can order.

    Attributes:
        name: how the model calls it.
        description: what the model reads about it.
        arguments: a struct; its fields become the JSON schema of the call.
        run: does it, with a way to the chat; returns the text that the model gets.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Arguments, Outgoing], Awaitable[str]]

    def definition(self) -> dict[str, Any]:
        """The tool as an OpenAI tool definition."""
        schema = msgspec.json.schema(self.arguments)
        parameters = schema["$defs"][self.arguments.__name__]
        parameters.pop("title", None)
        parameters["additionalProperties"] = False
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}


class Tools:
    """The tools on offer in a conversation."""

    def __init__(self, tools: Iterable[Tool[Any]]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self.definitions = [tool.definition() for tool in self._tools.values()]

    async def call(self, name: str, arguments: str, out: Outgoing) -> str:
        """Do what the model ordered; whatever it got wrong comes back as text for it to read.

        Args:
            name: the tool.
            arguments: JSON as the model wrote it.
            out: the way to the chat that is being answered.
        """
        tool = self._tools.get(name)
        if tool is None:
            return f"error: there is no tool {name!r}; the tools are {', '.join(self._tools)}"
        try:
            decoded = msgspec.json.decode(arguments, type=tool.arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return f"error: the arguments of {name} cannot be used: {error}"
        try:
            return await tool.run(decoded, out)
        except PicoClawError as error:
            log.info("%s: %s", name, error)
            return f"error: {error}"
