"""Where the code in the containers comes from: when litellm may be there at all, and what each image was made of. Pure.

The lists are this repository's own, locked with hashes: pip refuses a package whose bytes are others. So what is left
to see on a host is that nothing else was installed, and that nothing runs without being called for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
# Those whose own protocol litellm has to translate; every other provider is called directly unless told otherwise.
_TRANSLATED = {"anthropic", "gemini", "cohere"}
_OUR_OWN = "agent"
# Debian's own packages: its package manager keeps them, not pip.
_DEBIANS = "/usr/lib/python3/dist-packages/"


def needs_litellm(config: dict[str, Any]) -> bool:
    """Whether one of the models of a config.json goes through litellm."""
    first = config.get("llm", {})
    return any(_translated(model) for model in (first, *first.get("fallbacks", [])))


def _translated(model: dict[str, Any]) -> bool:
    engine = model.get("engine", "auto")
    if engine != "auto":
        return bool(engine == "litellm")
    return model.get("api_base") is None and model.get("provider") in _TRANSLATED


@dataclass
class Tree:
    """What lies in a container's root file system.

    Attributes:
        python: the version of its interpreter, `3.13`.
        hooks: files that an interpreter or the loader reads by itself when it starts, by path.
        vouched: such files that the image's package manager brought, unaltered.
        installed: paths of the metadata of Python distributions.
        modules: what lies beside the product's own code.
        brought: what of that the distributions say that they brought.
    """

    python: str = ""
    hooks: set[str] = field(default_factory=set)
    vouched: set[str] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    brought: set[str] = field(default_factory=set)

    @property
    def distributions(self) -> set[str]:
        """`name==version` of everything installed but Debian's own."""
        return {_distribution(path) for path in self.installed if not path.startswith(_DEBIANS)}

    @property
    def strangers(self) -> set[str]:
        """Modules that belong to no distribution, and are not the product's own."""
        known = {_OUR_OWN, *map(_compiled, self.brought)}
        return {name for name in self.modules if not name.endswith(".dist-info") and _compiled(name) not in known}


def read_tree(lines: Iterable[str]) -> Tree:
    """Read lines `KIND VALUE`."""
    tree = Tree()
    kinds = {"hook": tree.hooks, "vouched": tree.vouched, "installed": tree.installed, "module": tree.modules}
    for line in lines:
        kind, _, value = line.partition(" ")
        if kind == "python":
            tree.python = value.strip()
        else:
            {**kinds, "brought": tree.brought}.get(kind, set()).add(value)
    return tree


def _distribution(path: str) -> str:
    name, _, version = Path(path).name.rpartition(".")[0].partition("-")
    return f"{canonicalize_name(name)}=={version}"


def _compiled(name: str) -> str:
    """The images hold byte code in place of source."""
    return f"{name}c" if name.endswith(".py") else name


def locked(name: str, python: str, machine: str) -> set[str]:
    """`name==version` of what a list of this repository puts on such a machine."""
    environment = {
        "python_version": python, "python_full_version": f"{python}.0", "platform_machine": machine,
        "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }  # fmt: skip
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return {_pinned(one) for one in _requirements(text) if one.marker is None or one.marker.evaluate(environment)}


def _requirements(text: str) -> Iterator[Requirement]:
    for line in text.splitlines():
        if line and not line.startswith(("#", " ")):
            yield Requirement(line.rstrip("\\ "))


def _pinned(requirement: Requirement) -> str:
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"
