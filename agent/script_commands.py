"""`picoclaw task`, `picoclaw pair` and `picoclaw n8n`: what a script, and who has the host, asks of the gateway."""

from __future__ import annotations

import json
import sys
import uuid

import click

from agent.cli_words import say
from agent.errors import PicoClawError
from agent.options import lang_option


@click.command()
@click.argument("text", nargs=-1)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one object: id, status (done, failed, timeout), answer, seconds."
)
@click.option(
    "--reply-to", metavar="CHANNEL[:USER]", help="Work on it in the owner's private chat there, and answer there too."
)
@click.option(
    "--session", metavar="NAME", help="Go on with the conversation of that name; without, each task has its own."
)
@click.option("--new", is_flag=True, help="With --session: forget what was said there before.")
@click.option("--id", "task_id", metavar="ID", help="Your own name for the task: given twice, it is done once.")
@click.option("--wait", "wait_for", metavar="ID", help="Give no task, but wait for that one.")
@click.option("--timeout", type=click.FloatRange(0, 86400), default=600, show_default=True, help="Seconds to wait.")
@lang_option("Your language.")
def task(  # noqa: PLR0913 - one for each option
    *,
    text: tuple[str, ...],
    as_json: bool,
    reply_to: str | None,
    session: str | None,
    new: bool,
    task_id: str | None,
    wait_for: str | None,
    timeout: float,
    lang: str,
) -> None:
    """Have the assistant do something, and print its answer; TEXT may be - for what comes on standard input.

    On the host: docker exec picoclaw picoclaw task "..."; with - : docker exec -i picoclaw picoclaw task -

    Exit codes: 0 answered, 1 failed (the answer says why), 2 wrong usage, 3 not answered within --timeout: the task
    goes on, and picoclaw task --wait ID fetches its answer, for a week. When the container is restarted meanwhile,
    docker exec ends with 137: run the same command again, with the same --id, and the task is not done twice.
    """
    from agent import task_cli  # asyncio and msgspec, which no other command needs

    if wait_for is not None:
        request: dict[str, object] = {"do": "wait", "id": wait_for}
        if text or task_id or session or new or reply_to:
            raise click.UsageError(say("wait_alone", lang))
    else:
        words = (sys.stdin.read() if sys.stdin else "") if text == ("-",) else " ".join(text)
        if not words.strip():
            raise click.UsageError(say("what", lang))
        if session and reply_to:
            raise click.UsageError(say("session_or_chat", lang))
        if new and not session:
            raise click.UsageError(say("new_needs_session", lang))
        request = {"do": "task", "id": task_id or uuid.uuid4().hex, "text": words, "language": lang}
        request |= {"session": session, "new": new, "reply_to": reply_to}
    sys.exit(task_cli.run(request, timeout, as_json=as_json, language=lang))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@lang_option()
def pair(as_json: bool, lang: str) -> None:
    """Print, for each channel, the one-time code that makes its sender the owner, or who is allowed already.

    On the host: docker exec picoclaw picoclaw pair
    """
    from agent import task_cli

    try:
        found = task_cli.codes(language=lang)
    except PicoClawError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found, indent=2) if as_json else task_cli.pairing(found, lang))


@click.command()
def n8n() -> None:
    """Print a workflow for n8n that gives tasks over SSH; there: Workflows, Import from file.

    On the host: docker exec picoclaw picoclaw n8n > picoclaw.json
    """
    from agent import n8n as workflow

    click.echo(workflow.document())


COMMANDS = (task, pair, n8n)
