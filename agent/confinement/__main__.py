"""`docker exec picoclaw-sandbox picoclaw-confinement`: sandbox and llm have no click, and need none for this."""

import argparse
import os
import sys

if not __package__:  # started by its path, see agent/sandbox/__main__.py
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120

from agent.confinement.report import as_json, look, table


def main(role: str = "sandbox") -> int:
    """Print the controls of a container; 0 when all are in force."""
    parser = argparse.ArgumentParser(
        prog="picoclaw-confinement", description="Print which controls this container is under; exit 1 when one fails."
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.add_argument("--lang", choices=("en", "pl"), default="en", help="language of the table (default: en)")
    options = parser.parse_args()
    rows = look(role)
    sys.stdout.write(f"{as_json(rows) if options.json else table(rows, options.lang)}\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
