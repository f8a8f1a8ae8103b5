"""The models of config.json, the chosen one first: retried where that helps, then the next one, then one error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from agent.config import LLM
from agent.llm.client import SOCKET, ChatClient
from agent.llm.errors import LLMAllFailedError, LLMError, LLMUnavailableError
from agent.llm.stream import Completion
from agent.llm.tables import Limits, Table, limits_of, name_of, sees
from agent.llm.waiting import LONGEST_WAIT_S, backoff
from agent.llm.window import Fitted

if TYPE_CHECKING:
    from agent.llm.warmth import ContainerState

log = logging.getLogger("llm")

# A provider that wishes for more is asked again all the same: limits are lifted, too.
LONGEST_REST_S = 900.0

OnText = Callable[[str], None]


class Models:
    """The way to whichever configured model answers.

    Use `start` for what goes on beside the requests, and `aclose` at the end.

    Attributes:
        names: of each model, in the order of config.json.
        first: the place of the one that is asked before the others.
    """

    def __init__(self, llm: LLM, socket: str = SOCKET, table: Table | None = None) -> None:
        """`table` tells how much each model reads; of what it does not know something safe is assumed."""
        self._line = [
            _InLine(
                ChatClient(model, where, llm.idle_minutes, socket, sees=sees(model, table or {})),
                limits_of(model, table or {}),
            )
            for where, model in llm.placed
        ]
        self.names = _distinct([name_of(model) for model in llm.models])
        self.first = 0
        self._warmth = None
        if any(model.through_litellm for model in llm.models):
            from agent.llm.warmth import Warmth

            self._warmth = Warmth(llm.idle_minutes, socket)

    @property
    def next(self) -> int:
        """The place of the one that would be asked now: the first, unless it rests after a failure."""
        return self._line.index(self._asked()[0])

    def through_litellm(self, place: int) -> bool:
        """Whether that model is asked through picoclaw-llm."""
        return self._line[place].client.through_litellm

    @property
    def sees(self) -> bool:
        """Whether any of them looks at pictures."""
        return any(one.client.sees for one in self._line)

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        on_text: OnText | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> Completion:
        """One answer, of the first model that gives one; each is sent as much of the conversation as it can read.

        Args:
            messages: OpenAI chat messages.
            tools: OpenAI tool definitions.
            on_text: called with each piece of text as it arrives.
            on_restart: called when the text handed to `on_text` so far is void, because another attempt begins.

        Raises:
            LLMError: no answer; of the one model there is, or LLMAllFailedError with what is wrong with each.
        """
        listener = _Listener(on_text, on_restart)
        for one in self._asked():
            try:
                completion = await self._try(one, messages, tools, listener)
            except LLMError as error:
                one.failed(error)
                if not error.moves_on or len(self._line) == 1:
                    raise
                log.warning("%s (%s) gives no answer: %s", one.client.about.where, one.client.about.model, error)
            else:
                one.answered()
                return completion
        raise LLMAllFailedError([one.error for one in self._line if one.error is not None])

    def start(self) -> None:
        """Begin to keep litellm loaded, when the owner wants it always."""
        if self._warmth is not None:
            self._warmth.start()

    def warm(self) -> None:
        """Have litellm loaded, if the next answer is going to need it; returns at once and never fails."""
        if self._warmth is not None and self._asked()[0].client.through_litellm:
            self._warmth.nudge()

    async def container(self) -> ContainerState | None:
        """How picoclaw-llm is; None where no model needs it, or when it does not say."""
        return None if self._warmth is None else await self._warmth.look()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._warmth is not None:
            await self._warmth.aclose()
        for one in self._line:
            await one.client.aclose()

    def _asked(self) -> list[_InLine]:
        """Those that are not resting; of none but resting ones, the one whose rest ends first."""
        now = monotonic()
        line = [self._line[self.first], *self._line[: self.first], *self._line[self.first + 1 :]]
        awake = [one for one in line if one.rests_until <= now]
        return awake or [min(line, key=lambda one: one.rests_until)]

    async def _try(
        self,
        one: _InLine,
        messages: Sequence[dict[str, Any]],
        tools: Sequence[dict[str, Any]],
        listener: _Listener,
    ) -> Completion:
        attempt = 0
        while True:
            attempt += 1
            listener.begin()
            try:
                return await one.fitted.complete(messages, tools, listener)
            except LLMUnavailableError as error:
                wait = backoff(attempt, error.retry_after)
                if attempt >= error.attempts or wait > LONGEST_WAIT_S:
                    raise
                log.info("%s: %s; again in %.1f s", one.client.about.where, error, wait)
                await asyncio.sleep(wait)


def _distinct(names: Sequence[str]) -> list[str]:
    """Numbered where one model is configured twice, as with two keys."""
    return [
        name if (before := names[:place].count(name)) == 0 else f"{name} ({before + 1})"
        for place, name in enumerate(names)
    ]


class _InLine:
    """A model and how it has been lately."""

    def __init__(self, client: ChatClient, limits: Limits) -> None:
        self.client = client
        self.fitted = Fitted(client, limits)
        self.rests_until = 0.0
        self.error: LLMError | None = None
        self._rest_s = 0.0

    def answered(self) -> None:
        self.error = None
        self._rest_s = 0.0
        self.rests_until = 0.0

    def failed(self, error: LLMError) -> None:
        self.error = error
        if error.rest_s is None:
            return
        shortest, longest = error.rest_s
        self._rest_s = min(max(2 * self._rest_s, shortest), longest)
        wish = (error.retry_after or 0.0) if isinstance(error, LLMUnavailableError) else 0.0
        self.rests_until = monotonic() + max(self._rest_s, min(wish, LONGEST_REST_S))


class _Listener:
    """Hands text on, and tells when what was handed on is void."""

    def __init__(self, on_text: OnText | None, on_restart: Callable[[], None] | None) -> None:
        self._on_text = on_text
        self._on_restart = on_restart
        self._heard = False

    def begin(self) -> None:
        if self._heard and self._on_restart is not None:
            self._on_restart()
        self._heard = False

    def __call__(self, text: str) -> None:
        self._heard = True
        if self._on_text is not None:
            self._on_text(text)
