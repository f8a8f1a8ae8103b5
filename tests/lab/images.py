"""The two file systems that are slow to make, cached: a lab host's, and the base image that Docker cannot pull."""

import fcntl
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import recipes
from tests.lab.commands import run, run_logged
from tests.lab.paths import cache_dir
from tests.lab.progress import step
from tests.lab.recipes import Recipe

# Ends a command with this process, however that ends, and all that it has started and mounted with it. Otherwise the
# next attempt would find a busy folder with the machine's /sys in it.
_MORTAL = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"]


@dataclass(frozen=True)
class Images:
    """A pristine root directory for a lab host, and the tar file of Docker's base image."""

    host_root: Path
    base_tar: Path


def make(suite: str) -> Images:
    """Returns both, from the cache when they have been made before of the same ingredients."""
    with ThreadPoolExecutor(2) as pool:
        host = pool.submit(_cached, recipes.host(suite))
        base = pool.submit(_cached, recipes.base())
        return Images(host.result(), base.result())


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Holds a lock that other processes on this machine wait for."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remove_tree(path: Path) -> None:
    """Removes a file or a folder, and nothing that happens to be mounted in it."""
    run("rm", "--recursive", "--force", "--one-file-system", path)


def _cached(recipe: Recipe) -> Path:
    product = cache_dir() / f"{recipe.kind}-{recipe.fingerprint}{recipe.suffix}"
    with locked(cache_dir() / f"{recipe.kind}.lock"):
        if not product.exists():
            for outdated in cache_dir().glob(f"{recipe.kind}-*"):
                remove_tree(outdated)
            with step(recipe.title):
                _make(recipe, product)
    return product


def _make(recipe: Recipe, product: Path) -> None:
    unfinished = product.with_name(f"{recipe.kind}-unfinished{recipe.suffix}")
    log = cache_dir() / f"{recipe.kind}.log"
    log.unlink(missing_ok=True)
    # Without sources (this machine is no Debian) mmdebstrap knows Debian's own.
    run_logged(recipe.title, [*_MORTAL, "mmdebstrap", *recipe.options, recipe.suite, unfinished, *recipe.sources], log)
    if unfinished.is_dir():
        _tidy_apt(unfinished / "var/cache/apt", unfinished / recipes.FETCHED_PACKAGES)
    unfinished.rename(product)


def _tidy_apt(cache: Path, fetched: Path) -> None:
    for index in cache.glob("*pkgcache.bin"):
        index.unlink()
    for package in fetched.glob("*.deb"):
        package.rename(cache / "archives" / package.name)
    shutil.rmtree(fetched)
