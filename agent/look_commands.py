"""`picoclaw doctor` and `picoclaw logs` in the gateway's container; the operator's machine has its own."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from agent.errors import PicoClawError
from agent.options import lang_option

_PATIENCE_S = 5.0
_AGAIN_S = 1.0


@click.command()
@click.option("--no-model", is_flag=True, help="Do not ask the model its one tiny question (a fraction of a cent).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@lang_option()
def doctor(no_model: bool, as_json: bool, lang: str) -> None:
    """Look for what is wrong, as far as it is seen in this container, and name the one thing to do.

    Exit 1 when there is one. Nothing is changed. On the host: docker exec picoclaw picoclaw doctor
    """
    import logging

    from agent.doctor import checks, inside
    from agent.doctor.telling import Teller
    from agent.doctor.words import INSIDE
    from agent.store.database import STATE

    logging.getLogger().addHandler(logging.NullHandler())  # the gateway's log has what its parts warn of
    seen = inside.look(STATE, lang, model=not no_model)
    found, teller = checks.findings(seen, inside.CHECKS), Teller(INSIDE, lang)
    document = teller.document(found, seen)
    click.echo(json.dumps(document, indent=2) if as_json else "\n".join(teller.lines(found, seen)))
    sys.exit(0 if document["well"] else 1)


@click.command()
@click.option(
    "-n", "--tail", type=click.IntRange(0, 200), default=50, show_default=True, help="So many of the last lines."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@lang_option()
def logs(tail: int, follow: bool, lang: str) -> None:
    """Print the end of the gateway's log since its start: it keeps the last 200 lines, at most 64 KB.

    On the host: docker exec picoclaw picoclaw logs; docker logs picoclaw has more.
    """
    try:
        end = _end(lang)
        lines = end["lines"][-tail:] if tail else []
        _print(lines)
        while follow:
            time.sleep(_AGAIN_S)
            before, end = end["written"], _end(lang)
            new = end["written"] - before
            _print(end["lines"][-new:] if new > 0 else [])
    except KeyboardInterrupt:
        return


def _end(language: str) -> dict[str, Any]:
    from agent.doctor.words import LOGS
    from agent.gateway.asking import ask
    from agent.language import worded

    try:
        return dict(json.loads(ask("/log", _PATIENCE_S)[1]))
    except PicoClawError:
        raise click.ClickException(worded(LOGS["no_gateway"], language)) from None


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


COMMANDS = (doctor, logs)
