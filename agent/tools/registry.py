"""A tool and the set of them: definitions for the model, checked arguments, results as text."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from agent.errors import PicoClawError

log = logging.getLogger("tools")
Arguments = TypeVar("Arguments", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Tool(Generic[Arguments]):
    """One thing the model can order.

    Attributes:
        name: how the model calls it.
        description: what the model reads about it.
        arguments: a struct; its fields become the JSON schema of the call.
        run: does it; returns the text that the model gets.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Arguments], Awaitable[str]]

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

    async def call(self, name: str, arguments: str) -> str:
        """Do what the model ordered; whatever it got wrong comes back as text for it to read.

        Args:
            name: the tool.
            arguments: JSON as the model wrote it.
        """
        tool = self._tools.get(name)
        if tool is None:
            return f"error: there is no tool {name!r}; the tools are {', '.join(self._tools)}"
        try:
            decoded = msgspec.json.decode(arguments, type=tool.arguments)
        except (msgspec.DecodeError, UnicodeError) as error:
            return f"error: the arguments of {name} cannot be used: {error}"
        try:
            return await tool.run(decoded)
        except PicoClawError as error:
            log.info("%s: %s", name, error)
            return f"error: {error}"
