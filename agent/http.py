"""What every outgoing HTTPS connection shares: one TLS context (some 20 ms and 1 MB each) and the trust roots."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

# Put beside config.json by the deploy (`picoclaw_ca_file`) when the owner has a certificate authority of their own.
EXTRA_ROOTS = Path("/etc/picoclaw/ca.pem")


@cache
def tls_context() -> ssl.SSLContext:
    """The system's trust roots, and the owner's extra ones where there are any."""
    context = ssl.create_default_context()
    if EXTRA_ROOTS.exists():
        context.load_verify_locations(EXTRA_ROOTS)
    return context
