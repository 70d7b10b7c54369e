"""Where the master key comes from: the environment, or a file made on the first start of a SQLite installation."""

import base64
import binascii
import os
from pathlib import Path

from speko_core.adapters.envelope import MASTER_KEY_BYTES
from speko_core.errors import ConfigurationError
from speko_core.settings import Settings

KEY_FILE = "master.key"


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigurationError(
            f"{where} must be {MASTER_KEY_BYTES} bytes in base64; make one with `openssl rand -base64 32`."
        )
    return key


def _create(path: Path) -> bytes:
    key = os.urandom(MASTER_KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another role started at the same moment
        return _decode(path.read_text(), str(path))
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_master_key(settings: Settings) -> bytes:
    """Return the 32-byte master key.

    Raises:
        ConfigurationError: it is malformed, or missing where it may not be made up: on a server database, or
            beside a SQLite file that already holds data sealed under another key.
    """
    if settings.master_key is not None:
        return _decode(settings.master_key.get_secret_value(), "SPEKO_MASTER_KEY")
    path = settings.data_dir / KEY_FILE
    if path.exists():
        return _decode(path.read_text(), str(path))
    if not settings.uses_sqlite:
        raise ConfigurationError("SPEKO_MASTER_KEY is missing; set it to the output of `openssl rand -base64 32`.")
    if settings.sqlite_path.exists():
        raise ConfigurationError(
            f"{path} is missing but {settings.sqlite_path} exists; restore the key file or set SPEKO_MASTER_KEY."
        )
    return _create(path)
