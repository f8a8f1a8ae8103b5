"""Files for the host, made of the templates beside a role."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(folder: Path, name: str, **values: object) -> str:
    """The template `NAME.j2` of that folder, filled in; a name in it that is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (nftables, shell and systemd files, not HTML)
    )
    return environment.get_template(f"{name}.j2").render(**values)
