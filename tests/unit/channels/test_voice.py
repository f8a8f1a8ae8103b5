"""Voice messages come as files of sound, whatever each service calls them."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from agent.channels.base import Inbound
from agent.channels.discord import inbound as discord_inbound
from agent.channels.slack import inbound as slack_inbound
from agent.channels.telegram import inbound as telegram_inbound
from agent.channels.telegram.content import Me as TelegramMe


def on_telegram() -> Any:
    """As the Bot API tells of it."""
    user = {"id": 7, "is_bot": False, "first_name": "Ola"}
    voice = {"file_id": "F", "file_unique_id": "U", "duration": 3, "mime_type": "audio/ogg", "file_size": 9}
    chat = {"id": 7, "type": "private"}
    told = {"message_id": 1, "date": 1, "chat": chat, "from": user, "voice": voice}
    (event,) = telegram_inbound.events([Update.de_json({"update_id": 1, "message": told}, None)], TelegramMe(42))
    return event


def on_discord() -> Any:
    """As the Gateway tells of it: an attachment with a waveform, and the flag IS_VOICE_MESSAGE."""
    voice = {"id": "5", "filename": "voice-message.ogg", "content_type": "audio/ogg", "size": 9, "duration_secs": 3.1}
    voice |= {"url": "https://cdn.discordapp.com/attachments/1/5/voice-message.ogg", "waveform": "AAAA"}
    told = {"id": "4", "channel_id": "1", "type": 0, "flags": 1 << 13, "content": "", "author": {"id": "7"}}
    me = discord_inbound.Me("42")
    return discord_inbound.message({**told, "attachments": [voice]}, me, "en", private=True)


def on_slack() -> Any:
    """As the Events API tells of an audio clip."""
    clip = {"id": "F1", "name": "audio_message.m4a", "mimetype": "audio/mp4", "subtype": "slack_audio", "size": 9}
    told = {"type": "message", "subtype": "file_share", "channel": "D1", "channel_type": "im", "user": "U7"}
    event = {**told, "ts": "1.000001", "text": "", "files": [clip]}
    return slack_inbound.event_of(event, slack_inbound.Me("U42"), lambda _: False)


@pytest.mark.parametrize("heard", [on_telegram, on_discord, on_slack])
def test_a_voice_message_is_a_file_of_sound(heard: Any) -> None:
    message = heard()
    assert isinstance(message, Inbound)
    (file,) = message.attachments
    assert file.media_type.startswith("audio/")
    assert file.size == 9
    assert (message.text, message.private) == ("", True)
