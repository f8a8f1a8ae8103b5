"""What Slack has to be asked about users and files: a language, a private channel, what an event leaves out."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from agent.channels.base import ChannelError
from agent.channels.slack.web import RefusedError, Web

log = logging.getLogger("slack")

PATIENCE_S = 2.0  # an envelope waits for it, and Slack for the envelope's acknowledgement
_KEPT = 200


class People:
    """Answers that are kept, of the users met last."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._languages: OrderedDict[str, str] = OrderedDict()
        self._homes: OrderedDict[str, str] = OrderedDict()
        self._may_ask = True

    async def language(self, user_id: str) -> str:
        """The user's, English when Slack does not say."""
        known = self._languages.get(user_id)
        if known is not None or not self._may_ask:
            return known or "en"
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._web.call("users.info", user=user_id, include_locale="true")
        except RefusedError as error:
            if error.word == "missing_scope":
                self._may_ask = False
                log.warning("users are answered in English: %s", error)
        except (ChannelError, TimeoutError) as error:
            log.debug("users.info: %s", error)
        else:
            return _kept(self._languages, user_id, str((answer.get("user") or {}).get("locale") or "en"))
        return "en"

    async def home(self, user_id: str) -> str:
        """The private channel with a user; raises ChannelError."""
        if user_id in self._homes:
            return self._homes[user_id]
        answer = await self._web.call("conversations.open", users=user_id)
        return _kept(self._homes, user_id, str(answer["channel"]["id"]))

    async def file(self, file: Mapping[str, Any]) -> Mapping[str, Any]:
        """A file of which an event tells only the id, as all of them over Slack Connect."""
        if file.get("file_access") != "check_file_info":
            return file
        try:
            async with asyncio.timeout(PATIENCE_S):
                return dict((await self._web.call("files.info", file=str(file["id"])))["file"])
        except (ChannelError, TimeoutError) as error:
            log.debug("files.info: %s", error)
            return {"id": file["id"]}


def _kept(answers: OrderedDict[str, str], key: str, value: str) -> str:
    answers[key] = value
    if len(answers) > _KEPT:
        answers.popitem(last=False)
    return value
