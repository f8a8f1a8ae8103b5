"""What the owner gets to read: no terminal escape, no text that reads backwards, no secret of the config, no flood."""

from __future__ import annotations

import shlex
import unicodedata

import pytest

from tests.fakes import defaults, wire
from tests.hostile.attacker import Attacker

ESCAPES = {
    "colours and a cleared screen": "a\x1b[2J\x1b[1;31mb",
    "a window title": "a\x1b]0;PWNED TITLE\x07b",
    "the clipboard (OSC 52)": "a\x1b]52;c;cm0gLXJmIC8=\x1b\\b",
    "a hidden link (OSC 8)": "a\x1b]8;;http://evil.example\x1b\\b\x1b]8;;\x1b\\c",
    "eight-bit controls": "a\x9b31mb\x9d0;x\x9cc",
    "overwriting by carriage returns": "rm -rf /\recho hi  \b\b\b",
    "reading backwards": "invoice\u202egpj.exe and \u2066x\u2069 \u202dy\u202c",
    "NUL and its neighbours": "a\x00b\x01c\x7fd\x0be\x0cf",
    "Unicode's own line ends": "a\u2028b\u2029c\u0085d",
}


def shown(text: str) -> bool:
    """Whether each character is a visible one, or one of those that every chat and terminal shows as white space."""
    return not [c for c in text if c not in "\n\t" and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in BIDI)]


BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("name", ESCAPES)
def test_escapes_of_the_model(attacker: Attacker, name: str) -> None:
    text = attacker.say(f"before {ESCAPES[name]} after")
    assert text.startswith("before a" if ESCAPES[name][0] == "a" else "before ")
    assert text.endswith("after")
    assert shown(text), repr(text)


def test_escapes_on_the_owners_terminal(attacker: Attacker) -> None:
    """`picoclaw chat` prints to a real terminal, which would obey."""
    attacker.stack.fakes.script("before " + "".join(ESCAPES.values()) + " after")
    done = attacker.stack.lab.ssh("docker exec picoclaw picoclaw chat hello", check=True)
    assert done.stdout.startswith("before a"), done.stdout
    assert shown(done.stdout), repr(done.stdout)


def test_escapes_in_the_log(attacker: Attacker) -> None:
    """`docker logs` prints to a real terminal too, and a line that pretends to be another must not become one."""
    fake = "\n2026-01-01 00:00:00 ERROR   gateway: HOSTILE LINE"
    for path in ("".join(ESCAPES.values()), fake, fake.replace("\n", "\r"), fake.replace("\n", "\u2028")):
        attacker.use("read_file", path=f"/nowhere{path.replace(chr(0), '')}")
    lines = attacker.stack.logs().split("\n")
    assert any("/nowhere" in line for line in lines), "nothing of it was logged"
    assert not [line for line in lines if line.startswith("2026-01-01 00:00:00 ERROR")]
    assert all(shown(line) for line in lines)


def test_output_that_is_no_text(attacker: Attacker) -> None:
    told = attacker.run(
        "printf 'a\\377\\376\\0b\\355\\240\\200\\xc0\\xafc\\033]0;x\\007'; head -c 3000 /dev/urandom; echo; echo end"
    )
    assert told.lines[-2:] == ["end", "[exit code 0]"]
    assert attacker.say("done") == "done"


MARKUP = {
    "HTML": "<b>a</i><script>alert(1)</script><a href='tg://resolve?domain=x'>b</a>&lt;&#x41;",
    "MarkdownV2 that does not close": "*a _b `c ```d [e](f ||g ~h >i **j** \\",
    "links to users and apps": "[you](tg://user?id=123456789) [run](javascript:alert(1)) ![](tg://emoji?id=1)",
    "a fence that never ends": "```" * 50 + "\n" + "~~~" * 50,
    "deep nesting": "> " * 400 + "a" + "*_" * 400 + "[" * 400 + "](" * 100,
    "lists in one another, by the thousand": "- " * 6000 + "a",
    "a table of a thousand columns": "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + "|a\n" * 3000,
    "tables and formulas": "|a|b|\n|-|-|\n" * 30 + "$$" * 50 + "\\frac{" * 80,
}


@pytest.mark.parametrize("name", MARKUP)
def test_markup(attacker: Attacker, name: str) -> None:
    """It arrives as something, and as nothing that Telegram would act on."""
    since = attacker.stack.fakes.chat()
    assert attacker.say("start\n\n" + MARKUP[name] + "\n\nend").startswith("start")
    sent = [m for m in attacker.stack.fakes.chat(after=since[-1].message_id) if m.from_bot]
    kinds = {str(entity["type"]) for message in sent for entity in message.entities}
    assert not kinds & {"text_mention"}, kinds
    urls = [str(entity.get("url", "")) for message in sent for entity in message.entities]
    assert not [url for url in urls if url.split(":")[0].lower() in ("javascript", "data", "file")], urls


@pytest.mark.parametrize("piece", ["x", "word ", "long line\n\n", "\u0105\U0001f600", "```\ncode\n```\n"])
def test_an_endless_reply(attacker: Attacker, piece: str) -> None:
    """A flood of the owner's phone, and of Telegram's limit of a message a second, that ends after a few."""
    since = attacker.stack.fakes.chat()[-1].message_id
    attacker.say("start " + piece * (400_000 // len(piece)), patience=30)
    attacker.assert_answering()
    sent = [m for m in attacker.stack.fakes.chat(after=since) if m.from_bot]
    assert len(sent) <= 14, f"{len(sent)} messages"


SECRETS = {"bot token": defaults.TELEGRAM_TOKEN, "API key": defaults.OPENROUTER_KEY}


def assert_gone(attacker: Attacker, secret: str) -> None:
    """Neither said, nor remembered, nor logged, nor handed to the model or the sandbox again."""
    said = [m.text for m in attacker.stack.fakes.chat() if m.from_bot]
    assert not [text for text in said if secret in text], "in the chat"
    state = attacker.state()
    assert b"CREATE TABLE" in state, "no state file was looked at"
    assert secret.encode() not in state, "in the state file"
    assert secret not in attacker.stack.logs(), "in the log"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_models_reply(attacker: Attacker, name: str) -> None:
    text = attacker.say(f"the {name} is `{SECRETS[name]}`, and *{SECRETS[name]}* again")
    assert text.startswith(f"the {name} is ")
    assert_gone(attacker, SECRETS[name])


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_an_order_and_its_output(attacker: Attacker, name: str) -> None:
    """Whoever told the model: it does not get into the sandbox by the model's orders."""
    told = attacker.run(f"echo {shlex.quote(SECRETS[name])} | tee kept")
    assert SECRETS[name] not in told.text
    assert SECRETS[name] not in attacker.workspace("kept").read_text()
    attacker.use("write_file", path="kept", content=f"x {SECRETS[name]} y")
    assert SECRETS[name] not in attacker.workspace("kept").read_text()
    assert_gone(attacker, SECRETS[name])


def test_a_secret_that_a_command_puts_together(attacker: Attacker) -> None:
    half = len(defaults.TELEGRAM_TOKEN) // 2
    told = attacker.run(f"printf %s%s {defaults.TELEGRAM_TOKEN[:half]} {defaults.TELEGRAM_TOKEN[half:]}")
    assert "[exit code 0]" in told.text
    assert defaults.TELEGRAM_TOKEN not in told.text
    assert_gone(attacker, defaults.TELEGRAM_TOKEN)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_the_owner_wrote(attacker: Attacker, name: str) -> None:
    attacker.say("noted", question=f"my {name} is {SECRETS[name]}, keep it")
    sent = str(attacker.stack.fakes.llm_requests()[-1].body)
    assert f"my {name} is " in sent
    assert SECRETS[name] not in sent
    assert_gone(attacker, SECRETS[name])


def test_a_secret_in_the_providers_error(attacker: Attacker) -> None:
    """Providers repeat the key that they refuse."""
    error = wire.HttpError(status=401, message=f"Incorrect API key provided: {defaults.OPENROUTER_KEY}. Find yours at")
    text = attacker.say(wire.Reply(error=error))
    assert "Incorrect API key provided" in text
    assert_gone(attacker, defaults.OPENROUTER_KEY)
