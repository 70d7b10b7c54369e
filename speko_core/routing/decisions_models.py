"""Tables of routing: decisions, what they were made from, and the policies in force.

A decision names its inputs by the hash of their content, so thousands of decisions share one row of each, and none of
them changes when the catalogue, the benchmark or a policy does (RTE-11).
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped
from speko_core.types import JsonObject

HASH_LENGTH = 80


class RoutingSnapshot(Base):
    """A benchmark snapshot by its `scoresRunId`. The newest published one is active, else the shipped seed."""

    __tablename__ = "routing_snapshots"

    id: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column()
    published_at: Mapped[datetime | None] = mapped_column(default=None, index=True)


class RoutingInput(Base):
    """A policy, a list of offers or a chain by the hash of its content. Holds no key and nothing of an organization."""

    __tablename__ = "routing_inputs"

    id: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column()


class RoutingDecision(Base, OrganizationScoped):
    """One decision: the inputs by id, the call and the health it saw, and the chain it answered, byte for byte.

    `ranked` is the id of the chain's content; in rows from before chains were shared it is the chain.
    """

    __tablename__ = "routing_decisions"
    __table_args__ = (Index("ix_routing_decisions_age", "organization_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = mapped_column(
        # No index of its own: the one on age begins with it.
        String(ID_LENGTH),
        ForeignKey("organizations.id", ondelete="CASCADE"),
    )
    modality: Mapped[str] = mapped_column(String(8))
    snapshot_id: Mapped[str] = mapped_column(String(HASH_LENGTH))
    policy_id: Mapped[str] = mapped_column(String(HASH_LENGTH))
    offers_id: Mapped[str] = mapped_column(String(HASH_LENGTH))
    # JSON as text: a JSON column would reorder and renumber what has to be the same bytes.
    call: Mapped[str] = mapped_column(Text)
    ranked: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column()


class RoutingPolicyRow(Base, OrganizationScoped):
    """A policy of one modality; at most one is active in an organization, the others are its history."""

    __tablename__ = "routing_policy"
    __table_args__ = (
        Index(
            "uq_routing_policy_active",
            "organization_id",
            "modality",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    modality: Mapped[str] = mapped_column(String(8))
    settings: Mapped[JsonObject] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    created_by: Mapped[str] = mapped_column(String(80))
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
