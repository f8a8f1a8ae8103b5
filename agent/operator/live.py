"""Whether keys and tokens work, asked of the services themselves. A secret goes to its own service and nowhere else."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from agent import __version__
from agent.config.providers import PROVIDERS
from agent.http import tls_context

_MESSAGE_CONTENT = (1 << 18) | (1 << 19)  # GATEWAY_MESSAGE_CONTENT, and the same for a bot in few servers
_INVITATION = (
    "https://discord.com/oauth2/authorize?client_id={id}&scope=bot%20applications.commands&permissions={rights}"
)
_RIGHTS = 274878024768  # see, write (threads too), attach files, read history, add reactions
# What Slack says of a token that is no good; other words tell of a fault of its own, or of too many requests.
_SLACK_REFUSALS = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type",
    "no_permission", "missing_scope",
})  # fmt: skip


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
    refused = Verdict(False, "live_key_refused", {"provider": name})
    refusals = (400, 401, 403) if name == "gemini" else (401, 403)
    for address in addresses:
        body, doubt = _ask("GET", services, address, headers, refused, refusals=refusals, shape=(dict, list))
        if doubt is not None and doubt.said != "live_odd":
            return doubt
    if doubt is not None:
        return doubt
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
    refused = Verdict(False, "live_token_refused", {"channel": "telegram"})
    body, doubt = _ask("GET", services, f"{services.telegram}/bot{token}/getMe", {}, refused, wants="result")
    return doubt or Verdict(True, "live_bot", {"name": f"@{body['result']['username']}"})


def discord(services: Services, token: str) -> Verdict:
    """Whose token it is, whether it may read messages, and where to invite it."""
    # Discord refuses what does not call itself a bot so.
    headers = {"Authorization": f"Bot {token}", "User-Agent": f"DiscordBot (picoclaw, {__version__})"}
    refused = Verdict(False, "live_token_refused", {"channel": "discord"})
    body, doubt = _ask("GET", services, f"{services.discord}/users/@me", headers, refused, wants="username")
    if doubt is not None:
        return doubt
    application, doubt = _ask("GET", services, f"{services.discord}/applications/@me", headers, refused, wants="id")
    if doubt is not None:
        return doubt
    invitation = _INVITATION.format(id=application["id"], rights=_RIGHTS)
    values = {"name": body["username"], "invitation": invitation}
    if not int(application.get("flags", _MESSAGE_CONTENT)) & _MESSAGE_CONTENT:
        return Verdict(False, "live_no_intent", values)
    return Verdict(True, "live_discord", values)


def slack(services: Services, bot_token: str, app_token: str) -> Verdict:
    """Whose token it is, and whether Socket Mode opens with the other."""
    body, doubt = _ask_slack(services, "auth.test", bot_token, "live_slack_bot")
    if doubt is None:
        _, doubt = _ask_slack(services, "apps.connections.open", app_token, "live_slack_app")
    return doubt or Verdict(True, "live_bot", {"name": f"{body.get('user')} ({body.get('team')})"})


def _ask_slack(services: Services, method: str, token: str, refused: str) -> tuple[Any, Verdict | None]:
    """As `_ask`; Slack refuses with 200 and a word, `refused` is what is then said."""
    address, headers = f"{services.slack}/{method}", {"Authorization": f"Bearer {token}"}
    body, doubt = _ask("POST", services, address, headers, Verdict(False, refused), refusals=(), wants="ok")
    if doubt is None and not body["ok"]:
        error = str(body.get("error"))
        doubt = Verdict(False, refused, {"error": error}) if error in _SLACK_REFUSALS else _odd(address, error)
    return body, doubt


def _ask(  # noqa: PLR0913 - what is asked, and what may come back
    method: str,
    services: Services,
    address: str,
    headers: Mapping[str, str],
    refused: Verdict,
    *,
    refusals: tuple[int, ...] = (401, 403, 404),
    shape: type | tuple[type, ...] = dict,
    wants: str | None = None,
) -> tuple[Any, Verdict | None]:
    """What a service answered, and what speaks against using it: a service in trouble has not refused anything.

    Args:
        method: of HTTP.
        services: how long to wait for them.
        address: what to ask.
        headers: the secret, where the address does not hold it.
        refused: the verdict that one of `refusals` is.
        refusals: statuses.
        shape: what the body must be.
        wants: a key that it must have.
    """
    try:
        answer = httpx.request(
            method, address, headers=dict(headers), timeout=services.seconds, verify=_trusted_roots()
        )
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return None, Verdict(None, "live_unreachable", {"host": _host(address)})
    if answer.status_code in refusals:
        return None, refused
    body = _json(answer)
    odd = answer.status_code != 200 or not isinstance(body, shape)
    if odd or (wants is not None and wants not in body):
        return None, _odd(address, answer.status_code)
    return body, None


def _odd(address: str, status: object) -> Verdict:
    return Verdict(None, "live_odd", {"host": _host(address), "status": status})


def _host(address: str) -> str:
    """Of an address that may be none; without what is secret in it."""
    try:
        return httpx.URL(address).host
    except httpx.InvalidURL:
        return address.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _trusted_roots() -> ssl.SSLContext | bool:
    """The gateway's; without the extra ones where this machine is the host and its user may not read them."""
    try:
        return tls_context()
    except PermissionError:
        return True


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever a service answered
    try:
        return answer.json()
    except ValueError:
        return None
