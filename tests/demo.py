"""`make demo`: the main job on a throwaway host, from nothing to an answered message and the proof."""

from __future__ import annotations

import subprocess
import sys

from tests.fakes import defaults
from tests.lab import Lab, LabError
from tests.lab.progress import say
from tests.lab.status import how_to_go_on
from tests.stack import DEPLOY, REPOSITORY, Stack

REQUEST = "run uname -a"
BOLD, DIM, RESET = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def main() -> int:
    """Show it; exit code 1 when any part of it fails."""
    try:
        stack = Stack(Lab.up())
    except LabError as error:
        print(f"The lab host cannot be raised: {error}", file=sys.stderr)
        return 1
    stack.fakes.reset()
    title("Deploying: pyinfra inventory deploy.py")
    deploy = subprocess.run(DEPLOY, cwd=REPOSITORY, env=stack.environment, stdin=subprocess.DEVNULL, check=False)
    if deploy.returncode != 0:
        print("The deploy failed; what it said last is above.", file=sys.stderr)
        return 1
    stack.wait_ready()
    title("The owner writes to the bot on Telegram")
    conversation(stack)
    title("On the host: docker ps, docker stats --no-stream")
    print(stack.lab.ssh("docker ps; echo; docker stats --no-stream", check=True).stdout)
    title("The proof: every control, looked up on the live host")
    verified = subprocess.run(
        [sys.executable, "-m", "tests.verify", "--no-header"], cwd=REPOSITORY, env=stack.environment, check=False
    )
    stack.close()
    title("How to go on")
    print("first           source .venv/bin/activate")
    print(f"talk to the bot python -m tests.fakes.talk --lab {stack.lab.state_dir}")
    print(how_to_go_on(stack.lab))
    return verified.returncode


def conversation(stack: Stack) -> None:
    """One question, one answer, as they stand in the chat."""
    sent = stack.fakes.user_message(REQUEST)
    replies = stack.fakes.wait_for_reply(after=sent.message_id, timeout=30)
    for message in [m for m in stack.fakes.chat(defaults.OWNER_ID) if m.message_id >= sent.message_id]:
        who = "bot  " if message.from_bot else "owner"
        indented = message.text.strip().replace("\n", f"\n{' ' * 7}{DIM}│{RESET} ")
        print(f"{BOLD}{who}{RESET}  {DIM}│{RESET} {indented}")
    say(f"answered in {(replies[0].time - sent.time) * 1000:.0f} ms")


def title(text: str) -> None:
    """Set a part of the show apart."""
    print(f"\n{BOLD}══ {text}{RESET}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
