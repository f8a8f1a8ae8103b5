"""The containers, as Docker and as the operator calls them."""

from roles.common.names import GATEWAY, LLM, SANDBOX

__all__ = ["CONTAINERS", "GATEWAY", "LLM", "SANDBOX", "SHORT"]

CONTAINERS = (GATEWAY, SANDBOX, LLM)
# What the operator calls them.
SHORT = {GATEWAY: "gateway", SANDBOX: "sandbox", LLM: "llm"}
