"""Users, channels, messages and files as the service keeps them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes import defaults
from tests.fakes.wire import SlackSeen

ChannelType = Literal["im", "channel", "group", "mpim"]


@dataclass
class User:
    """A person of the workspace."""

    id: str
    locale: str = "en-US"

    def as_object(self, *, locale: bool) -> dict[str, Any]:
        """The Web API's user."""
        found: dict[str, Any] = {"id": self.id, "team_id": defaults.SLACK_TEAM_ID, "name": self.id.lower()}
        found |= {"real_name": "Lab", "is_bot": self.id == defaults.SLACK_BOT_USER, "deleted": False}
        return found | ({"locale": self.locale} if locale else {})


@dataclass
class Channel:
    """A conversation; `user` is the person of a private one."""

    id: str
    type: ChannelType
    member: bool = True
    user: str = ""

    def as_object(self) -> dict[str, Any]:
        """The Web API's conversation."""
        kinds = {"is_im": "im", "is_channel": "channel", "is_group": "group", "is_mpim": "mpim"}
        found: dict[str, Any] = {"id": self.id, "is_member": self.member, "is_archived": False}
        found |= {name: self.type == kind for name, kind in kinds.items()}
        return found | ({"user": self.user} if self.type == "im" else {"name": self.id.lower()})


@dataclass
class StoredFile:
    """A file; `uploaded` once its content is there, `foreign` when it comes over Slack Connect."""

    id: str
    name: str
    mime_type: str
    length: int
    content: bytes = b""
    uploaded: bool = True
    foreign: bool = False

    def as_object(self, base: str) -> dict[str, Any]:
        """The Web API's file; `base` is where files are served."""
        place = f"{defaults.SLACK_TEAM_ID}-{self.id}"
        url = f"{base}/files-pri/{place}"
        found: dict[str, Any] = {
            "id": self.id,
            "created": int(time.time()),
            "name": self.name,
            "title": self.name,
            "mimetype": self.mime_type,
            "filetype": self.name.rsplit(".", 1)[-1],
            "size": len(self.content),
            "mode": "hosted",
            "is_external": False,
            "url_private": f"{url}/{self.name}",
            "url_private_download": f"{url}/download/{self.name}",
        }
        if self.mime_type.startswith("image/"):
            found |= {f"thumb_{size}": f"{base}/files-tmb/{place}-0/x_{size}.png" for size in (360, 720, 1024)}
        return found


@dataclass
class StoredMessage:
    """A message; `user` is the bot's when the bot wrote it."""

    ts: str
    channel: Channel
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Any] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    subtype: str | None = None
    attachments: list[Any] = field(default_factory=list)
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def from_bot(self) -> bool:
        """Whether this bot wrote it."""
        return self.user == defaults.SLACK_BOT_USER

    def as_object(self, base: str, *, in_event: bool = False) -> dict[str, Any]:
        """The Web API's message; an event does not tell more of a foreign file than its id."""
        message: dict[str, Any] = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        message["team"] = defaults.SLACK_TEAM_ID
        optional = {
            "thread_ts": self.thread_ts,
            "subtype": self.subtype or ("file_share" if self.files and not self.from_bot else None),
            "blocks": self.blocks,
            "attachments": self.attachments,
            "bot_id": defaults.SLACK_BOT_ID if self.from_bot else None,
            "app_id": defaults.SLACK_APP_ID if self.from_bot else None,
        }
        message |= {name: value for name, value in optional.items() if value}
        if self.files:
            message["files"] = [_file(file, base, in_event=in_event) for file in self.files]
        if self.edited is not None:
            message["edited"] = {"user": self.user, "ts": f"{self.edited:.6f}"}
        return message | self.extra

    def as_wire(self) -> SlackSeen:
        """For the control API."""
        return SlackSeen(
            channel=self.channel.id,
            ts=self.ts,
            user=self.user,
            from_bot=self.from_bot,
            text=self.text,
            time=float(self.ts),
            blocks=self.blocks,
            thread_ts=self.thread_ts,
            files=[file.name for file in self.files],
            sizes=[len(file.content) for file in self.files],
            edited=self.edited,
            edits=self.edits,
            deleted=self.deleted,
            reactions=list(self.reactions),
        )


def _file(file: StoredFile, base: str, *, in_event: bool) -> dict[str, Any]:
    if file.foreign and in_event:
        return {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    return file.as_object(base)
