"""The commands of `picoclaw` that only the operator's machine has. They import what they need when they run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from agent.config.words import CHANNELS
from agent.operator.archive.cli import COMMANDS as ARCHIVING
from agent.operator.guide import SECRETS
from agent.operator.look.cli import COMMANDS as LOOKING
from agent.operator.options import lang_option
from agent.operator.words import say, told
from roles.common.names import REPOSITORY


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
    from agent.operator import checking, files

    found = checking.findings(files.read(file, lang), None if no_references else os.environ)
    if as_json:
        click.echo(checking.as_json(found, str(file), lang))
    elif found.problems:
        click.echo(say("wrong", lang, file=file, count=len(found.problems)))
        for problem in found.problems:
            click.echo(f"  {problem.said(lang).removeprefix('config.json: ')}")
    elif found.config is not None:
        click.echo("\n".join([say("right", lang, file=file), *checking.summary(found.config, lang)]))
    sys.exit(1 if found.problems else 0)


@config.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=REPOSITORY / "config.json", help="What to write.")
@click.option("--force", is_flag=True, help="Put aside what is there as a backup.")
@click.option("--yes", is_flag=True, help="Ask nothing; what FILE leaves open is then an error.")
@lang_option
def import_(file: Path, output: Path, force: bool, yes: bool, lang: str) -> None:
    """Make config.json of FILE, the config.json of PicoClaw (versions 0 to 3) or of mikrus-toolbox.

    Says who will have access, and names what is not carried over. Nobody has access whom FILE does not name by an id.
    """
    from agent.errors import ConfigError
    from agent.operator import checking, files, importing
    from agent.operator.importing.questions import Asking, Unasked

    text = files.read(file, lang)
    if output.exists() and not force:
        raise click.ClickException(say("exists", lang, file=output))
    try:
        made = importing.convert(text, file.parent, Unasked(lang) if yes else Asking(lang))
    except ConfigError as error:
        raise click.ClickException(f"{file}: {told(error, lang).removeprefix('config.json: ')}") from None
    found = checking.findings(importing.as_text(made), None)
    if found.problems or found.config is None:
        sentences = [problem.said(lang) for problem in found.problems]
        raise click.ClickException("\n".join([say("wrong", lang, file=file, count=len(sentences)), *sentences]))
    kept = files.back_up(output)
    files.write_private(output, importing.as_text(made))
    click.echo("\n".join([say("written", lang, file=output), *([say("kept", lang, file=kept)] if kept else [])]))
    for line in (*checking.summary(found.config, lang), *made.record.lines(lang)):
        click.echo(line)
    for key, secret in found.config.placed_secrets:
        click.echo(say("secret", lang, key=key, masked=files.masked(secret)))


@click.command()
@click.option("--provider", help="Provider of models.")
@click.option("--model", help="One of its models.")
@click.option("--channel", type=click.Choice(list(CHANNELS)), help="Where you will talk to it.")
@click.option(
    "--replace-channel",
    multiple=True,
    type=click.Choice(list(CHANNELS)),
    help="A channel of config.json that goes for it; without, all stay.",
)
@click.option("--user-id", "users", multiple=True, help="Who may talk to it; may be given more than once.")
@click.option("--host", help="The server: an alias of ~/.ssh/config, or a name for it.")
@click.option("--ssh-hostname", help="Its address, where the alias does not know it.")
@click.option("--ssh-port", type=click.IntRange(1, 65535), help="Its SSH port.")
@click.option("--ssh-user", help="root, or a user with sudo.")
@click.option(
    "--secrets", "secrets_file", type=click.File(), help="JSON with api_key, bot_token, app_token; - is stdin."
)
@click.option(
    "--config", "file", type=click.Path(path_type=Path), default=REPOSITORY / "config.json", help="File to write."
)
@click.option("--hosts", type=click.Path(path_type=Path), default=REPOSITORY / "hosts.json", help="File to write.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is not given keeps its present value.")
@click.option("--offline", is_flag=True, help="Ask neither the services whether keys and tokens work, nor the server.")
@lang_option
@click.pass_context
def init(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - what click parsed
    """Write config.json and the server's entry in hosts.json, by questions; run again, it edits them.

    A channel that is not there yet comes beside those that are.

    Secrets are typed, or come from PICOCLAW_API_KEY, PICOCLAW_BOT_TOKEN and PICOCLAW_APP_TOKEN, or from --secrets.
    """
    from agent.errors import ConfigError
    from agent.operator import live
    from agent.operator.setup import Setup
    from agent.operator.setup.asking import Asking

    secrets_file, lang = flags.pop("secrets_file"), flags.pop("lang")
    own = {name: flags.pop(name) for name in ("file", "hosts", "yes", "offline")}
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    if "users" in given:
        given["users"] = ",".join(given["users"])
    for name in SECRETS:
        if value := os.environ.get(f"PICOCLAW_{name.upper()}"):
            given[name] = value
    if secrets_file is not None:
        given |= _secrets_in(secrets_file, lang)
    services = context.find_object(live.Services) or live.Services()
    try:
        Setup(
            config=own["file"],
            hosts=own["hosts"],
            ask=Asking(given, lang, own["yes"]),
            services=services,
            environ=os.environ,
            offline=own["offline"],
        ).run()
    except ConfigError as error:
        raise click.ClickException(told(error, lang)) from None


@click.command()
@click.argument("names", metavar="[HOST]...", nargs=-1)
@click.option("--data", multiple=True, metavar="KEY=VALUE", help="Data for the deploy, as pyinfra takes it.")
@click.option("--keep-going", is_flag=True, help="Go on with the other hosts after one that fails.")
@lang_option
def rollout(names: tuple[str, ...], data: tuple[str, ...], keep_going: bool, lang: str) -> None:
    """Deploy to one host of the inventory after the other, and stop at the first that does not become healthy.

    HOST is the name of a host or of a group; without one, all in the order of the inventory. A host that cannot be
    reached is told at the end and stops nothing.
    """
    from agent.errors import ConfigError
    from agent.operator import reach
    from agent.operator import rollout as rolling

    options = [word for pair in data for word in ("--data", pair)]
    try:
        with reach.inventory_hosts(lang, *names) as hosts:
            outcomes = list(
                rolling.rollout(
                    hosts,
                    options,
                    language=lang,
                    keep_going=keep_going,
                    announce=lambda name, place: click.echo(f"\n── {place}/{len(hosts)} {name} ──"),
                )
            )
    except ConfigError as error:
        raise click.ClickException(told(error, lang)) from None
    click.echo("\n" + "\n".join(rolling.table(outcomes, lang)))
    sys.exit(any(outcome.ended != "done" for outcome in outcomes))


def _secrets_in(file: TextIO, lang: str) -> dict[str, str]:
    import json

    try:
        held = json.load(file)
    except ValueError:
        held = None
    texts = isinstance(held, dict) and all(isinstance(value, str) and value.strip() for value in held.values())
    if not texts or held.keys() - set(SECRETS):
        raise click.ClickException(say("init_bad_secrets", lang))
    return dict(held)


COMMANDS: tuple[click.Command, ...] = (config, init, rollout, *LOOKING, *ARCHIVING)
