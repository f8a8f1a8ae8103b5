"""What several of the operator's commands are told in the same way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click

from agent import options
from agent.language import LANGUAGES
from agent.operator.words import language_of

# `--lang`: the operator's machine has a locale, unlike a container.
lang_option = options.lang_option("Language of what is said.", lambda: language_of(os.environ))


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
