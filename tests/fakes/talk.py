"""`python -m tests.fakes.talk --lab DIR`: a terminal chat with the bot, as its owner, on the Telegram stand-in."""

import argparse
import sys
import threading
from pathlib import Path

from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.config import read_config
from tests.fakes.errors import FakesError
from tests.fakes.wire import Message

_POLL = 20.0


def main(arguments: list[str] | None = None) -> int:
    """Talks until the end of input."""
    options = _parser().parse_args(arguments)
    try:
        control = read_config(options.lab).control
        with FakesClient(control) as client:
            client.ping()
            if options.once is not None:
                _once(client, options.once, options.user_id, options.timeout)
            else:
                _converse(client, control, options.user_id)
    except FakesError as error:
        print(f"No conversation: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.talk", description=__doc__)
    parser.add_argument("--lab", type=Path, required=True, help="the lab's directory, with fakes.json in it")
    parser.add_argument("--once", metavar="TEXT", help="send one message, print the reply, and end")
    parser.add_argument("--user-id", type=int, default=defaults.OWNER_ID, help="write as another user (default: owner)")
    parser.add_argument("--timeout", type=float, default=60.0, help="with --once: seconds to wait (default: 60)")
    return parser


def _once(client: FakesClient, text: str, user_id: int, timeout: float) -> None:
    for message in client.ask(text, timeout=timeout, user_id=user_id):
        print(_shown(message))


def _converse(client: FakesClient, control: str, user_id: int) -> None:
    print("You are the owner; the bot's replies appear as they come. End with Ctrl-D.")
    newest = max((message.message_id for message in client.chat(user_id)), default=0)
    # a daemon, because it spends its life in a wait that nothing but the end of the process can cut short
    threading.Thread(target=_print_replies, args=(control, user_id, newest), daemon=True).start()
    for line in sys.stdin:
        if line.strip():
            client.user_message(line.rstrip("\n"), user_id=user_id)


def _print_replies(control: str, user_id: int, newest: int) -> None:
    with FakesClient(control) as client:
        while True:
            try:
                replies = client.wait_for_reply(user_id, after=newest, timeout=_POLL)
            except FakesError:
                if not _answers(client):
                    print("The stand-ins have ended.")
                    return
                continue
            for message in replies:
                print(f"bot> {_shown(message)}", flush=True)
            newest = replies[-1].message_id


def _answers(client: FakesClient) -> bool:
    try:
        client.ping()
    except FakesError:
        return False
    return True


def _shown(message: Message) -> str:
    file = f"[file {message.file_name}, {message.file_size} bytes] " if message.file_name else ""
    return file + message.text


if __name__ == "__main__":
    sys.exit(main())
