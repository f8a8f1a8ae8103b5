"""Whether keys and tokens work, asked of the services themselves. A secret goes to its own service and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from agent.config.providers import PROVIDERS

_MESSAGE_CONTENT = (1 << 18) | (1 << 19)  # GATEWAY_MESSAGE_CONTENT, and the same for a bot in few servers
_INVITATION = (
    "https://discord.com/oauth2/authorize?client_id={id}&scope=bot%20applications.commands&permissions={rights}"
)
_RIGHTS = 274878024768  # see, write (threads too), attach files, read history, add reactions


@dataclass(frozen=True)
class Services:
    """Where the services are; tests put stand-ins here."""

    telegram: str = "https://api.telegram.org"
    discord: str = "https://discord.com/api/v10"
    slack: str = "https://slack.com/api"
    providers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0


@dataclass(frozen=True)
class Verdict:
    """What a service says; `good` is None when it could not be asked. `said` is a code of agent.operator.words."""

    good: bool | None
    said: str
    values: Mapping[str, object] = field(default_factory=dict)
    models: tuple[str, ...] = ()


def provider(services: Services, name: str, key: str, api_base: str | None = None) -> Verdict:
    """Whether a provider takes the key, and which models it has."""
    known = PROVIDERS.get(name)
    base = (api_base or services.providers.get(name) or (known.openai_base if known else None) or "").rstrip("/")
    path, headers = "/models", {"Authorization": f"Bearer {key}"}
    if api_base is None and name == "anthropic":
        path, headers = "/models?limit=1000", {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if api_base is None and name == "gemini":
        base, path, headers = base.removesuffix("/openai"), "/models?pageSize=1000", {"x-goog-api-key": key}
    # OpenRouter shows its models to anybody: whether the key is good, another address knows.
    addresses = [f"{base}/key", f"{base}{path}"] if name == "openrouter" and api_base is None else [f"{base}{path}"]
    for address in addresses:
        status, body = _get(services, address, headers)
        if status is None:
            return Verdict(None, "live_unreachable", {"host": httpx.URL(base).host})
        if status in (401, 403) or (name == "gemini" and status == 400):
            return Verdict(False, "live_key_refused", {"provider": name})
    if status != 200:
        return Verdict(None, "live_odd", {"host": httpx.URL(base).host, "status": status})
    models = _models(body)
    return Verdict(True, "live_key_good", {"provider": name, "count": len(models)}, models)


def _models(body: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever a service answered
    listed = body.get("data") or body.get("models") or [] if isinstance(body, dict) else body
    names = [
        str(entry.get("id") or entry.get("name")).removeprefix("models/")
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict) and "generateContent" in entry.get("supportedGenerationMethods", ["generateContent"])
    ]
    return tuple(sorted(names))


def telegram(services: Services, token: str) -> Verdict:
    """Whose token it is."""
    status, body = _get(services, f"{services.telegram}/bot{token}/getMe", {})
    if status is None:
        return Verdict(None, "live_unreachable", {"host": httpx.URL(services.telegram).host})
    if status != 200:
        return Verdict(False, "live_token_refused", {"channel": "telegram"})
    return Verdict(True, "live_bot", {"name": f"@{body['result']['username']}"})


def discord(services: Services, token: str) -> Verdict:
    """Whose token it is, whether it may read messages, and where to invite it."""
    headers = {"Authorization": f"Bot {token}"}
    status, body = _get(services, f"{services.discord}/users/@me", headers)
    if status is None:
        return Verdict(None, "live_unreachable", {"host": httpx.URL(services.discord).host})
    if status != 200:
        return Verdict(False, "live_token_refused", {"channel": "discord"})
    _, application = _get(services, f"{services.discord}/applications/@me", headers)
    application = application if isinstance(application, dict) else {}
    invitation = _INVITATION.format(id=application.get("id", body["id"]), rights=_RIGHTS)
    values = {"name": body["username"], "invitation": invitation}
    if not int(application.get("flags", _MESSAGE_CONTENT)) & _MESSAGE_CONTENT:
        return Verdict(False, "live_no_intent", values)
    return Verdict(True, "live_discord", values)


def slack(services: Services, bot_token: str, app_token: str) -> Verdict:
    """Whose token it is, and whether Socket Mode opens with the other."""
    status, body = _post(services, f"{services.slack}/auth.test", bot_token)
    if status is None:
        return Verdict(None, "live_unreachable", {"host": httpx.URL(services.slack).host})
    if not body.get("ok"):
        return Verdict(False, "live_slack_bot", {"error": body.get("error", status)})
    _, opened = _post(services, f"{services.slack}/apps.connections.open", app_token)
    if not opened.get("ok"):
        return Verdict(False, "live_slack_app", {"error": opened.get("error", "?")})
    return Verdict(True, "live_bot", {"name": f"{body.get('user')} ({body.get('team')})"})


def _get(services: Services, address: str, headers: Mapping[str, str]) -> tuple[int | None, Any]:
    try:
        answer = httpx.get(address, headers=dict(headers), timeout=services.seconds)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return None, None
    return answer.status_code, _json(answer)


def _post(services: Services, address: str, token: str) -> tuple[int | None, dict[str, Any]]:
    try:
        answer = httpx.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=services.seconds)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return None, {}
    body = _json(answer)
    return answer.status_code, body if isinstance(body, dict) else {}


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever a service answered
    try:
        return answer.json()
    except ValueError:
        return None
