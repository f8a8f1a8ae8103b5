"""`docker exec picoclaw-sandbox picoclaw-confinement`: sandbox and llm have no click, and need none for this."""

import argparse
import os
import sys

if not __package__:  # started by its path, see agent/sandbox/__main__.py
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120

from agent.confinement.report import show


def main(role: str = "sandbox") -> int:
    """Print the controls of a container; 0 when all are in force."""
    parser = argparse.ArgumentParser(
        prog="picoclaw-confinement", description="Print which controls this container is under; exit 1 when one fails."
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.add_argument("--lang", choices=("en", "pl"), default="en", help="language of the table (default: en)")
    options = parser.parse_args()
    return show(role, options.lang, json=options.json)


if __name__ == "__main__":
    sys.exit(main())
