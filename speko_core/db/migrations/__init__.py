"""Alembic migrations. `make migration m="what changes"` writes the next one from the models."""
