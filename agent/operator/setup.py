"""`picoclaw init`: the questions in their order, and what is written of the answers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from agent.channels import slack_manifest
from agent.config.providers import PROVIDERS
from agent.config.references import mapping, read_document
from agent.config.shapes import Model
from agent.config.words import CHANNELS
from agent.errors import ConfigError
from agent.gateway.printable import one_line, printable
from agent.operator import checking, files, hosts, live, secrets
from agent.operator.guide import KEY_PAGES, SECRETS
from agent.operator.words import say

_SHOWN = 15
_NAME = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")


@dataclass
class Setup:
    """One run.

    Attributes:
        given: answers from flags, the environment or a file of secrets, by name.
        yes: ask nothing; what is not given keeps its present value.
        offline: ask no service.
    """

    config: Path
    hosts: Path
    given: Mapping[str, Any]
    services: live.Services
    language: str
    environ: Mapping[str, str]
    yes: bool = False
    offline: bool = False

    def run(self) -> None:
        """Ask, check, write. ConfigError when what came out cannot be; then nothing is written."""
        present = self._present()
        known = hosts.read(self.hosts, self.language)
        if not self.yes:
            if sys.stdin is None:
                raise ConfigError(say("init_nobody", self.language))
            self._say("init_hello")
        llm = self._llm(dict(mapping(present.get("llm"))))
        rest = {name: value for name, value in present.items() if name not in ("channel", "channels")}
        document = {**rest, "llm": llm, **self._channels(present)}
        name, ssh = self._host(known)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if problems := checking.findings(text, None).problems:
            raise ConfigError("\n".join(problem.said(self.language) for problem in problems))
        if document != present and (kept := files.back_up(self.config)):
            self._say("kept", file=kept)
        files.write_private(self.config, text)
        hosts.write(self.hosts, known, name, ssh)
        self._say("written", file=self.config)
        self._say("written", file=self.hosts)
        self._say("init_next")
        click.echo("  pyinfra inventory deploy.py\n  make verify")

    def _present(self) -> dict[str, Any]:
        if not self.config.exists():
            return {}
        return read_document(files.read(self.config, self.language))

    def _llm(self, llm: dict[str, Any]) -> dict[str, Any]:
        before = llm.get("provider") if isinstance(llm.get("provider"), str) else None
        own = [before] if before and llm.get("api_base") else []
        provider = self._text("provider", before or "openrouter", choices=[*dict.fromkeys([*own, *PROVIDERS])])
        if provider != before:
            # Another's address, and what is known of another's model: the new key must not go there.
            llm = {name: value for name, value in llm.items() if name not in Model.__struct_fields__}
        llm["provider"] = provider
        if not self.yes and llm["provider"] in KEY_PAGES:
            self._say("init_key_page", page=KEY_PAGES[llm["provider"]])
        models: tuple[str, ...] = ()

        def good() -> live.Verdict:
            base = llm.get("api_base")
            key = self._plain(llm["api_key"])
            return live.provider(self.services, llm["provider"], key, None if base is None else str(base))

        verdict = self._secrets(llm, ("api_key",), good)
        if verdict is not None:
            models = verdict.models
        llm["model"] = self._model(llm.get("model"), models)
        return llm

    def _model(self, present: str | None, models: Sequence[str]) -> str:
        if "model" in self.given or self.yes or not models:
            return self._text("model", present)
        shown: list[str] = []
        last = ""
        while True:
            part = str(click.prompt(say("init_part", self.language), default=present)).strip()
            if part in models or part in (present, last):
                return part
            if part.isdigit() and 0 < int(part) <= len(shown):
                return shown[int(part) - 1]
            found = [model for model in models if part.lower() in model.lower()]
            shown, last = found[:_SHOWN], "" if found else part
            for number, model in enumerate(shown, 1):
                click.echo(f"  {number:2} {one_line(model)}")
            if len(found) > _SHOWN:
                self._say("init_more", count=len(found) - _SHOWN)
            if not found:
                self._say("init_none")

    def _channels(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """The channel that was chosen: in place of a single one, among several in its own place or behind them."""
        found = [*_items(present.get("channels")), present.get("channel")]
        listed = [mapping(one) for one in found if mapping(one)]
        known = [one["type"] for one in listed if one.get("type") in list(CHANNELS)]
        kind = self._text("channel", known[0] if known else "telegram", choices=CHANNELS)
        before = next((one for one in listed if one.get("type") == kind), {"type": kind})
        ours = self._channel(kind, dict(before))
        if len(listed) < 2:
            return {"channel": ours}
        return {"channels": [ours if one is before else one for one in listed] + ([] if before in listed else [ours])}

    def _channel(self, kind: str, channel: dict[str, Any]) -> dict[str, Any]:
        if not self.yes:
            self._say(f"init_where_{kind}", manifest=slack_manifest())
        names = [name for name in SECRETS if name in CHANNELS[kind].__struct_fields__]

        def good() -> live.Verdict:
            tokens = [self._plain(channel[name]) for name in names]
            checks: dict[str, Callable[..., live.Verdict]] = {
                "telegram": live.telegram,
                "discord": live.discord,
                "slack": live.slack,
            }
            return checks[kind](self.services, *tokens)

        self._secrets(channel, names, good)
        if not self.yes:
            self._say(f"init_who_{kind}")
        users = self._text("users", ",".join(map(str, _items(channel.get("allowed_user_ids")))), empty=True)
        listed = [user.strip() for user in users.split(",") if user.strip()]
        channel["allowed_user_ids"] = [
            int(user) if kind == "telegram" and user.isdecimal() else user for user in listed
        ]
        return channel

    def _secrets(
        self, section: dict[str, Any], names: Sequence[str], good: Callable[[], live.Verdict]
    ) -> live.Verdict | None:
        """Ask for secrets until their service takes them, or the operator insists."""
        given = self.given
        while True:
            for name in names:
                section[name] = self._secret(name, section.get(name), given)
            if self.offline:
                return None
            verdict = good()
            self._say(verdict.said, **verdict.values)
            if verdict.good is not False:
                return verdict
            if self.yes:
                raise ConfigError(say("init_refused", self.language, key=", ".join(names)))
            if not click.confirm(say("init_again", self.language), default=True):
                return verdict
            given = {}

    def _secret(self, name: str, present: Any, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a text or a command
        if given.get(name):
            return given[name]
        if self.yes:
            if present:
                return present
            raise self._lacking(name)
        label = say(f"init_{name}", self.language)
        if not present:
            return str(click.prompt(label, hide_input=True)).strip()
        shown = json.dumps(present) if isinstance(present, dict) else files.masked(present)
        answer = click.prompt(f"{label} [{shown}]", hide_input=True, default="", show_default=False)
        return str(answer).strip() or present

    def _plain(self, secret: object) -> str:
        """What a secret or a reference stands for."""
        return str(secrets.resolved({"secret": secret}, self.environ)["secret"])

    def _host(self, known: Mapping[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        name = self._text("host", next(iter(known), "mikrus"))
        present = known.get(name, {})
        ssh: dict[str, Any] = {"ssh_hostname": self._text("ssh_hostname", present.get("ssh_hostname", ""), empty=True)}
        if ssh["ssh_hostname"]:
            ssh["ssh_port"] = int(self._text("ssh_port", str(present.get("ssh_port", 22)), number=True))
            ssh["ssh_user"] = self._text("ssh_user", present.get("ssh_user", "root"))
        for flag, value in (("--host", name), *((f"--{key.replace('_', '-')}", ssh[key]) for key in ssh)):
            if value and not _NAME.fullmatch(str(value)):
                raise ConfigError(say("init_bad_name", self.language, flag=flag, value=value))
        return name, {key: value for key, value in ssh.items() if value}

    def _text(
        self,
        name: str,
        default: str | None,
        *,
        choices: Sequence[str] | Mapping[str, Any] | None = None,
        empty: bool = False,
        number: bool = False,
    ) -> str:
        """An answer that is no secret."""
        if self.given.get(name) is not None:
            return str(self.given[name])
        if self.yes:
            if default or empty:
                return default or ""
            raise self._lacking(name)
        kind = click.Choice(list(choices)) if choices is not None else click.IntRange(1, 65535) if number else str
        fallback = "" if empty and not default else default
        return str(click.prompt(say(f"init_{name}", self.language), default=fallback, type=kind)).strip()

    def _lacking(self, name: str) -> ConfigError:
        flag = f"PICOCLAW_{name.upper()}" if name in SECRETS else f"--{name.replace('_', '-')}"
        return ConfigError(say("init_lacks", self.language, flag=flag))

    def _say(self, sentence: str, **values: object) -> None:
        click.echo(printable(say(sentence, self.language, **values)))


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
