"""Storage: engine, organization guard, column types, migrations."""
