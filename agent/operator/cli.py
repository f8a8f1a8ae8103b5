"""The commands of `picoclaw` that only the operator's machine has. They import what they need when they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from agent.operator.words import language_of, say

# config.json, hosts.json and deploy.py lie here.
REPOSITORY = Path(__file__).resolve().parents[2]


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, of which the locale is the default."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "pl"]),
        default=lambda: language_of(os.environ),
        show_default="of the locale",
        help="Language of what is said.",
    )(command)


@click.group()
def config() -> None:
    """config.json on this machine."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), default=REPOSITORY / "config.json")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--no-references", is_flag=True, help="Take references for good, without resolving them.")
@lang_option
def check(file: Path, as_json: bool, no_references: bool, lang: str) -> None:
    """Print everything that is wrong with FILE (config.json beside deploy.py); exit 1 when that is anything.

    References are resolved as a deploy does it, commands included. What they give is not shown.
    """
    from agent.operator import checking

    found = checking.findings(read(file, lang), None if no_references else os.environ)
    if as_json:
        click.echo(checking.as_json(found, str(file), lang))
    elif found.problems:
        click.echo(say("wrong", lang, file=file, count=len(found.problems)))
        for problem in found.problems:
            click.echo(f"  {problem.said(lang).removeprefix('config.json: ')}")
    elif found.config is not None:
        click.echo("\n".join([say("right", lang, file=file), *checking.summary(found.config, lang)]))
    sys.exit(1 if found.problems else 0)


def read(file: Path, lang: str) -> str:
    """The file's text; a ClickException that says what to do when there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise click.ClickException(say("no_file", lang, file=file)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "UTF-8"
        raise click.ClickException(say("unreadable", lang, file=file, reason=reason)) from None


COMMANDS: tuple[click.Command, ...] = (config,)
