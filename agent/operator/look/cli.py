"""`picoclaw status`, `logs` and `doctor` on the operator's machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agent.operator.look.names import SHORT
from agent.operator.options import lang_option

if TYPE_CHECKING:
    from agent.operator.look.seen import Seen
    from agent.operator.reach import Host

Result = TypeVar("Result")

# Hosts that are asked at the same time.
_AT_ONCE = 8


def hosts_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """`[HOST]...`, of the inventory."""
    return click.argument("hosts", metavar="[HOST]...", nargs=-1)(command)


@click.command()
@hosts_argument
@click.option("--drift", is_flag=True, help="Ask pyinfra, too, whether a deploy would change anything (some seconds).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@lang_option
def status(hosts: tuple[str, ...], drift: bool, as_json: bool, lang: str) -> None:
    """Print how the assistant is on HOST, all hosts of the inventory without one; exit 1 when anything is not well.

    Containers, memory, channels, model, usage, confinement, disk, last errors: one round trip over SSH for each host.
    """
    from agent.operator.look import document, printing

    seen = _look(hosts, lang, drift=drift)
    _print(seen, document.status(seen, lang) if as_json else "\n\n".join(printing.status(one, lang) for one in seen))


@click.command()
@hosts_argument
@click.option("--no-model", is_flag=True, help="Do not ask the model its one tiny question (a fraction of a cent).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@lang_option
def doctor(hosts: tuple[str, ...], no_model: bool, as_json: bool, lang: str) -> None:
    """Look for what is wrong on HOST, all hosts of the inventory without one, and name the one thing to do.

    Exit 1 when there is one. Nothing is changed.
    """
    from agent.operator.look import document, printing

    seen = _look(hosts, lang, drift=True, names=True, model=not no_model)
    _print(seen, document.doctor(seen, lang) if as_json else "\n\n".join(printing.doctor(one, lang) for one in seen))


@click.command()
@hosts_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@click.option("--tail", type=click.IntRange(0, 1_000_000), default=50, show_default=True, help="Lines of each log.")
@click.option(
    "--container",
    "containers",
    type=click.Choice(list(SHORT.values())),
    multiple=True,
    default=["gateway"],
    show_default=True,
    help="Whose log; may be given more than once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each line as JSON: host, container, line.")
@lang_option
def logs(  # noqa: PLR0913 - one for each option
    *, hosts: tuple[str, ...], follow: bool, tail: int, containers: tuple[str, ...], as_json: bool, lang: str
) -> None:
    """Print the ends of the logs of HOST, all hosts of the inventory without one.

    Of several hosts or containers, each line begins with whose it is. Exit 1 when a log could not be had.
    """
    from agent.operator.look import following

    def work(reached: list[Host]) -> bool:
        wanted = [name for name, short in SHORT.items() if short in containers]
        sources = [following.Source(host, name) for host in reached for name in wanted]
        writer = following.Writer(click.echo, as_json=as_json, hosts=len(reached) > 1, containers=len(wanted) > 1)
        show = following.follow if follow else following.once
        return show(sources, tail, writer, lambda line: click.echo(line, err=True))

    sys.exit(0 if _with_hosts(hosts, lang, work) else 1)


def _with_hosts(names: Sequence[str], lang: str, work: Callable[[list[Host]], Result]) -> Result:
    from agent.errors import ConfigError
    from agent.operator.reach import inventory_hosts
    from agent.operator.words import told

    try:
        with inventory_hosts(lang, *dict.fromkeys(names)) as hosts:
            return work(hosts)
    except ConfigError as error:
        raise click.ClickException(told(error, lang)) from None


def _look(hosts: Sequence[str], lang: str, *, drift: bool, **options: bool) -> list[Seen]:
    """Look at all hosts at the same time."""
    from agent.operator.look import gathering
    from agent.operator.look.drift import drift as drift_of

    def look(host: Host) -> Seen:
        seen = gathering.look(host, lang, **options)
        if not drift or seen.docker is None or not seen.docker.version:
            return seen
        return replace(seen, drift=drift_of(host.name, lang))

    def work(known: list[Host]) -> list[Seen]:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return list(pool.map(look, known))

    return _with_hosts(hosts, lang, work)


def _print(seen: Sequence[Seen], text: str) -> None:
    from agent.operator.look import judging

    click.echo(text)
    sys.exit(1 if any(judging.troubles(one) for one in seen) else 0)


COMMANDS = (status, logs, doctor)
