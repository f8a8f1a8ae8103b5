"""Runs in the image build: puts together a root file system from nothing, Python and what the container loads."""

import compileall
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path("/packages")
APP = "opt/picoclaw"
STDLIB = Path(f"/usr/lib/python3.{sys.version_info.minor}")
# Parts of the standard library that neither container imports.
LEFT_OUT = (
    "__pycache__",
    "config-3.*",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "test",
    "tkinter",
    "turtle*",
    "unittest",
    "venv",
    "_tkinter*",
    "_curses*",
    "readline*",
    "sitecustomize.py",
    "EXTERNALLY-MANAGED",
)
# Commands that pip put beside the packages, and type stubs.
PACKAGES_LEFT_OUT = ("__pycache__", "bin", "*.pyi")
# Where the docstrings stay, for click's --help is made of them.
COMMANDS = ("agent/cli.py", "agent/*_commands.py")
# What Python runs by itself when it starts, if only it lies in the right place: how litellm 1.82.8 stole.
HOOKS = ("*.pth", "*.egg-link", "sitecustomize*", "usercustomize*")
TRUST = ("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates", "/usr/lib/ssl")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0::/:/nonexistent\npicoclaw:x:1000:1000::/tmp:/nonexistent\n",
    "etc/group": "root:x:0:\npicoclaw:x:1000:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(frozen=True)
class Image:
    """What one container has that the other has not.

    `commands` are scripts by name; of the folder `only_code` below the packages the Python files stay, and `left_out`
    are patterns of what does not.
    """

    mount_points: tuple[str, ...]
    commands: dict[str, str]
    only_code: str = ""
    left_out: tuple[str, ...] = ()


IMAGES = {
    "gateway": Image(
        mount_points=("etc/picoclaw", "var/lib/picoclaw", "run/sandbox", "run/llm", "run/egress"),
        commands={"picoclaw": "#!/usr/bin/python3 -SsPOO\nfrom agent.cli import main\nmain(prog_name='picoclaw')\n"},
    ),
    "llm": Image(
        mount_points=("run/llm", "run/egress"),
        commands={
            "picoclaw-confinement": "#!/usr/bin/python3 -ISOO\nimport sys\nsys.path.insert(0, '/opt/picoclaw')\n"
            "from agent.confinement.__main__ import main\nsys.exit(main('llm'))\n"
        },
        # Of litellm: the proxy server's pages and tables, a second implementation in Rust that it can do without, and
        # tables of tokens, of which the worker counts none (agent/llm_container/worker/lean.py).
        only_code="litellm/proxy",
        left_out=(
            "litellm/rust_bridge/*.so",
            "litellm/litellm_core_utils/tokenizers/[0-9a-f][0-9a-f]*",
            "hf_xet",
        ),
    ),
}


def main(kind: str, root: Path) -> None:
    """Build the tree of that kind at `root`."""
    image = IMAGES[kind]
    refuse_hooks(PACKAGES)
    lay_out(root, image.mount_points)
    shutil.copytree(STDLIB, root / STDLIB.relative_to("/"), ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    shutil.copytree(PACKAGES, root / APP, ignore=shutil.ignore_patterns(*PACKAGES_LEFT_OUT))
    if image.only_code:
        keep_only_code(root / APP / image.only_code)
    leave_out(root / APP, image.left_out)
    shutil.copy2(Path(sys.executable).resolve(), root / "usr/bin/python3")
    for directory in TRUST:
        copy(Path(directory), root)
    for library in libraries(root):
        copy(library, root)
    make_readable(root / APP)
    compile_all(root / STDLIB.relative_to("/"), root / APP)
    for name, text in image.commands.items():
        command = root / "usr/bin" / name
        command.write_text(text)
        command.chmod(0o755)
    refuse_hooks(root)


def refuse_hooks(tree: Path) -> None:
    """End the build when something in the tree would run without being imported."""
    found = sorted(str(path) for pattern in HOOKS for path in tree.rglob(pattern))
    if found:
        sys.exit(f"start-up hooks, which no package of this project needs: {', '.join(found)}; do not use this lock")


def keep_only_code(tree: Path) -> None:
    """Remove every file that is not Python's."""
    for path in tree.rglob("*"):
        if path.is_file() and path.suffix != ".py":
            path.unlink()


def leave_out(tree: Path, patterns: Sequence[str]) -> None:
    """Remove what the patterns find; each must find something, or it is out of date."""
    for pattern in patterns:
        found = list(tree.glob(pattern))
        if not found:
            sys.exit(f"nothing to leave out by {pattern}: the package has changed, see what its new version needs")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def lay_out(root: Path, mount_points: Sequence[str]) -> None:
    """Directories, merged-/usr links, mount points, accounts."""
    for directory in ("etc", "usr/bin", "usr/lib", *mount_points, "proc", "sys", "dev"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            target = Path("/", name).readlink()
            (root / target).mkdir(exist_ok=True)
            (root / name).symlink_to(target)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)  # mkdir would take the umask off
    for path, text in ACCOUNTS.items():
        (root / path).write_text(text)


def copy(path: Path, root: Path) -> None:
    """Copy a file, tree or link to the same place below `root`."""
    target = root / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(path, target)


def libraries(root: Path) -> list[Path]:
    """The shared libraries that Python and every extension module in the tree load."""
    loaders = [root / "usr/bin/python3", *root.rglob("*.so*")]
    found = set()
    for loader in loaders:
        listed = subprocess.run(["ldd", str(loader)], capture_output=True, text=True, check=False).stdout
        found |= {Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}
    return sorted(path for path in found if not path.is_relative_to(root))


def make_readable(tree: Path) -> None:
    """Let every uid read the packages, whatever umask the context was unpacked with."""
    for path in tree.rglob("*"):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def compile_all(*trees: Path) -> None:
    """Leave only byte code, without docstrings and debug ranges: start-up, memory and image size all win."""
    for tree in trees:
        for source in tree.rglob("*.py"):
            keep_docstrings = any(source.match(pattern) for pattern in COMMANDS)
            compiled = compileall.compile_file(
                source, legacy=True, quiet=1, optimize=1 if keep_docstrings else 2, stripdir=str(tree)
            )
            if not compiled:
                sys.exit(f"{source} does not compile")
            source.unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
