"""The gateway: the one container that holds the chat token, and the only one with a network."""

import sys

# httpx's command line, which nobody here calls: with it come click and more, 1.6 MB of an idle gateway's memory. httpx
# does without what cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
