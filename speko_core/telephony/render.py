"""Phone numbers as they are answered, with the truth about what works over them."""

from datetime import UTC, datetime

from speko_core.telephony.models import PhoneNumber
from speko_core.telephony.schemas import PhoneNumberRow, SetupStatus

# Clients need a moment, also for a number that costs nothing here.
NEVER_CHARGED = datetime(9999, 1, 1, tzinfo=UTC)
NO_TELEPHONY = "Telephony is not configured on this server: no calls are made or taken over this number yet."
NOBODY_ANSWERS = "Attach an agent or set a dispatch metadata template, so that incoming calls can be answered."
_STORED = (
    "id", "organization_id", "e164", "sip_trunk_id", "sip_connection_installation_id", "sip_provider_name",
    "sip_address", "direction", "dispatch_metadata_template", "agent_id", "label", "created_at", "updated_at",
)  # fmt: skip
_NOT_OF_ONES_OWN = (
    "provider_resource_id", "telnyx_phone_number_id", "sms10dlc_profile_id", "sms_campaign_id",
    "sms_assignment_status", "sms_assignment_updated_at", "last_charged_at", "suspended_at", "billing_suspended_at",
    "compliance_suspended_at", "suspension_reason",
)  # fmt: skip


def render(row: PhoneNumber) -> PhoneNumberRow:
    """The number as it goes over the wire; its credentials stay behind."""
    return PhoneNumberRow.model_validate(
        {
            **dict.fromkeys(_NOT_OF_ONES_OWN),
            **{name: getattr(row, name) for name in _STORED},
            "source": "sip_trunk",
            "sip_credentials_stored": row.sealed_credentials is not None,
            "sms_automation_enabled": False,
            "next_charge_at": NEVER_CHARGED,
            "setup_status": _setup_status(row),
        }
    )


def _setup_status(row: PhoneNumber) -> SetupStatus:
    answered = row.agent_id is not None or row.dispatch_metadata_template is not None
    nobody_answers = row.direction != "outbound" and not answered
    return SetupStatus(
        status="action_required",
        inbound_ready=False,
        outbound_ready=False,
        agent_ready=answered,
        forwarding_required=False,
        forwarding_sip_uri=None,
        sip_connection_ready=False,
        issues=[NO_TELEPHONY, NOBODY_ANSWERS] if nobody_answers else [NO_TELEPHONY],
    )
