"""The one base of every error that a person may read.

PicoClawError
├── ConfigError            config.json: names the key, what was expected, what to do
├── LLMError               agent.llm.errors
├── SandboxError           agent.sandbox.client
└── ChannelError           agent.channels.base
"""


class PicoClawError(Exception):
    """An error whose text is one sentence for a person: the thing, what was seen (never a secret), the remedy."""


class ConfigError(PicoClawError):
    """config.json cannot be used as it is; `polish` says the same."""

    def __init__(self, message: str, polish: str = "") -> None:
        super().__init__(message)
        self.polish = polish or message
