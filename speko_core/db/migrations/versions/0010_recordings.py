"""recordings.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("voice_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recording_status", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("recording_object_path", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("recording_duration_ms", sa.Integer(), nullable=True))
        batch_op.create_index("ix_voice_sessions_recording", ["recording_status", "ended_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("voice_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_voice_sessions_recording")
        batch_op.drop_column("recording_duration_ms")
        batch_op.drop_column("recording_object_path")
        batch_op.drop_column("recording_status")
