"""The consent page as the authorization server shows it."""

from speko_gateway.web.consent import ConsentRequest, OrganizationChoice, consent_page
from speko_gateway.web.headers import redirect_source


def ask(**changes: object) -> tuple[str, str]:
    """The page's text and policy."""
    fields: dict[str, object] = {
        "request_id": "req_1",
        "client_name": "Claude Code",
        "redirect_uri": "http://127.0.0.1:39331/callback",
        "redirect_host": "127.0.0.1:39331",
        "loopback": True,
        "scopes": ["agents:read", "sessions:write"],
        "organizations": [OrganizationChoice("org_1", "Acme", "owner")],
        "email": "ann@example.com",
        "csrf": "token",
    }
    response = consent_page(ConsentRequest(**{**fields, **changes}), "https://voice.example")  # type: ignore[arg-type]
    return bytes(response.body).decode(), response.headers["content-security-policy"]


def test_the_person_sees_who_asks_for_what_and_where_they_are_sent() -> None:
    """MCP-2: client name, redirect host and scopes in words, with the form's token."""
    text, _ = ask()
    for words in ("Claude Code", "127.0.0.1:39331", "See agents and their prompts", "Start conversations", "Acme"):
        assert words in text
    assert 'name="csrf" value="token"' in text
    assert 'name="request_id" value="req_1"' in text
    assert 'value="approve"' in text
    assert 'value="deny"' in text


def test_an_application_on_the_own_computer_brings_a_warning() -> None:
    """MCP-2: a loopback address proves nothing about the program that listens there."""
    assert "Any program on this computer" in ask()[0]
    assert "Any program on this computer" not in ask(loopback=False, redirect_uri="https://app.example/cb")[0]


def test_a_hostile_name_stays_text() -> None:
    """MCP-2: the client chooses its name, so it is never markup."""
    text, _ = ask(client_name='<img src=x onerror="alert(1)">')
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_the_answer_may_lead_to_the_application_only() -> None:
    """MCP-2: browsers apply `form-action` to the redirect that follows, also to native schemes."""
    assert "form-action 'self' http://127.0.0.1:39331;" in ask()[1]
    assert redirect_source("https://app.example/cb?x=1") == "https://app.example"
    assert redirect_source("cursor://anysphere.cursor/callback") == "cursor:"


def test_the_page_cannot_be_framed() -> None:
    """MCP-2: no site can put the Allow button under somebody's mouse."""
    assert "frame-ancestors 'none'" in ask()[1]
