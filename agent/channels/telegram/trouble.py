"""What Telegram's errors mean: for the owner, for the next poll, and for a message that was not taken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from agent.channels.base import OWNER_WAIT_S, ChannelError, RejectedError, backoff
from agent.channels.words import Sentence

SERVICE = "Telegram"
CONFLICT_WAIT_S = 35.0  # another poller's long poll has ended by then
_LONGEST_WAIT_S = 15.0  # so that it hears again soon after the service does
_LONGEST_REASON = 200
_TOO_LARGE = "entity too large"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a poll failed.

    Attributes:
        problem: in the owner's words.
        wait_s: seconds until the next poll.
        curable: whether a restart could help; see `Contact.curable`.
        webhook: whether a webhook has to be taken away.
        stuck: whether no connection was to be had.
    """

    problem: Sentence
    wait_s: float
    curable: bool = True
    webhook: bool = False
    stuck: bool = False


def of_poll(error: TelegramError, failures: int) -> Trouble:
    """What to make of the last of so many failures in a row."""
    wait = backoff(failures, longest=_LONGEST_WAIT_S)
    if isinstance(error, InvalidToken):
        problem = Sentence("telegram_token")
        return Trouble(problem, OWNER_WAIT_S, curable=False)
    if isinstance(error, Conflict) and "webhook" in error.message.lower():
        problem = Sentence("telegram_webhook")
        return Trouble(problem, wait, webhook=True)
    if isinstance(error, Conflict):
        problem = Sentence("telegram_conflict")
        return Trouble(problem, CONFLICT_WAIT_S, curable=False)
    if isinstance(error, RetryAfter):
        return Trouble(Sentence("slow_down", service=SERVICE), seconds(error))
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        problem = Sentence("unreachable", service=SERVICE, why=reason(error))
        return Trouble(problem, wait, stuck=_stuck(error))
    return Trouble(Sentence("error", service=SERVICE, why=reason(error)), wait)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Errors of a call as the gateway's.

    Raises:
        RejectedError: Telegram will never do it.
        ChannelError: not now.
    """
    try:
        yield
    except (BadRequest, Forbidden) as error:
        raise RejectedError(_refusal(error)) from None
    except RetryAfter as error:
        raise ChannelError(Sentence("slow_down", service=SERVICE), seconds(error)) from None
    except TelegramError as error:
        if _TOO_LARGE in error.message.lower():
            raise RejectedError(_refusal(error)) from None
        raise ChannelError(f"Telegram did not take it: {reason(error)}") from None


def _refusal(error: TelegramError) -> Sentence:
    if _TOO_LARGE in error.message.lower():
        return Sentence("too_large", service=SERVICE)
    return Sentence("refuses", service=SERVICE, why=reason(error))


def reason(error: TelegramError) -> str:
    """The error's words, without the pages that a proxy may have answered with."""
    words = error.message.partition(". Parsing the server response")[0]
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…"


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    after = error.retry_after
    return after if isinstance(after, int | float) else after.total_seconds()


def _stuck(error: NetworkError) -> bool:
    """Polls are made one after the other on a pool of their own: one without a free connection is a wedged one."""
    return isinstance(error, TimedOut) and "pool" in error.message.lower()
