"""Write the next migration from the difference between the models and the newest schema.

`python -m speko_core.db.new_migration "what changes"` builds a scratch database at head, compares, and writes a
file into `migrations/versions/`. Read it before you commit it: renames look like a drop and an add.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from speko_core.db.migrate import alembic_config, upgrade
from speko_core.settings import Settings


def main() -> None:
    """Entry point of `make migration`."""
    message = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        upgrade(settings)
        engine = create_engine(f"sqlite:///{settings.sqlite_path}")
        with engine.connect() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    main()
