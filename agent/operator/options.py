"""What several of the operator's commands are told in the same way."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from agent.operator.words import language_of


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, of which the locale is the default."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "pl"]),
        default=lambda: language_of(os.environ),
        show_default="of the locale",
        help="Language of what is said.",
    )(command)
