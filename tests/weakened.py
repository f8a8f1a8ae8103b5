"""A container as the deploy makes it, but for a few options: to see who notices that one of its controls is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roles.common.spec import ContainerSpec
from roles.containers.specs import gateway, llm, sandbox
from tests.litellm_box import LLM
from tests.stack import Stack


def deployed(stack: Stack) -> Mapping[str, ContainerSpec]:
    """What the deploy has made the containers of a lab host from, by name; the third one where there is one."""
    inspected = stack.inspect()
    tag = inspected["Config"]["Image"].rpartition(":")[2]
    hosts = dict(line.split(":", 1) for line in inspected["HostConfig"]["ExtraHosts"] or [])
    with_llm = stack.lab.ssh(f"docker container inspect {LLM}").returncode == 0
    made = (
        gateway(tag, with_ca=True, extra_hosts=hosts, with_llm=with_llm),
        sandbox(tag),
        *([llm(tag)] if with_llm else []),
    )
    return {spec.name: spec for spec in made}


def create_arguments(
    spec: ContainerSpec, drop: Iterable[str] = (), add: Iterable[str] = (), *, image: str = ""
) -> list[str]:
    """The words after `docker create`, without the options that begin so, with others, of another image if given.

    Raises:
        ValueError: an option to drop is not there, so that nothing would be weakened.
    """
    *options, own_image = spec.create_arguments()
    prefixes = tuple(drop)
    missing = [prefix for prefix in prefixes if not any(option.startswith(prefix) for option in options)]
    if missing:
        raise ValueError(f"{missing} are no options of {spec.name}: nothing would be weakened")
    kept = [option for option in options if not option.startswith(prefixes)]
    return [*kept, *add, image or own_image]
