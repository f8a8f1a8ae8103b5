"""The containers, as Docker and as the operator calls them."""

GATEWAY, SANDBOX, LLM = "picoclaw", "picoclaw-sandbox", "picoclaw-llm"
CONTAINERS = (GATEWAY, SANDBOX, LLM)
# What the operator calls them.
SHORT = {GATEWAY: "gateway", SANDBOX: "sandbox", LLM: "llm"}
