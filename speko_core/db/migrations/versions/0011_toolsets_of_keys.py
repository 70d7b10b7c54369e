"""toolsets of keys.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.base import JsonColumn

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = ("api_keys", "oauth_requests", "oauth_grants")


def upgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("toolsets", JsonColumn, nullable=True))


def downgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("toolsets")
