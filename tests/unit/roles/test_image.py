"""What is shipped, the tag that stands for it, and which images stay."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from roles.image.context import ContextFile, archive, collect, tag
from roles.image.images import Images, parse
from roles.image.operations import images
from roles.image.shipment import Shipment
from tests.unit.roles.pyinfra_run import Run, commands, fake

OLD, NOW, NEW = "sha256:old", "sha256:now", "sha256:new"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in {
        "agent/__init__.py": "",
        "agent/tools/run.py": "x = 1",
        "agent/__pycache__/a.cpython-313.pyc": "no",
        "agent/left.pyc": "no",
        "agent/operator/init.py": "no",
        "requirements/gateway.txt": "h11",
        "requirements/llm.txt": "litellm",
        "requirements/dev.txt": "no",
        "recipe/Dockerfile": "FROM scratch",
        "README.md": "no",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def shipped(root: Path) -> list[ContextFile]:
    return collect(root / "recipe", {}, root)


def test_exactly_what_the_images_need_is_shipped(root: Path) -> None:
    assert [file.path for file in shipped(root)] == [
        "Dockerfile",
        "agent/__init__.py",
        "agent/tools/run.py",
        "requirements/gateway.txt",
        "requirements/llm.txt",
    ]


def test_further_files_are_shipped_under_the_name_given(root: Path) -> None:
    files = collect(root / "recipe", {"extra/ca.pem": str(root / "README.md")}, root)

    assert "extra/ca.pem" in [file.path for file in files]


def test_the_tag_changes_with_what_is_shipped_and_with_nothing_else(root: Path) -> None:
    before = tag(shipped(root), {})
    (root / "README.md").write_text("other")
    (root / "requirements/dev.txt").write_text("other")
    (root / "agent/tools/run.py").touch()
    (root / "agent/tools/run.py").chmod(0o600)
    assert tag(shipped(root), {}) == before

    (root / "agent/tools/run.py").write_text("x = 2")
    assert tag(shipped(root), {}) != before
    (root / "agent/tools/run.py").write_text("x = 1")
    assert tag(shipped(root), {}) == before

    (root / "agent/tools/run.py").chmod(0o755)
    assert tag(shipped(root), {}) != before
    (root / "agent/tools/run.py").chmod(0o644)
    (root / "agent/tools/run.py").rename(root / "agent/tools/ran.py")
    assert tag(shipped(root), {}) != before
    assert tag(shipped(root), {"BASE": "x"}) != tag(shipped(root), {})


def test_the_tag_is_the_same_on_every_machine() -> None:
    files = [ContextFile("Dockerfile", 0o644, b"FROM scratch\n")]

    # printf '10 Dockerfile 644 13 FROM scratch\n' | sha256sum
    assert tag(files, {}) == "1c477d46d8ac"


def test_neighbouring_files_cannot_be_mistaken_for_each_other() -> None:
    one = [ContextFile("a", 0o644, b"1 b 644 1 c"), ContextFile("d", 0o644, b"")]
    other = [ContextFile("a", 0o644, b"1"), ContextFile("b", 0o644, b"c"), ContextFile("d", 0o644, b"")]

    assert tag(one, {}) != tag(other, {})


def test_the_archive_is_what_was_collected_and_always_the_same_bytes(root: Path) -> None:
    files = shipped(root)
    with tarfile.open(fileobj=io.BytesIO(archive(files))) as tar:
        members = {member.name: member for member in tar}
        script = tar.extractfile("agent/tools/run.py")
        assert script is not None
        assert script.read() == b"x = 1"

    assert archive(files) == archive(shipped(root))
    assert archive(files)[4:8] == bytes(4), "gzip's own time stamp"
    assert {name for name, member in members.items() if member.isfile()} == {file.path for file in files}
    assert members["agent/tools/run.py"].mode == 0o644
    assert {member.uid for member in members.values()} == {0}
    # A directory without an entry gets the umask's mode, and the agent could not enter it in the image.
    assert {name for name, member in members.items() if member.isdir()} == {"agent", "agent/tools", "requirements"}
    assert {member.mode for member in members.values() if member.isdir()} == {0o755}


def host_with(present: dict[str, str], running: str | None = NOW) -> Images:
    used = [f"used /picoclaw {running}", f"used /picoclaw-sandbox {running}"] if running else []
    lines = [f"image {kind}:{name} {number}" for name, number in present.items() for kind in REPOSITORIES]
    return parse([*lines, "image picoclaw-gateway:<none> sha256:dangling", *used, ""])


TARGETS = ("gateway", "sandbox")
REPOSITORIES = ("picoclaw-gateway", "picoclaw-sandbox")


def both(name: str) -> list[str]:
    return [f"{repository}:{name}" for repository in REPOSITORIES]


def test_on_a_fresh_host_everything_is_missing_and_nothing_goes() -> None:
    fresh = host_with({}, running=None)

    assert fresh.missing("new", TARGETS) == ["gateway", "sandbox"]
    assert fresh.to_keep_as_previous("new") == {}
    assert fresh.outdated("new", {}) == []


def test_what_runs_is_kept_when_it_is_replaced() -> None:
    before = host_with({"now": NOW})

    replaced = before.to_keep_as_previous("new")

    assert replaced == dict.fromkeys(REPOSITORIES, NOW)
    assert before.outdated("new", replaced) == []


def test_what_was_previous_goes_when_another_becomes_it() -> None:
    before = host_with({"old": OLD, "previous": OLD, "now": NOW})

    replaced = before.to_keep_as_previous("new")

    assert before.outdated("new", replaced) == both("old")


def test_after_the_change_nothing_is_left_to_do() -> None:
    after = host_with({"now": NOW, "previous": NOW, "new": NEW}, running=NEW)

    assert after.missing("new", TARGETS) == []
    assert after.to_keep_as_previous("new") == {}
    assert after.outdated("new", {}) == []


def test_going_back_swaps_the_present_and_the_previous() -> None:
    before = host_with({"now": NOW, "previous": NOW, "new": NEW}, running=NEW)

    replaced = before.to_keep_as_previous("now")

    assert before.missing("now", TARGETS) == []
    assert replaced == dict.fromkeys(REPOSITORIES, NEW)
    assert before.outdated("now", replaced) == []


def test_two_tags_of_one_image_are_no_change() -> None:
    """A change of the gateway alone gives the sandbox a new tag for the same image."""
    same = host_with({"now": NOW, "new": NOW})

    assert same.to_keep_as_previous("new") == {}
    assert same.outdated("new", {}) == []


def test_somebody_elses_image_in_our_container_is_not_kept() -> None:
    assert host_with({"now": NOW}, running="sha256:foreign").to_keep_as_previous("now") == {}


def test_a_refresh_keeps_what_runs_and_drops_the_one_before_that_has_no_other_name() -> None:
    before = host_with({"previous": OLD, "now": NOW})

    assert before.to_keep_as_previous("now") == {}
    replaced = before.to_keep_as_previous("now", list(REPOSITORIES))
    assert replaced == dict.fromkeys(REPOSITORIES, NOW)
    assert before.unnamed(replaced) == [OLD]
    assert host_with({"previous": OLD, "old": OLD, "now": NOW}).unnamed(replaced) == [], "its own tag goes as outdated"
    assert host_with({"previous": OLD, "now": NOW}).unnamed({}) == []


def run(answer: list[str], *more: str, **options: bool) -> Run:
    files = [ContextFile("Dockerfile", 0o644, b"FROM scratch\n")]
    fact = {"docker image ls": {"stdout": answer}}
    what = {"targets": [*TARGETS, *more], "shipment": Shipment("new", files, {"BASE": "a b"})}
    return fake(images, fact, name="images", **what, **options).execute()


def test_images_that_are_there_are_neither_shipped_nor_built() -> None:
    made = run([f"image {name} {NEW}" for name in both("new")])

    assert not made.changed
    assert commands(made, "docker build") == []
    assert commands(made, "docker image prune") == []


def test_missing_images_are_shipped_once_and_built_one_by_one() -> None:
    made = run([f"image {name} {NOW}" for name in both("now")] + [f"used /picoclaw {NOW}"])

    assert len(commands(made, "base64 -d | tar")) == 1
    gateway, sandbox = commands(made, "docker build")
    assert "target=gateway\nimage=picoclaw-gateway:new\nset -- '--build-arg=BASE=a b'" in gateway
    assert "target=sandbox\nimage=picoclaw-sandbox:new\n" in sandbox
    assert commands(made, "docker image prune") == [
        "docker image prune --force --filter=label=picoclaw.stage --filter=until=30m"
    ]
    assert commands(made, "docker tag") == [f"docker tag {NOW} picoclaw-gateway:previous"]


def test_a_refresh_builds_all_of_them_past_the_cache() -> None:
    made = run(
        [f"image {name} {NOW}" for name in both("new")]
        + [f"image {name} {OLD}" for name in both("previous")]
        + [f"used /picoclaw {NOW}", f"used /picoclaw-sandbox {NOW}"],
        refresh=True,
    )

    builds = commands(made, "docker build")
    assert len(builds) == len(TARGETS)
    at = [re.findall(r"set -- '--build-arg=BASE=a b' --build-arg=REFRESHED=(\d+)\n", build) for build in builds]
    assert at[0]
    assert at[0] == at[1], "the second finds the stages that the first has made"
    assert commands(made, "docker tag") == [f"docker tag {NOW} {name}" for name in both("previous")]
    assert commands(made, "docker image rm") == [f"docker image rm {OLD}"]
    assert not any("REFRESHED" in build for build in commands(run([]), "docker build"))


def test_the_llm_image_is_built_and_looked_at_only_where_it_is_wanted() -> None:
    answer = [f"image {name} {NEW}" for name in both("new")]

    (build,) = commands(run(answer, "llm"), "docker build")
    assert "target=llm\nimage=picoclaw-llm:new\n" in build
    plain = run(answer)
    assert not plain.changed
    assert not any("picoclaw-llm" in command for command in commands(plain, "docker image ls"))


def test_the_llm_image_before_is_kept_as_the_others() -> None:
    found = parse([f"image picoclaw-llm:now {NOW}", f"image picoclaw-llm:older {OLD}", f"used /picoclaw-llm {NOW}"])

    assert found.missing("new", ["llm"]) == ["llm"]
    assert found.to_keep_as_previous("new") == {"picoclaw-llm": NOW}
    assert found.outdated("new", {"picoclaw-llm": NOW}) == ["picoclaw-llm:older"]
