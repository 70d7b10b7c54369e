"""Row-level security on PostgreSQL: the second wall behind the organization guard.

A connection sees rows of the organization named in `speko.organization_id`, or everything where
`speko.everything` is `on`. Superusers bypass it, so run the product as an ordinary role.
"""

from alembic import op

_CONDITION = (
    "organization_id = current_setting('speko.organization_id', true)"
    " OR current_setting('speko.everything', true) = 'on'"
)


def protect(*tables: str) -> None:
    """Switch row-level security on for organization-scoped tables; does nothing on SQLite."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY organization ON {table} USING ({_CONDITION}) WITH CHECK ({_CONDITION})")
