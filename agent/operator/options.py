"""What several of the operator's commands are told in the same way."""

from __future__ import annotations

import os

from agent import options
from agent.language import language_of

# `--lang`: the operator's machine has a locale, unlike a container.
lang_option = options.lang_option("Language of what is said.", lambda: language_of(os.environ))
