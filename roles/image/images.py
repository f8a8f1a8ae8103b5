"""Which images there are, which are to stay. Nothing here touches a host."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from roles.common.names import GATEWAY, GATEWAY_IMAGE, LLM, LLM_IMAGE, PREVIOUS_TAG, SANDBOX, SANDBOX_IMAGE

# Repository by build target; and the container that runs it.
REPOSITORIES = {"gateway": GATEWAY_IMAGE, "sandbox": SANDBOX_IMAGE, "llm": LLM_IMAGE}
CONTAINER_OF = {GATEWAY_IMAGE: GATEWAY, SANDBOX_IMAGE: SANDBOX, LLM_IMAGE: LLM}


@dataclass(frozen=True)
class Images:
    """The wanted images of this project on a host: id by `repository:tag`, and the id each container was made from."""

    tags: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, str] = field(default_factory=dict)

    def missing(self, tag: str, targets: Sequence[str]) -> list[str]:
        """Those of the build targets that have no image of this tag."""
        return [target for target in targets if f"{REPOSITORIES[target]}:{tag}" not in self.tags]

    def to_keep_as_previous(self, tag: str, renewed: Collection[str] = ()) -> dict[str, str]:
        """Image ids by repository, of those that a container runs and that are about to be replaced by `tag`.

        `renewed` are the repositories whose image of this very tag is about to be another.
        """
        replaced = {}
        for repository, container in CONTAINER_OF.items():
            used, wanted = self.used.get(container), self.tags.get(f"{repository}:{tag}")
            known = [name for name, number in self.tags.items() if number == used and name.startswith(f"{repository}:")]
            going = used != wanted or repository in renewed
            if going and known and self.tags.get(f"{repository}:{PREVIOUS_TAG}") != used:
                replaced[repository] = str(used)
        return replaced

    def unnamed(self, replaced: Mapping[str, str]) -> list[str]:
        """The ids that have no other name once `replaced` is tagged as the previous."""
        losing = {f"{repository}:{PREVIOUS_TAG}" for repository in replaced} & self.tags.keys()
        named = {number for name, number in self.tags.items() if name not in losing}
        return sorted({self.tags[name] for name in losing} - named - set(self.used.values()))

    def outdated(self, tag: str, replaced: Mapping[str, str]) -> list[str]:
        """The tags that may go once `replaced` is tagged as the previous: of images neither wanted nor previous.

        An image that a container runs is one of these, or none of this project's.
        """
        kept = {f"{repository}:{name}" for repository in REPOSITORIES.values() for name in (tag, PREVIOUS_TAG)}
        previous = {f"{repository}:{PREVIOUS_TAG}": number for repository, number in replaced.items()}
        needed = {number for name, number in {**self.tags, **previous}.items() if name in kept}
        return sorted(name for name, number in self.tags.items() if number not in needed and name not in kept)


def parse(lines: Iterable[str]) -> Images:
    """Read lines `image REPOSITORY:TAG ID` and `used /CONTAINER ID`."""
    tags, used = {}, {}
    for line in filter(None, lines):  # docker answers an empty line for a container that does not exist
        kind, name, number = line.split(" ")
        if kind == "used":
            used[name.lstrip("/")] = number
        elif not name.endswith(":<none>"):
            tags[name] = number
    return Images(tags, used)
