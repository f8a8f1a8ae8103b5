"""discord.py by parts: little of it is loaded, also from byte code alone, and all of it when somebody asks."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[4]
_LOADED = "sorted(name.partition('.')[2] for name in sys.modules if name.startswith('discord.'))"


def run(script: str, *paths: Path) -> list[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))}
    program = f"import sys; from agent.channels.discord import parts; import discord; {script}"
    command = [sys.executable, "-OO", "-W", "ignore", "-c", program]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.split("\n")


def test_only_what_is_used_is_loaded_and_says_its_version() -> None:
    said, loaded, *_ = run(f"print(discord.__version__); print(*{_LOADED})")
    assert said == version("discord.py")
    assert {"http", "gateway"} <= set(loaded.split())
    assert not {"client", "state", "voice_client", "ui", "app_commands"} & set(loaded.split())


def test_byte_code_is_enough(tmp_path: Path) -> None:
    spec = find_spec("discord")
    assert spec is not None
    assert spec.origin is not None
    names = run(f"print(*{_LOADED})")[0].split()
    (tmp_path / "discord").mkdir()
    for name in ("__init__", *(name for name in names if "." not in name)):
        copied = tmp_path / "discord" / f"{name}.py"
        shutil.copy(Path(spec.origin).parent / f"{name}.py", copied)
        assert compileall.compile_file(copied, legacy=True, quiet=1, optimize=2)
        copied.unlink()
    said, where, *_ = run("print(discord.__version__); print(discord.http.__file__)", tmp_path)
    assert said == version("discord.py")
    assert where == str(tmp_path / "discord" / "http.pyc")


def test_whoever_asks_for_more_gets_it() -> None:
    script = (
        "http = parts.HTTPClient; from discord.ext import commands;"
        "print(discord.Client.__name__, discord.http.HTTPClient is http, issubclass(commands.Bot, discord.Client))"
    )
    assert run(script)[0] == "Client True True"
