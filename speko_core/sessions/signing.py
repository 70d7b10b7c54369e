"""The frozen plan as signed bytes (SES-12)."""

from speko_core.ports.secrets import Secrets
from speko_core.sessions.plan import SessionPlan

_PURPOSE = "session-plan"


class PlanTampered(Exception):
    """The stored plan is not the one that was signed: a bug or an intruder, never a caller's mistake."""


def sign_plan(secrets: Secrets, plan: SessionPlan) -> tuple[str, str]:
    """The plan's wire form and the signature of exactly those bytes."""
    text = plan.model_dump_json(by_alias=True)
    return text, secrets.sign(text.encode(), purpose=_PURPOSE)


def verify_plan(secrets: Secrets, text: str, signature: str) -> SessionPlan:
    """The plan, if the signature holds.

    Raises:
        PlanTampered: it does not.
    """
    if not secrets.verify(text.encode(), signature, purpose=_PURPOSE):
        raise PlanTampered
    return SessionPlan.model_validate_json(text)
