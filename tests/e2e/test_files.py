"""Files and pictures both ways, on each service: what arrives in the workspace, what the model sees, what is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest

from tests.chats import CHANNELS, Chat, chats
from tests.fakes.pictures import PICTURE
from tests.fakes.wire import Attachment, Reply, ToolCall, text_of
from tests.stack import CONFIG, SANDBOX, Stack

DOCUMENT = bytes(range(256)) * 5000  # several pieces, and none of them text
SERVICES = [str(channel["type"]) for channel in CHANNELS]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def seeing(fresh: Stack, first_deploy: str) -> Iterator[Stack]:
    """The product on all three services, with a model that looks at pictures."""
    assert first_deploy
    original = fresh.lab.ssh(f"cat {CONFIG}", check=True).stdout
    document = json.loads(original)
    document.pop("channel", None)
    document |= {"channels": CHANNELS, "llm": {**document["llm"], "vision": True}}
    fresh.write_config(json.dumps(document))
    fresh.wait_ready()
    yield fresh
    fresh.write_config(original)
    fresh.wait_ready()


@pytest.fixture(params=SERVICES)
def chat(seeing: Stack, request: pytest.FixtureRequest) -> Chat:
    """One of the services, with an empty inbox."""
    seeing.wait_ready()
    seeing.fakes.reset()
    seeing.lab.ssh(f"docker exec {SANDBOX} rm -rf /workspace/inbox", check=True)
    return next(chat for chat in chats(seeing.fakes) if chat.name == request.param)


def call(name: str, **arguments: object) -> Reply:
    return Reply(tool_calls=[ToolCall(name=name, arguments=arguments)])


def test_a_document_is_worked_on_and_sent_back(seeing: Stack, chat: Chat) -> None:
    seeing.fakes.script(
        call("exec", command="sha256sum inbox/*.bin && cp inbox/*.bin back.bin && echo more >> back.bin"),
        call("send_file", path="/workspace/back.bin", caption="here you are"),
        "sent",
    )
    chat.attach("make it longer", Attachment(name="data.bin", content=DOCUMENT))
    seeing.wait_for(lambda: any(one.text == "sent" for one in chat.shown()), PATIENCE, seeing.logs)
    first, second, _ = seeing.fakes.llm_requests()
    assert f", {len(DOCUMENT)} bytes]" in text_of(first.body["messages"][-1])
    assert hashlib.sha256(DOCUMENT).hexdigest() in text_of(second.body["messages"][-1])
    (sent,) = [one for one in chat.shown() if one.files]
    assert sent.files == (("back.bin", len(DOCUMENT) + len("more\n")),)
    assert sent.text == ("" if chat.name == "slack" else "here you are")  # a caption there would preview links
    assert [one.text for one in chat.shown()].count("here you are") == 1


def test_a_picture_is_looked_at(seeing: Stack, chat: Chat) -> None:
    seeing.fakes.script("it is red")
    chat.attach("what is this?", Attachment(name="p.png", content=PICTURE, mime_type="image/png"))
    seeing.wait_for(lambda: any(one.text == "it is red" for one in chat.shown()), PATIENCE, seeing.logs)
    (request,) = seeing.fakes.llm_requests()
    assert request.seen is not None
    assert [(image.media_type, image.data) for image in request.seen.images] == [("image/png", PICTURE)]
    assert "what is this?" in request.seen.user_text
