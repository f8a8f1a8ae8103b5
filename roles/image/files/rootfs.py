"""Runs in the image build: puts together the gateway's root file system, Python and what it loads and no more."""

import compileall
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = Path("/packages")
APP = "opt/picoclaw"
STDLIB = Path(f"/usr/lib/python3.{sys.version_info.minor}")
# Parts of the standard library that the gateway never imports.
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
PACKAGES_LEFT_OUT = ("__pycache__", "bin", "*.pyi", "*.pth")
TRUST = ("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates", "/usr/lib/ssl")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0::/:/nonexistent\npicoclaw:x:1000:1000::/tmp:/nonexistent\n",
    "etc/group": "root:x:0:\npicoclaw:x:1000:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
COMMAND = "#!/usr/bin/python3 -SsPOO\nfrom agent.cli import main\nmain(prog_name='picoclaw')\n"


def main(root: Path) -> None:
    """Build the tree at `root`."""
    lay_out(root)
    shutil.copytree(STDLIB, root / STDLIB.relative_to("/"), ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    shutil.copytree(PACKAGES, root / APP, ignore=shutil.ignore_patterns(*PACKAGES_LEFT_OUT))
    shutil.copy2(Path(sys.executable).resolve(), root / "usr/bin/python3")
    for directory in TRUST:
        copy(Path(directory), root)
    for library in libraries(root):
        copy(library, root)
    make_readable(root / APP)
    compile_all(root / STDLIB.relative_to("/"), root / APP)
    command = root / "usr/bin/picoclaw"
    command.write_text(COMMAND)
    command.chmod(0o755)


def lay_out(root: Path) -> None:
    """Directories, merged-/usr links, mount points, accounts."""
    for directory in ("usr/bin", "usr/lib", "etc/picoclaw", "var/lib/picoclaw", "run/sandbox", "proc", "sys", "dev"):
        (root / directory).mkdir(parents=True)
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
            keep_docstrings = source.match("agent/cli.py")  # click's --help is made of them
            compiled = compileall.compile_file(
                source, legacy=True, quiet=1, optimize=1 if keep_docstrings else 2, stripdir=str(tree)
            )
            if not compiled:
                sys.exit(f"{source} does not compile")
            source.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
