"""What the services say of keys and tokens, and what is made of a service that is in trouble itself."""

from __future__ import annotations

import pytest

from agent.operator import live
from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.wire import DiscordFault, SlackFault, TelegramFault

PORTAL = "<html>Sign in to the network</html>"


def told(verdict: live.Verdict) -> tuple[bool | None, str, object]:
    return verdict.good, verdict.said, verdict.values.get("status", verdict.values.get("error"))


@pytest.mark.parametrize(("status", "body"), [(429, None), (502, PORTAL), (302, ""), (200, PORTAL), (200, "[]")])
def test_a_service_in_trouble_refuses_no_token(
    fakes: FakesClient, services: live.Services, status: int, body: str | None
) -> None:
    fakes.telegram_fail(TelegramFault(kind="error", status=status, body=body))
    assert told(live.telegram(services, defaults.TELEGRAM_TOKEN)) == (None, "live_odd", status)
    for path in ("/users/@me", "/applications/@me"):
        fakes.discord_fail(DiscordFault(kind="error", path=path, status=status, body=body))
        assert told(live.discord(services, defaults.DISCORD_TOKEN)) == (None, "live_odd", status)
    for method in ("auth.test", "apps.connections.open"):
        fakes.slack_fail(SlackFault(kind="error", method=method, status=status, body=body))
        verdict = live.slack(services, defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN)
        assert told(verdict) == (None, "live_odd", status)


def test_a_service_that_breaks_off_is_unreachable(fakes: FakesClient, services: live.Services) -> None:
    fakes.telegram_fail(TelegramFault(kind="reset"))
    assert told(live.telegram(services, defaults.TELEGRAM_TOKEN)) == (None, "live_unreachable", None)
    fakes.discord_fail(DiscordFault(kind="reset", path="/applications/@me"))
    assert told(live.discord(services, defaults.DISCORD_TOKEN)) == (None, "live_unreachable", None)
    fakes.slack_fail(SlackFault(kind="reset", method="apps.connections.open"))
    verdict = live.slack(services, defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN)
    assert told(verdict) == (None, "live_unreachable", None)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_is_refused_by_its_status(fakes: FakesClient, services: live.Services, status: int) -> None:
    fakes.telegram_fail(TelegramFault(kind="error", status=status))
    assert told(live.telegram(services, defaults.TELEGRAM_TOKEN)) == (False, "live_token_refused", None)
    fakes.discord_fail(DiscordFault(kind="error", path="/users/@me", status=status))
    assert told(live.discord(services, defaults.DISCORD_TOKEN)) == (False, "live_token_refused", None)


@pytest.mark.parametrize(
    ("method", "said"), [("auth.test", "live_slack_bot"), ("apps.connections.open", "live_slack_app")]
)
@pytest.mark.parametrize(
    ("error", "refused"),
    [("token_revoked", True), ("account_inactive", True), ("missing_scope", True), ("internal_error", False),
     ("ratelimited", False), ("service_unavailable", False)],
)  # fmt: skip
def test_slack_refuses_by_a_word(
    fakes: FakesClient, services: live.Services, method: str, said: str, error: str, *, refused: bool
) -> None:
    fakes.slack_fail(SlackFault(kind="error", method=method, error=error))
    verdict = live.slack(services, defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN)
    assert told(verdict) == ((False, said, error) if refused else (None, "live_odd", error))


def test_a_page_in_place_of_models_does_not_pass_for_a_good_key(fakes: FakesClient) -> None:
    page = f"{fakes.ping()[defaults.SITE_HOST]}/?sign-in="
    services = live.Services(providers={"openai": page})
    assert told(live.provider(services, "openai", defaults.OPENAI_KEY)) == (None, "live_odd", 200)


def test_what_is_no_address_is_not_asked_and_tells_no_token(services: live.Services) -> None:
    verdict = live.telegram(services, f"{defaults.TELEGRAM_TOKEN}\n")
    assert (verdict.said, dict(verdict.values)) == ("live_unreachable", {"host": services.telegram.partition("://")[2]})
