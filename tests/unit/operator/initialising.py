"""`picoclaw init`, run in a folder of its own against the stand-ins."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from agent import config
from agent.cli import main
from agent.operator.live import Services
from tests.fakes import defaults

SECRETS = (
    defaults.TELEGRAM_TOKEN,
    defaults.DISCORD_TOKEN,
    defaults.SLACK_TOKEN,
    defaults.SLACK_APP_TOKEN,
    defaults.OPENROUTER_KEY,
    defaults.OPENAI_KEY,
)


class Init:
    """Runs the command in a folder of its own."""

    def __init__(self, folder: Path, services: Services) -> None:
        self.config, self.hosts = folder / "config.json", folder / "hosts.json"
        self.services = services
        self.files = ["--config", str(self.config), "--hosts", str(self.hosts), "--lang", "en"]

    def run(self, *options: str, typed: str | None = None, **environ: str) -> tuple[int, str]:
        secrets = {f"PICOCLAW_{name.upper()}": value for name, value in environ.items()}
        result = CliRunner(env=secrets).invoke(main, ["init", *self.files, *options], input=typed, obj=self.services)
        assert not any(secret in result.output for secret in SECRETS)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    def telegram(self, *options: str, **environ: str) -> tuple[int, str]:
        keys = {"api_key": defaults.OPENROUTER_KEY, "bot_token": defaults.TELEGRAM_TOKEN, **environ}
        flags = ("--yes", "--model", defaults.OPENROUTER_MODEL, "--user-id", "5", "--host", "mikrus")
        return self.run(*flags, *options, **keys)

    def read(self) -> config.Config:
        return config.load(self.config)
