"""`make pictures`: deploy to a lab host, talk, verify, and photograph both."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import labs
from tests.fakes import defaults
from tests.lab.progress import step
from tests.pictures.chat import page
from tests.stack import REPOSITORY, Stack

NAME = "mikrus"
DIRECTORY = REPOSITORY / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LANGUAGES = ("en", "pl")
TALK = ("run uname -a && df -h /workspace | tail -1", "run touch /etc/mine; cat /etc/shadow", "/status")
# Width in CSS pixels, and how many of the picture's one of them takes.
SIZES = {"conversation": (600, 2), "compliance": (960, 1)}


def main() -> int:
    """Make them; exit code 1 when no browser is there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("No browser to photograph with: apt-get install chromium", file=sys.stderr)
        return 1
    DIRECTORY.mkdir(exist_ok=True)
    with labs.raised(NAME) as stack, tempfile.TemporaryDirectory() as directory:
        with step("Deploying"):
            done = stack.deploy("-y")
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            return 1
        for name, file in _pages(stack, Path(directory)):
            with step(f"Photographing {name}"):
                photograph(browser, file, DIRECTORY / f"{name}.png", *SIZES[name.split(".")[0]])
    return 0


def _pages(stack: Stack, directory: Path) -> Iterator[tuple[str, Path]]:
    for language in LANGUAGES:
        file = directory / f"conversation.{language}.html"
        file.write_text(conversation(stack, language), encoding="utf-8")
        yield file.stem, file
        file = directory / f"compliance.{language}.html"
        command = [sys.executable, "-m", "tests.verify", f"--lang={language}", f"--html={file}"]
        subprocess.run(command, cwd=REPOSITORY, env=stack.environment, stdout=subprocess.DEVNULL, check=False)
        yield file.stem, file


def conversation(stack: Stack, language: str) -> str:
    """What the owner and the assistant wrote, as a page."""
    stack.wait_ready()
    stack.fakes.reset()
    for line in TALK:
        sent = stack.fakes.user_message(line, language_code=language)
        stack.fakes.wait_for_reply(after=sent.message_id, timeout=30)
    return page(stack.fakes.chat(defaults.OWNER_ID), "PicoClaw")


def photograph(browser: str, file: Path, picture: Path, width: int, scale: int) -> None:
    """The whole page, cut where its content ends."""
    size = f"--window-size={width},{_height(browser, file, width)}"
    _run(browser, f"--screenshot={picture}", size, f"--force-device-scale-factor={scale}", str(file))


def _height(browser: str, file: Path, width: int) -> int:
    """How high the page is at this width, in CSS pixels: the page tells it in its title."""
    probe = file.with_suffix(".probe.html")
    measure = "<script>onload = () => document.title = document.documentElement.scrollHeight</script>"
    probe.write_text(file.read_text(encoding="utf-8") + measure, encoding="utf-8")
    dumped = _run(browser, "--dump-dom", f"--window-size={width},100", str(probe))
    return int(dumped.rpartition("<title>")[2].partition("</title>")[0])


def _run(browser: str, *options: str) -> str:
    # No sandbox of its own: it shows two pages that were made here, and as root it would refuse to start.
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *quiet, *options]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
