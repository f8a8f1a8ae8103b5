"""The command line of the lab."""

import os
import sys

import click

from tests.lab import inventory, ssh, status
from tests.lab.errors import LabError
from tests.lab.lab import DEFAULT_NAME, DEFAULT_OS, SUPPORTED, Lab, names_of_labs, remove
from tests.lab.progress import say

_name = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Which lab.")


@click.group()
def cli() -> None:
    """Raises and removes throwaway hosts like a Mikrus VPS, each with an internet of its own."""


@cli.command()
@_name
@click.option(
    "--os", "system", type=click.Choice(SUPPORTED), default=DEFAULT_OS, show_default=True, help="Which Debian."
)
def up(name: str, system: str) -> None:
    """Raises the lab; says so when it is up already."""
    lab = Lab.up(name, system)
    click.echo(status.how_to_go_on(lab))


@cli.command()
@_name
@click.option("--all", "every", is_flag=True, help="Every lab there is.")
def down(name: str, *, every: bool) -> None:
    """Removes the lab and all its traces but the caches."""
    for each in names_of_labs() if every else [name]:
        say(f"{each} is removed." if remove(each) else f"There is no lab {each}.")


@cli.command("status")
@_name
def show_status(name: str) -> None:
    """Shows what is up, and how to go on."""
    lab = Lab.find(name)
    click.echo(status.table(lab) if lab is not None else status.nothing(name))


@cli.command("ssh")
@_name
@click.argument("words", metavar="[-- CMD...]", nargs=-1, type=click.UNPROCESSED)
def open_ssh(name: str, words: tuple[str, ...]) -> None:
    """Logs in to the lab host, or runs a command there and exits as it does."""
    command = ssh.command(Lab.open(name).places, *words)
    os.execvp(command[0], command)  # noqa: S606


@cli.command()
@_name
def env(name: str) -> None:
    """Prints the exports with which the deploy and pytest find the lab: eval "$(python -m tests.lab env)"."""
    click.echo(inventory.exports(Lab.open(name).places))


def main() -> None:
    """Runs the command line; what goes wrong is one sentence and exit code 1."""
    try:
        cli(prog_name="python -m tests.lab")
    except LabError as error:
        say(f"Error: {error}")
        sys.exit(1)
