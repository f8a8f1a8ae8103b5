"""Options that several commands of `picoclaw` have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from agent.language import LANGUAGES

Command = TypeVar("Command", bound=Callable[..., Any])


def lang_option(
    what: str = "Language of what is printed.", default: Callable[[], str] | None = None
) -> Callable[[Command], Command]:
    """`--lang`.

    Args:
        what: its help.
        default: gives the language of the locale, where that is what counts; English otherwise.
    """
    chosen: dict[str, Any] = {"default": "en", "show_default": True}
    if default is not None:
        chosen = {"default": default, "show_default": "of the locale"}
    return click.option("--lang", type=click.Choice(LANGUAGES), help=what, **chosen)
