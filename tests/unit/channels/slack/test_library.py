"""What the channel loads of slack_sdk, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from agent import channels, config
assert not any(name.startswith("slack_sdk") for name in sys.modules), "loaded though no channel asked for it"
channel = channels.make(config.Slack(bot_token="xoxb-1", app_token="xapp-1"))
print(channel.name, *(name for name in sys.modules if name.startswith("slack_sdk")))
"""


def test_only_what_is_needed_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    name, *loaded = done.stdout.split()
    assert name == "slack"
    assert {"slack_sdk.web.async_base_client", "slack_sdk.socket_mode.request"} <= set(loaded)
    for heavy in (
        "slack_sdk.web.client",
        "slack_sdk.web.async_client",
        "slack_sdk.web.legacy_client",
        "slack_sdk.webhook",
    ):
        assert heavy not in loaded
