"""Options that several commands of `picoclaw` have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from agent.language import LANGUAGES, language_of

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


def with_lang_in_its_place(
    command: click.Command, words: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], str]:
    """A command line whose `--lang` stood anywhere, and the language it asks for, else that of the locale.

    It goes to the command, or away where that has nothing to say by it; what comes after `--` is not looked at.
    """
    given: list[str] = []
    rest: list[str] = []
    place = 0
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word == "--lang":
            given = [word, *[value for value in (next(left, None),) if value is not None]]
        elif word.startswith("--lang="):
            given = [word]
        else:
            rest.append(word)
            if isinstance(command, click.Group) and word in command.commands:
                command, place = command.commands[word], len(rest)
    asked = given[-1].removeprefix("--lang=") if given else ""
    language = asked if asked in LANGUAGES else language_of(environ)
    if not any(option.name == "lang" for option in command.params):
        given = []
    return [*rest[:place], *given, *rest[place:]], language
