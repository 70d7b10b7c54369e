"""Requests and answers about phone numbers (wire.md 5.4)."""

import json
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from speko_core.schemas import Input, Output, WireTime
from speko_core.telephony.models import ADDRESS_LENGTH, LABEL_LENGTH, REFERENCE_LENGTH
from speko_core.types import JsonObject

MAX_TEMPLATE_BYTES = 16_384
_E164 = r"^\+[1-9][0-9]{6,14}$"
_ADDRESS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?")


def _dialable(number: str) -> str:
    if not re.fullmatch(_E164, number):
        raise ValueError("must be in E.164 form with 7 to 15 digits, such as +14155550123")
    return number


def _host(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("must be a host name or IPv4 address, with a port if it is not the usual one")
    return address


def _small(template: JsonObject) -> JsonObject:
    if len(json.dumps(template)) > MAX_TEMPLATE_BYTES:
        raise ValueError(f"must be at most {MAX_TEMPLATE_BYTES} bytes of JSON")
    return template


E164 = Annotated[str, AfterValidator(_dialable), Field(json_schema_extra={"pattern": _E164})]
SipAddress = Annotated[str, StringConstraints(max_length=ADDRESS_LENGTH), AfterValidator(_host)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LABEL_LENGTH)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=REFERENCE_LENGTH)]
Template = Annotated[JsonObject, AfterValidator(_small)]
Direction = Literal["inbound", "outbound", "both"]


class _Settings(Input):
    """What import and update share; absent and null differ only on update."""

    dispatch_metadata_template: Template | None = Field(
        None, description="Merged into the metadata of incoming calls; {{callerNumber}} and the like are filled in."
    )
    label: Label | None = Field(None, description="A name for people; up to 200 characters.")
    agent_id: str | None = Field(None, max_length=80, description="The agent that answers, from list_agents.")
    sip_address: SipAddress | None = Field(None, description="Where the trunk is: `sip.example.com` or with a `:port`.")
    sip_username: Secret | None = Field(None, description="User name of the trunk; stored encrypted, never answered.")
    sip_password: Secret | None = Field(None, description="Its password; stored encrypted, never answered.")

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        if (self.sip_username is None) != (self.sip_password is None):
            raise ValueError("sipUsername and sipPassword go together")
        return self


class PhoneNumberImport(_Settings):
    """A number that a SIP trunk of the organization's own carries."""

    e164: E164 = Field(description="The number: +, country code, the rest, digits only.")
    direction: Direction = Field("both", description="Which calls the number is for.")
    sip_connection_installation_id: Reference | None = Field(None, description="An installed SIP connection.")
    sip_trunk_id: Reference | None = Field(None, description="A trunk's id at LiveKit; not used beside a connection.")
    sip_provider_name: Label | None = Field(None, description="Who carries the number, for people.")

    @model_validator(mode="after")
    def _a_trunk_is_named(self) -> Self:
        if not (self.sip_connection_installation_id or self.sip_trunk_id or self.sip_address):
            raise ValueError("one of sipAddress, sipTrunkId and sipConnectionInstallationId is required")
        return self


class PhoneNumberUpdate(_Settings):
    """A partial change: absent fields stay, null clears."""

    id: str = Field(description="Phone number id, prefixed `pn_`.", max_length=80)
    direction: Direction | None = Field(None, description="Which calls the number is for.")
    sms_automation_enabled: Literal[False] | None = Field(
        None, description="Text messages are not there yet: only false."
    )

    @model_validator(mode="after")
    def _required_fields_cannot_be_cleared(self) -> Self:
        for name, wire_name in (("direction", "direction"), ("sip_address", "sipAddress")):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{wire_name} cannot be null")
        return self


class PhoneNumberList(Input):
    """No filters: every number of the organization."""


class PhoneNumberRef(Input):
    """Names one number."""

    id: str = Field(description="Phone number id, prefixed `pn_`.", max_length=80)


class SetupStatus(Output):
    """What works over the number now, and what is missing."""

    status: Literal["ready", "action_required", "suspended"]
    inbound_ready: bool
    outbound_ready: bool
    agent_ready: bool = Field(description="An agent or a dispatch metadata template is set.")
    forwarding_required: bool
    forwarding_sip_uri: str | None
    sip_connection_ready: bool
    issues: list[str] = Field(description="What is missing, in sentences.")


class PhoneNumberRow(Output):
    """A number. What only a managed number or text messages have is null for one of the organization's own."""

    id: str = Field(description="Phone number id, prefixed `pn_`.")
    organization_id: str
    e164: str = Field(json_schema_extra={"pattern": _E164})
    source: Literal["managed", "sip_trunk"]
    provider_resource_id: str | None
    telnyx_phone_number_id: str | None
    sip_trunk_id: str | None
    sip_connection_installation_id: str | None
    sip_provider_name: str | None
    sip_address: str | None
    sip_credentials_stored: bool
    direction: Direction
    dispatch_metadata_template: JsonObject | None
    agent_id: str | None
    label: str | None
    sms10dlc_profile_id: str | None = Field(alias="sms10dlcProfileId")
    sms_campaign_id: str | None
    sms_assignment_status: str | None
    sms_assignment_updated_at: WireTime | None
    sms_automation_enabled: bool
    setup_status: SetupStatus
    next_charge_at: WireTime = Field(description="In the year 9999 for a number of one's own: it is never charged.")
    last_charged_at: WireTime | None
    suspended_at: WireTime | None
    billing_suspended_at: WireTime | None
    compliance_suspended_at: WireTime | None
    suspension_reason: Literal["billing", "compliance"] | None
    created_at: WireTime
    updated_at: WireTime


class Released(Output):
    """Answer of a release."""

    released: bool
