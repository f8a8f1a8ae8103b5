"""What the image build leaves out, and what makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

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
