"""The command `picoclaw`.

The long-lived processes are exec'ed, so that click and what it imports do not stay in their memory.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, TextIO

import click

from agent import __version__, look_commands, script_commands
from agent.options import lang_option, with_lang_in_its_place
from agent.sockets import CHAT

_ON_OPERATORS_MACHINE = find_spec("agent.operator") is not None  # no image holds that package


class _Spoken(click.Group):
    """In Polish, help and usage errors included, where the locale or `--lang` says so."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:  # noqa: ANN401 - click's
        given = list(sys.argv[1:] if args is None else args)
        words, language = with_lang_in_its_place(self, given, os.environ)
        if language == "pl":
            from agent.polish_help import spoken

            with spoken(self):
                return super().main(words, *more, **options)
        return super().main(words, *more, **options)


@click.group(cls=_Spoken, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="picoclaw")
def main() -> None:
    """PicoClaw: a personal AI assistant that runs commands for its owner, confined."""


@main.command()
def gateway() -> None:
    """Run the gateway (the main process of the container `picoclaw`)."""
    _become("agent.gateway")


@main.command()
def sandbox() -> None:
    """Run the sandbox server (the main process of the container `picoclaw-sandbox`)."""
    _become("agent.sandbox")


@main.command()
@click.option("--ready", is_flag=True, help="Ask whether a message would be answered, sandbox included.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@lang_option()
def health(ready: bool, as_json: bool, lang: str) -> None:
    """Print how the running gateway is; exit 1 when it is not well."""
    from agent import health_report
    from agent.errors import PicoClawError
    from agent.gateway.asking import ask

    try:
        code, body = ask("/ready" if ready else "/health", 5, lang)
    except PicoClawError as error:
        raise click.ClickException(str(error)) from None
    report = json.loads(body)
    click.echo(json.dumps(report, indent=2) if as_json else health_report.text(report, lang))
    sys.exit(0 if code == 200 else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@lang_option()
def status(as_json: bool, lang: str) -> None:
    """Print how this gateway is: channels, model, memory, usage, confinement, last error; exit 1 when it is not well.

    On the host: docker exec picoclaw picoclaw status
    """
    from agent import status_report
    from agent.store.database import STATE

    report = status_report.gather(STATE, "en" if as_json else lang)
    click.echo(status_report.as_json(report) if as_json else status_report.text(report, lang))
    sys.exit(0 if report.well else 1)


@main.group()
def llm() -> None:
    """The models that config.json names."""


@llm.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@lang_option()
def llm_check(as_json: bool, lang: str) -> None:
    """Ask each model of config.json one tiny question, for real; exit 1 when the first of them does not answer.

    On the host: docker exec picoclaw picoclaw llm check
    """
    import asyncio

    from agent import config
    from agent.errors import ConfigError
    from agent.llm import check, tables

    try:
        settings = config.load()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    findings = asyncio.run(check.check(settings.llm, lang, tables.load()))
    for finding in () if as_json else findings:
        click.echo(check.line(finding, lang))
    if as_json:
        click.echo(check.as_json(findings))
    sys.exit(0 if findings[0].ok else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@lang_option()
def confinement(as_json: bool, lang: str) -> None:
    """Print which controls this container is under; exit 1 when one fails.

    On the host: docker exec picoclaw picoclaw confinement, and docker exec picoclaw-sandbox picoclaw-confinement
    """
    from agent.confinement.report import show

    sys.exit(show("gateway", lang, json=as_json))


@main.command()
@click.option("--client", type=click.Choice(["sandbox", "llm"]), help="Of this client alone.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@lang_option()
def egress(client: str | None, limit: int, as_json: bool, lang: str) -> None:
    """Print what commands and litellm reached, or were refused, through the egress proxy; newest first.

    On the host: docker exec picoclaw picoclaw egress
    """
    from agent.egress import report
    from agent.egress.errors import EgressError
    from agent.gateway.printable import printable
    from agent.store.database import STATE

    try:
        records = report.read(STATE, limit, client)
    except EgressError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report.as_json(records) if as_json else printable(report.table(records, lang)))


@main.command()
@click.option(
    "--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="So many days, today's included."
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@lang_option()
def usage(days: int, as_json: bool, lang: str) -> None:
    """Print what the models have cost, by day (UTC) and model.

    On the host: docker exec picoclaw picoclaw usage
    """
    from agent import usage_report
    from agent.errors import PicoClawError
    from agent.store.database import STATE

    try:
        rows = usage_report.read(STATE, days)
    except PicoClawError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(usage_report.document(rows), indent=2) if as_json else usage_report.table(rows, lang))


@main.command()
@click.argument("message", nargs=-1)
def chat(message: tuple[str, ...]) -> None:
    """Talk to the assistant in this terminal; with MESSAGE, ask once and print the answer.

    On the host: docker exec -it picoclaw picoclaw chat
    """
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(CHAT)
        except OSError:
            raise click.ClickException(
                "no gateway is running here; on the host: docker exec -it picoclaw picoclaw chat"
            ) from None
        with connection.makefile("rw", encoding="utf-8") as lines:
            if message:
                click.echo(_ask(lines, " ".join(message)))
                return
            click.echo("Ctrl-D ends the conversation.", err=True)
            while (text := _prompt()) is not None:
                if text.strip():
                    click.echo(_ask(lines, text))


@main.command("slack-manifest")
def slack_manifest() -> None:
    """Print the manifest of the Slack app, to be pasted at api.slack.com/apps (Create New App, From a manifest).

    On your own machine: picoclaw slack-manifest (after make venv, in .venv/bin)
    """
    from agent.channels import slack_manifest as manifest

    click.echo(manifest(), nl=False)


def _ask(lines: TextIO, text: str) -> str:
    lines.write(json.dumps({"text": text}) + "\n")
    lines.flush()
    reply = lines.readline()
    if not reply:
        raise click.ClickException("the gateway has gone; is it restarting? docker logs picoclaw --tail 20")
    return str(json.loads(reply)["text"])


def _prompt() -> str | None:
    try:
        return input("> ")
    except (EOFError, KeyboardInterrupt):
        click.echo()
        return None


def _become(module: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 - replacing this process is the point


for command in (*script_commands.COMMANDS, *look_commands.COMMANDS):
    main.add_command(command)

if _ON_OPERATORS_MACHINE:
    from agent.operator.cli import COMMANDS

    for command in COMMANDS:
        main.add_command(command)

if __name__ == "__main__":
    main()
