"""One sentence for the ways in which a container does not start."""

from __future__ import annotations

import pytest

from roles.preflight.probe import explain


@pytest.mark.parametrize(
    ("said", "cause", "remedy"),
    [
        (
            [
                "docker: Error response from daemon: failed to create shim task: OCI runtime create failed:",
                "runc create failed: unable to start container process: error during container init:",
                "open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied: unknown.",
            ],
            "LXC older than 6.0.6",
            "ask the provider to update LXC",
        ),
        (["cgroups: cgroup mountpoint does not exist: unknown."], "the cgroups", "ask the provider to allow nesting"),
        (["failed to mount overlay: invalid argument"], "their file system", "storage-driver"),
        (["something new", ""], "something new", "put that right"),
        ([], "docker said nothing", "put that right"),
    ],
)
def test_the_cause_and_the_remedy_are_named(said: list[str], cause: str, remedy: str) -> None:
    sentence = explain(said)

    assert cause in sentence
    assert remedy in sentence
    assert "\n" not in sentence
