"""`picoclaw init`: the questions in their order, and what is written of the answers.

asking     an answer: given, typed, or as it was
forms      what cannot be a secret, an id, a name
services   secrets, until their service takes them
models     which model; `suggested`: those that are shown first
channels   what a channel needs, and its place among others
host       the server, and whether ssh reaches it
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from agent.config.providers import PROVIDERS
from agent.config.references import mapping, read_document
from agent.config.shapes import Model
from agent.errors import ConfigError
from agent.operator import checking, files, hosts, live, reach
from agent.operator.guide import KEY_PAGES
from agent.operator.setup import channels, host, models
from agent.operator.setup.asking import Asking
from agent.operator.setup.services import Settling
from agent.operator.words import say


@dataclass
class Setup:
    """One run.

    Attributes:
        config: the config.json to write.
        hosts: the hosts.json to write.
        offline: ask no service, and no server.
    """

    config: Path
    hosts: Path
    ask: Asking
    services: live.Services
    environ: Mapping[str, str]
    offline: bool = False

    def run(self) -> None:
        """Ask, check, write. ConfigError when what came out cannot be; then nothing is written."""
        ask = self.ask
        present = self._present()
        written = hosts.read(self.hosts, ask.language)
        inventory = self._inventory()
        if not ask.yes and sys.stdin is None:
            raise ConfigError(say("init_nobody", ask.language))
        ask.explain("init_hello")
        settling = Settling(ask, self.services, self.environ, self.offline)
        llm = _llm(settling, dict(mapping(present.get("llm"))))
        listed, told = channels.set_up(settling, present)
        rest = {name: value for name, value in present.items() if name not in ("channel", "channels")}
        name, ssh = host.asked(ask, written, inventory)
        self._write_config(present, {**rest, "llm": llm, **listed})
        hosts.write(self.hosts, written, name, ssh)
        ask.say("written", file=self.hosts)
        for sentence in told:
            ask.tell(sentence)
        self._look_at_host(name, {**written.get(name, {}), **ssh})
        ask.say("init_next")
        ask.tell("  pyinfra inventory deploy.py\n  make verify")

    def _present(self) -> dict[str, Any]:
        if not self.config.exists():
            return {}
        return read_document(files.read(self.config, self.ask.language))

    def _inventory(self) -> dict[str, dict[str, Any]]:
        """The hosts as pyinfra has them; none where it does not read the hosts.json in hand."""
        folder = self.hosts.parent
        read = self.hosts.name == "hosts.json" and (folder / "inventory").is_file()
        if not read or self.environ.get("PICOCLAW_HOSTS_FILE"):
            return {}
        return reach.read_inventory(self.ask.language, folder)

    def _write_config(self, present: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if problems := checking.findings(text, None).problems:
            raise ConfigError("\n".join(problem.said(self.ask.language) for problem in problems))
        if document != present and (kept := files.back_up(self.config)):
            self.ask.say("kept", file=kept)
        files.write_private(self.config, text)
        self.ask.say("written", file=self.config)

    def _look_at_host(self, name: str, data: Mapping[str, Any]) -> None:
        """Say where the deploy will go to, and whether ssh comes in at the host that was set up."""
        inventory = self._inventory()
        if len(inventory) > 1:
            self.ask.say("init_hosts", hosts=", ".join(inventory), host=name)
        data = {**inventory.get(name, {}), **data}
        # With a password it is pyinfra that comes in, not ssh.
        if not self.offline and not data.get("ssh_password"):
            verdict = host.knock(name, data)
            self.ask.say(verdict.said, **verdict.values)


def _llm(settling: Settling, llm: dict[str, Any]) -> dict[str, Any]:
    """The section `llm`, with the provider, its key and a model of it."""
    ask = settling.ask
    before = llm.get("provider") if isinstance(llm.get("provider"), str) else None
    own = [before] if before and llm.get("api_base") else []
    choices = click.Choice([*dict.fromkeys([*own, *PROVIDERS])])
    provider = ask.text("provider", before or "openrouter", kind=choices)
    if provider != before:
        # Another's address, and what is known of another's model: the new key must not go there.
        llm = {name: value for name, value in llm.items() if name not in Model.__struct_fields__}
    llm["provider"] = provider
    if provider in KEY_PAGES:
        ask.explain("init_key_page", page=KEY_PAGES[provider])
    base = llm.get("api_base")

    def good() -> live.Verdict:
        key = settling.plain("api_key", llm["api_key"])
        return live.provider(settling.services, provider, key, None if base is None else str(base))

    verdict = settling.settle(llm, ("api_key",), "", good)
    offered = () if verdict is None else verdict.models
    llm["model"] = models.choose(ask, llm.get("model"), provider, offered, own_address=base is not None)
    return llm
