"""What the models of config.json read and cost: looked up where the deploy runs, shipped as a small file.

The file itself is written with config.json (roles/storage).
"""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from roles.common.report import say
from roles.models import table
from roles.storage.config import OwnersConfig


@deploy("models")
def models(config: OwnersConfig) -> None:
    """Say which of the models the table does not know, and what that means.

    Raises:
        agent.errors.ConfigError: a budget is set that could not be kept; names the key.
    """
    llm = config.config.llm
    table.check_budget(llm)
    say(table.remarks(llm))
