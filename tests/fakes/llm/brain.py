"""What the model says: first what a test has scripted, then the rules, then what the built-in habits say."""

import re
from collections import deque

from tests.fakes.errors import FakesError
from tests.fakes.llm.habits import HABITS, quote
from tests.fakes.wire import Conversation, LlmRequest, Reply, Rule

_REQUESTS_KEPT = 2_000


class Brain:
    """One for all hosts: a script says what the next request gets, wherever it arrives."""

    def __init__(self) -> None:
        """Only habits."""
        self.reset()

    def reset(self) -> None:
        """Forgets script, rules and the record of requests."""
        self.requests: deque[LlmRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._script: deque[Reply] = deque()
        self._rules: list[tuple[re.Pattern[str], Rule]] | None = None

    def script(self, replies: list[Reply]) -> None:
        """Appends what the next requests get, one each."""
        self._script.extend(replies)

    @property
    def scripted(self) -> int:
        """How many scripted replies are left."""
        return len(self._script)

    def set_rules(self, rules: list[Rule] | None) -> None:
        """Replaces the habit of running commands by these rules; None brings it back. Raises FakesError."""
        try:
            self._rules = None if rules is None else [(re.compile(rule.match, re.IGNORECASE), rule) for rule in rules]
        except re.error as error:
            raise FakesError(f"a rule's match is not a regular expression: {error}") from error

    def answer(self, conversation: Conversation) -> Reply:
        """What to do with this request; a scripted reply is used up."""
        if self._script:
            return self._script.popleft()
        if self._rules is not None:
            return self._by_rule(conversation) or _fallback(conversation)
        return _by_habit(conversation) or _fallback(conversation)

    def _by_rule(self, conversation: Conversation) -> Reply | None:
        on_tool = conversation.tool_output is not None
        newest = conversation.tool_output if conversation.tool_output is not None else conversation.user_text
        for pattern, rule in self._rules or []:
            if (rule.on == "tool") == on_tool and pattern.search(newest):
                return rule.reply
        return None


def _by_habit(conversation: Conversation) -> Reply | None:
    if conversation.tool_output is not None:
        return None
    for habit in HABITS:
        reply = habit(conversation.user_text, conversation.tools)
        if reply is not None:
            return reply
    return None


def _fallback(conversation: Conversation) -> Reply:
    if conversation.tool_output is not None:
        return quote(conversation.user_text, conversation.tool_output)
    return Reply(text=f"You said: {conversation.user_text}" if conversation.user_text else "You said nothing.")
