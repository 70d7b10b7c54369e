"""Write the next migration from the difference between the models and the newest schema.

`python -m speko_core.db.new_migration "what changes"` builds a scratch database at head, compares, and writes
`migrations/versions/NNNN_what_changes.py`, with row-level security for every new organization-scoped table. Read it
before you commit it: a rename looks like a drop and an add.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script
from sqlalchemy import create_engine

from speko_core.db.guard import ORGANIZATION
from speko_core.db.migrate import alembic_config, upgrade
from speko_core.db.tables import METADATA
from speko_core.settings import Settings


def _generate(message: str) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="")
        upgrade(settings)
        engine = create_engine(f"sqlite:///{settings.sqlite_path}")
        config = alembic_config()
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        number = len(list((Path(config.get_main_option("script_location") or "") / "versions").glob("0*.py"))) + 1
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")
        engine.dispose()
    assert isinstance(script, Script)
    return Path(script.path)


def _protect_new_tables(path: Path) -> None:
    text = path.read_text()
    created = re.findall(r"op\.create_table\(\s*['\"](\w+)['\"]", text.partition("def downgrade")[0])
    scoped = [name for name in created if ORGANIZATION in METADATA.tables[name].c]
    if scoped:
        names = ", ".join(f'"{name}"' for name in scoped)
        text = text.replace("    # ### end Alembic commands ###", f"    protect({names})", 1)
        text = text.replace(
            "from alembic import op\n",
            "from alembic import op\n\nfrom speko_core.db.migrations.row_security import protect\n",
            1,
        )
    text = re.sub(r" *# ### .*\n", "", text)
    path.write_text(text)


def main() -> None:
    """Entry point of `make migration`."""
    path = _generate(sys.argv[1])
    _protect_new_tables(path)
    for arguments in (["check", "--fix", "-q"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=True)  # noqa: S603
    print(path)


if __name__ == "__main__":
    main()
