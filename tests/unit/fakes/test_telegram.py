"""The Telegram stand-in's methods and refusals, seen by python-telegram-bot over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import TelegramFault, UserMessage

OWNER = defaults.OWNER_ID
STRANGER = 555000111
Scenario = Callable[[Bot, StandIns], Awaitable[Any]]


@asynccontextmanager
async def bot_of(fakes: StandIns, token: str = defaults.TELEGRAM_TOKEN) -> AsyncIterator[Bot]:
    """The real client, pointed at the stand-in."""
    base = fakes.url(defaults.TELEGRAM_HOST)
    # without TLS there is nothing to verify, and reading the trust roots takes longer than most of these tests
    plain = [HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2)]
    files = f"{base}/file/bot"
    async with Bot(token, f"{base}/bot", files, request=plain[0], get_updates_request=plain[1]) as bot:
        yield bot


def play(scenario: Scenario) -> Any:
    """Runs a scenario with a bot to whom the owner has written message 1."""

    async def run() -> Any:
        async with StandIns() as fakes, bot_of(fakes) as bot:
            fakes.state.telegram.user_writes(UserMessage(user_id=OWNER, text="hello"))
            return await scenario(bot, fakes)

    return asyncio.run(run())


def refusal(scenario: Scenario) -> TelegramError:
    """The error with which the scenario ends."""
    with pytest.raises(TelegramError) as caught:
        play(scenario)
    return caught.value


def test_a_message_reaches_the_chat_as_the_client_sent_it() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> tuple[Message, Any]:
        sent = await bot.send_message(OWNER, "<b>done</b>: /help", ParseMode.HTML, reply_parameters=ReplyParameters(1))
        return sent, fakes.state.telegram.messages(OWNER, after=1)[0].as_wire()

    sent, seen = play(scenario)
    assert sent.text == seen.text == "done: /help"
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities] == [
        ("bold", 0, 4),
        ("bot_command", 6, 5),
    ]
    assert sent.reply_to_message is not None
    assert (sent.reply_to_message.message_id, sent.reply_to_message.text) == (1, "hello")
    assert (seen.from_bot, seen.from_id, seen.reply_to, seen.parse_mode) == (True, defaults.BOT_ID, 1, "HTML")


def test_identifiers_grow_and_times_are_now() -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> list[Message]:
        return [await bot.send_message(OWNER, str(number)) for number in range(3)]

    sent = play(scenario)
    assert [message.message_id for message in sent] == [2, 3, 4]


def test_who_the_bot_is() -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> Any:
        return await bot.get_me()

    me = play(scenario)
    assert (me.id, me.username, me.is_bot) == (defaults.BOT_ID, defaults.BOT_USERNAME, True)


@pytest.mark.parametrize("token", [defaults.TELEGRAM_TOKEN[:-1] + "x", "123456:wrong", "nonsense"])
def test_another_token_is_refused(token: str) -> None:
    async def run() -> None:
        async with StandIns() as fakes, bot_of(fakes, token):
            pass

    with pytest.raises(InvalidToken):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("chat_id", "text", "options", "description"),
    [
        (OWNER, "x" * 4097, {}, "Message is too long"),
        (OWNER, "\N{GRINNING FACE}" * 2049, {}, "Message is too long"),
        (OWNER, "x" * 33000, {}, "Text is too long"),
        (OWNER, "", {}, "Message text is empty"),
        (OWNER, " \n\u200b", {}, "Text must be non-empty"),
        (OWNER, "<b></b>", {"parse_mode": "HTML"}, "Text must be non-empty"),
        (OWNER, "x", {"parse_mode": "RTF"}, "Unsupported parse_mode"),
        (STRANGER, "x", {}, "Chat not found"),
        ("@nobody", "x", {}, "Chat not found"),
        (OWNER, "x", {"reply_parameters": ReplyParameters(99)}, "Message to be replied not found"),
        (OWNER, "x", {"message_thread_id": 7}, "Message thread not found"),
        (
            OWNER,
            "x",
            {"api_kwargs": {"reply_parameters": {"message_id": "one"}}},
            'Field "message_id" must be a valid number',
        ),
        (OWNER, "x", {"api_kwargs": {"reply_parameters": "1"}}, "Object expected as reply parameters"),
        (OWNER, "x", {"api_kwargs": {"reply_markup": [1]}}, "Object expected as reply markup"),
    ],
)
def test_send_message_refuses(chat_id: int | str, text: str, options: dict[str, Any], description: str) -> None:
    error = refusal(lambda bot, _fakes: bot.send_message(chat_id, text, **options))
    assert isinstance(error, BadRequest)
    assert error.message.lower() == description.lower()


@pytest.mark.parametrize("text", ["x" * 4096, "\N{GRINNING FACE}" * 2048, "<b>" + "x" * 4096 + "</b>"])
def test_the_longest_message_is_accepted(text: str) -> None:
    mode = ParseMode.HTML if text.startswith("<") else None
    message = play(lambda bot, _fakes: bot.send_message(OWNER, text, mode))
    assert len(message.text.encode("utf-16-le")) == 2 * 4096


def test_a_missing_message_may_be_answered_when_that_is_allowed() -> None:
    target = ReplyParameters(99, allow_sending_without_reply=True)
    message = play(lambda bot, _fakes: bot.send_message(OWNER, "x", reply_parameters=target))
    assert message.reply_to_message is None


def test_an_edit_changes_text_and_says_so() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> Any:
        sent = await bot.send_message(OWNER, "one")
        edited = await bot.edit_message_text("*two*", OWNER, sent.message_id, parse_mode=ParseMode.MARKDOWN_V2)
        return edited, fakes.state.telegram.messages(OWNER, after=1)[0].as_wire()

    edited, seen = play(scenario)
    assert (edited.text, seen.text, seen.edits) == ("two", "two", 1)
    assert edited.edit_date is not None


@pytest.mark.parametrize(
    ("message_id", "text", "description"),
    [
        (2, "same", "Message is not modified: specified new message content and reply markup are exactly the same"),
        (2, "", "Message text is empty"),
        (2, "y" * 4097, "Message is too long"),
        (1, "the user's own", "Message can't be edited"),
        (77, "gone", "Message to edit not found"),
    ],
)
def test_edit_refuses(message_id: int, text: str, description: str) -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> None:
        await bot.send_message(OWNER, "same")
        await bot.edit_message_text(text, OWNER, message_id)

    assert refusal(scenario).message.startswith(description)


def test_a_deleted_message_is_gone() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        sent = await bot.send_message(OWNER, "oops")
        await bot.delete_message(OWNER, sent.message_id)
        assert fakes.state.telegram.messages(OWNER, after=1)[0].deleted
        await bot.delete_message(OWNER, sent.message_id)

    assert refusal(scenario).message == "Message to delete not found"


def test_chat_actions() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        await bot.send_chat_action(OWNER, "typing")
        assert [call.parameters for call in fakes.state.telegram.calls if call.method == "sendChatAction"] == [
            {"chat_id": OWNER, "action": "typing"}
        ]
        await bot.send_chat_action(OWNER, "sleeping")

    assert refusal(scenario).message == "Wrong parameter action in request"


def test_commands_belong_to_scope_and_language() -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> None:
        await bot.set_my_commands([BotCommand("new", "Start over")])
        await bot.set_my_commands([BotCommand("new", "Od nowa")], BotCommandScopeChat(OWNER), "pl")
        assert [command.description for command in await bot.get_my_commands()] == ["Start over"]
        polish = await bot.get_my_commands(BotCommandScopeChat(OWNER), "pl")
        assert [command.description for command in polish] == ["Od nowa"]
        await bot.set_my_commands([BotCommand("Not-Allowed", "x")])

    assert refusal(scenario).message.upper() == "BOT_COMMAND_INVALID"


def test_reactions() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> list[str]:
        await bot.set_message_reaction(OWNER, 1, "\N{EYES}")
        return fakes.state.telegram.messages(OWNER)[0].reactions

    assert play(scenario) == ["\N{EYES}"]


def test_an_unknown_method_is_not_found() -> None:
    error = refusal(lambda bot, _fakes: bot.do_api_request("sendTelepathy"))
    assert "not found" in error.message.lower()


def test_a_user_who_blocked_the_bot_gets_nothing() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        fakes.state.telegram.blocked.add(OWNER)
        await bot.send_message(OWNER, "x")

    error = refusal(scenario)
    assert isinstance(error, Forbidden)
    assert error.message == "Forbidden: bot was blocked by the user"


def test_flood_control_says_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # without it the library warns of its own future at every RetryAfter
    monkeypatch.setenv("PTB_TIMEDELTA", "true")

    async def scenario(bot: Bot, fakes: StandIns) -> None:
        fakes.state.telegram.flood.active = True
        for number in range(20):
            await bot.send_message(OWNER, str(number))

    error = refusal(scenario)
    assert isinstance(error, RetryAfter)
    assert error.retry_after == timedelta(seconds=1)


def test_without_flood_control_a_burst_passes() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> int:
        for number in range(20):
            await bot.send_message(OWNER, str(number))
        return len(fakes.state.telegram.messages(OWNER, after=1))

    assert play(scenario) == 20


def test_an_ordered_error_befalls_so_many_requests_of_the_method() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> list[str]:
        fault = TelegramFault(kind="error", method="sendMessage", times=2, status=502, description="Bad Gateway")
        fakes.state.telegram.faults.append(fault)
        outcomes = []
        await bot.send_chat_action(OWNER, "typing")
        for _ in range(3):
            try:
                await bot.send_message(OWNER, "x")
                outcomes.append("sent")
            except TelegramError as error:
                outcomes.append(error.message)
        return outcomes

    assert play(scenario) == ["Bad Gateway", "Bad Gateway", "sent"]
