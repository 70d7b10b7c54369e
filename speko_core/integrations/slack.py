"""Slack as an app: posting messages as its bot.

Sources, read 2026-11-21: https://docs.slack.dev/reference/methods/oauth.v2.access and chat.postMessage,
https://docs.slack.dev/apis/web-api/rate-limits, https://docs.slack.dev/changelog/2026/03/30/pkce (PKCE makes an app a
public client, one way, so a server does without it). Slack answers errors with status 200 and `ok: false`. It promises
apps nothing about repeated messages (https://github.com/slackapi/java-slack-sdk/issues/852), so we keep a record.
"""

from speko_core.integrations.api import Reply, Verdict, fetch
from speko_core.integrations.app import Account, ActionCall, ActionSpec, App, OAuthClient
from speko_core.integrations.oauth import AppUnreachable
from speko_core.integrations.ports import Ports
from speko_core.integrations.sealing import Tokens
from speko_core.outbound.exchange import ExchangeFailed
from speko_core.ports.integrations import IntegrationFailed
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

TITLE = "Slack"
SCOPES = ("chat:write",)
REVOKE_S = 8.0
_REVOKED = frozenset({"token_revoked", "account_inactive", "app_uninstalled"})
_UNAUTHORIZED = frozenset({"invalid_auth", "token_expired", "not_authed"})
_AWAY = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_TOLD = {
    "channel_not_found": "Slack knows no such channel, or the bot is not in it",
    "not_in_channel": "the bot is not in that channel; somebody has to invite it",
    "is_archived": "the channel is archived",
    "msg_too_long": "the message is too long",
    "no_text": "the message is empty",
    "restricted_action": "the workspace does not allow that",
    "missing_scope": "the connection lacks a permission; somebody has to connect Slack again",
}
_CHANNEL: JsonObject = {
    "type": "string",
    "minLength": 1,
    "maxLength": 80,
    "description": "Id or name of the channel, such as C0123456789 or #support.",
}
# Control characters of message texts; https://docs.slack.dev/messaging/formatting-message-text/ (escaping).
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


async def post_message(call: ActionCall) -> JsonValue:
    """Post a text. What looks like a mention or a link in it stays text: nobody can make the bot call everybody."""
    channel = call.text("channel")
    if channel is None:
        raise IntegrationFailed("it needs a channel")
    body: JsonObject = {
        "channel": channel,
        "text": str(call.values["text"]).translate(_ESCAPED),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if call.text("threadTs"):
        body["thread_ts"] = call.text("threadTs")
    reply = await call.api.send("POST", "/chat.postMessage", body=body, repeatable=False)
    if reply.body.get("ok") is not True:
        raise IntegrationFailed(_TOLD.get(str(reply.body.get("error")), "Slack refused the message"))
    return {"channel": reply.body.get("channel"), "ts": reply.body.get("ts")}


def judge(reply: Reply) -> Verdict:
    """Errors are words in the body; a limit is a 429 too."""
    error = reply.body.get("error")
    if reply.status == 429 or error in ("ratelimited", "rate_limited"):
        return Verdict.LIMITED
    if error in _REVOKED:
        return Verdict.REVOKED
    if error in _UNAUTHORIZED:
        return Verdict.UNAUTHORIZED
    return Verdict.AWAY if reply.status >= 500 or error in _AWAY else Verdict.FINE


async def account(ports: Ports, answer: JsonObject) -> Account:
    """The workspace, which the answer to the code names.

    Raises:
        AppUnreachable: it does not.
    """
    # An installation for a whole Enterprise organization names no team.
    team = answer.get("team") or answer.get("enterprise")
    identity = team.get("id") if isinstance(team, dict) else None
    if not isinstance(team, dict) or not isinstance(identity, str):
        raise AppUnreachable
    return Account(identity, str(team.get("name") or identity))


async def revoke(ports: Ports, tokens: Tokens) -> None:
    """Take the bot's token back; https://docs.slack.dev/reference/methods/auth.revoke.

    Raises:
        AppUnreachable: Slack did not confirm.
    """
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    request = ports.outbound.build_request("POST", f"{_api_url(ports.settings)}/auth.revoke", headers=headers)
    try:
        reply = await fetch(ports, request, REVOKE_S)
    except ExchangeFailed:
        raise AppUnreachable from None
    if reply.body.get("ok") is not True and judge(reply) not in (Verdict.REVOKED, Verdict.UNAUTHORIZED):
        raise AppUnreachable


def _api_url(settings: Settings) -> str:
    return f"{settings.slack_url or 'https://slack.com'}/api"


def _oauth(settings: Settings) -> OAuthClient | None:
    secret = settings.slack_client_secret
    if not settings.slack_client_id or secret is None:
        return None
    return OAuthClient(
        client_id=settings.slack_client_id,
        client_secret=secret.get_secret_value(),
        authorize_url=f"{settings.slack_url or 'https://slack.com'}/oauth/v2/authorize",
        token_url=f"{_api_url(settings)}/oauth.v2.access",
        scopes=SCOPES,
        scope_separator=",",
        pkce=False,
        auth_method="client_secret_basic",
    )


POST_MESSAGE = ActionSpec(
    key="post_message",
    title="Post a message",
    description="Posts a text into a channel.",
    effect="write",
    parameters={
        "text": {"type": "string", "minLength": 1, "maxLength": 4_000},
        "channel": _CHANNEL,
        "threadTs": {"type": "string", "pattern": r"^\d+\.\d+$", "description": "Reply to the message with this `ts`."},
    },
    required=("text", "channel"),
    settings={"channel": _CHANNEL},
    run=post_message,
    knows_repeats=False,
)
SLACK = App(
    key="slack",
    title=TITLE,
    description="Posts messages into the channels of a workspace.",
    oauth=_oauth,
    api_url=_api_url,
    judge=judge,
    account=account,
    revoke=revoke,
    actions=(POST_MESSAGE,),
)
