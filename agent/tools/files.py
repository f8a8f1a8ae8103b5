"""The tools that read and change files in the workspace."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agent.sandbox.client import SandboxLink
from agent.tools.registry import Outgoing, Tool

FilePath = Annotated[str, Meta(description="A path; a relative one is under /workspace.")]


class ReadArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `read_file` takes."""

    path: FilePath
    first_line: Annotated[int, Meta(description="The first line to read, counted from 1.", ge=1)] = 1
    lines: Annotated[int, Meta(description="How many lines to read.", ge=1, le=2000)] = 500


class WriteArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `write_file` takes."""

    path: FilePath
    content: Annotated[str, Meta(description="The whole new content.")]


class EditArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `edit_file` takes."""

    path: FilePath
    old: Annotated[
        str, Meta(description="The exact text to replace; it must stand exactly once unless `every` is set.")
    ]
    new: Annotated[str, Meta(description="The text to put there.")]
    every: Annotated[bool, Meta(description="Replace each place where `old` stands.")] = False


class SendArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `send_file` takes."""

    path: FilePath
    caption: Annotated[str, Meta(description="A few words that go with it.", max_length=1000)] = ""


class ListArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What `list_files` takes."""

    path: FilePath = "/workspace"


def tools(sandbox: SandboxLink) -> list[Tool[Any]]:
    """Read, write, edit, list and send, in the sandbox."""

    async def read(arguments: ReadArguments, _: Outgoing) -> str:
        part = await sandbox.read(arguments.path, offset=arguments.first_line, limit=arguments.lines)
        last = part.first_line + part.lines - 1
        whole = part.total_lines is not None and part.lines == part.total_lines
        rest = "" if whole else f"\n[lines {part.first_line}-{last} of {part.total_lines or 'many'}]"
        return (part.content or "[the file is empty]") + rest

    async def write(arguments: WriteArguments, _: Outgoing) -> str:
        written = await sandbox.write(arguments.path, arguments.content)
        return f"{'created' if written.created else 'replaced'} {arguments.path}, {written.size_bytes} bytes"

    async def edit(arguments: EditArguments, _: Outgoing) -> str:
        edited = await sandbox.edit(arguments.path, arguments.old, arguments.new, every=arguments.every)
        return f"{edited.replacements} replaced in {arguments.path}"

    async def list_(arguments: ListArguments, _: Outgoing) -> str:
        listing = await sandbox.list_dir(arguments.path)
        rows = [f"{entry.type:5} {entry.size_bytes:>10} {entry.name}" for entry in listing.entries]
        missing = listing.total - len(rows)
        return "\n".join([*rows, f"[{missing} more]"] if missing else rows) or "[the directory is empty]"

    async def send(arguments: SendArguments, out: Outgoing) -> str:
        name = PurePosixPath(arguments.path).name or "file"
        await out.file(name, sandbox.get(arguments.path), arguments.caption)
        return f"{name} is on its way to the chat"

    return [
        Tool("read_file", "Read a text file.", ReadArguments, read),
        Tool("write_file", "Create or replace a file; missing directories are made.", WriteArguments, write),
        Tool("edit_file", "Replace exact text in a file.", EditArguments, edit),
        Tool("list_files", "List a directory.", ListArguments, list_),
        Tool("send_file", "Send a file of the sandbox to your owner, in this chat.", SendArguments, send),
    ]
