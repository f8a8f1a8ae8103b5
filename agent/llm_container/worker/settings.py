"""How litellm is told to behave: no telemetry, no fetching, no retries, no logging, out through the proxy only."""

from __future__ import annotations

import os
from pathlib import Path

from agent.forwarder import HOST, PORT
from agent.llm_container.worker import lean, mended

# Where the forwarder listens, which leads to the gateway's egress proxy.
PROXY = f"http://{HOST}:{PORT}"
SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
# The gateway puts the owner's extra certificate authorities there: its config directory is not to be seen here.
EXTRA_ROOTS = Path("/run/egress/ca.pem")
BUNDLE = Path("/tmp/ca-bundle.pem")  # noqa: S108 - the container's own tmpfs


def before_import() -> None:
    """What litellm reads from the environment when it is imported."""
    os.environ.update(
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        LITELLM_LOG="CRITICAL",
        LITELLM_MODE="PRODUCTION",  # or it loads .env files
        HTTPS_PROXY=PROXY,
        HTTP_PROXY=PROXY,
        AIOHTTP_TRUST_ENV="True",
        SSL_CERT_FILE=str(_trust_roots()),
    )
    os.environ.pop("NO_PROXY", None)


def _trust_roots() -> Path:
    if not EXTRA_ROOTS.exists():
        return SYSTEM_ROOTS
    BUNDLE.write_bytes(SYSTEM_ROOTS.read_bytes() + b"\n" + EXTRA_ROOTS.read_bytes())
    return BUNDLE


def after_import() -> None:
    """What litellm keeps in its own variables. Raises ImportError when it cannot be imported."""
    lean.before_import()
    import litellm

    lean.after_import()
    mended.after_import()
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.num_retries = 0
    # A setting that a model does not know (a temperature for one that reasons) must not make it fail.
    litellm.drop_params = True


def check() -> int:
    """Import all that serving needs; 0 when it is there."""
    after_import()
    from agent.llm_container.worker import app

    return 0 if app.CHAT_PATHS else 1
