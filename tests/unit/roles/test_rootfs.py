"""What the image build leaves out, and what makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import look_commands
from agent.cli import main
from roles.image.files import rootfs


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root


@pytest.mark.parametrize(
    "hook", ["litellm_init.pth", "deep/er/x.pth", "sitecustomize.py", "usercustomize.pyc", "sitecustomize/__init__.py"]
)
def test_a_start_up_hook_ends_the_build(tmp_path: Path, hook: str) -> None:
    with pytest.raises(SystemExit, match=hook.split("/", maxsplit=1)[0]):
        rootfs.refuse_hooks(tree(tmp_path, "litellm/__init__.py", hook))


def test_ordinary_packages_do_not(tmp_path: Path) -> None:
    rootfs.refuse_hooks(tree(tmp_path, "litellm/__init__.py", "a.pyc", "site.py"))


def test_a_pattern_that_finds_nothing_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nothing to leave out by b/\*\.so"):
        rootfs.leave_out(tree(tmp_path, "a/x.so", "b/x.py"), ["a/*.so", "b/*.so"])


def test_what_is_left_out_is_gone_and_no_more(tmp_path: Path) -> None:
    rootfs.leave_out(tree(tmp_path, "a/x.so", "a/y.py", "c/d/e"), ["a/*.so", "c"])
    rootfs.keep_only_code(tree(tmp_path, "proxy/ui/x.js", "proxy/ui/__init__.py"))

    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"y.py", "__init__.py"}


def test_help_texts_stay_and_other_docstrings_go(tmp_path: Path) -> None:
    commands = ("agent/cli.py", "agent/script_commands.py", "agent/look_commands.py")
    for name in (*commands, "agent/doctor/checks.py"):
        tree(tmp_path, name)
        (tmp_path / name).write_text('def command():\n    """What --help is made of."""\n')
    rootfs.compile_all(tmp_path)
    kept = {path for path in tmp_path.rglob("*.pyc") if b"What --help is made of" in path.read_bytes()}
    assert kept == {tmp_path / f"{name}c" for name in commands}
    assert not list(tmp_path.rglob("*.py"))


def test_every_command_of_the_image_is_where_docstrings_stay() -> None:
    commands = [*main.commands.values(), *look_commands.COMMANDS]
    modules = {command.callback.__module__ for command in commands if command.callback is not None}
    shipped = {module for module in modules if not module.startswith("agent.operator")}
    assert shipped == {"agent.cli", "agent.script_commands", "agent.look_commands"}
    for module in shipped:
        assert any(Path(f"{module.replace('.', '/')}.py").match(pattern) for pattern in rootfs.COMMANDS), module
