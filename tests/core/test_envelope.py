"""Secrets under the master key."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from speko_core.adapters.envelope import EnvelopeSecrets, derive

MASTER = bytes(range(32))


@pytest.mark.parametrize("purpose", ["envelope", "digest", "worker-token"])
def test_keys_are_derived_as_rfc_5869_says(purpose: str) -> None:
    """What was sealed by any earlier version opens: keys are those of another implementation of HKDF."""
    other = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"speko/{purpose}".encode())
    assert derive(MASTER, purpose) == other.derive(MASTER)


def test_a_sealed_secret_opens_in_its_row_and_nowhere_else() -> None:
    """The row, the master key and every byte must be the same."""
    secrets = EnvelopeSecrets(MASTER)
    sealed = secrets.seal(b"sk-vendor", bound_to="row-1")
    assert secrets.open(sealed, bound_to="row-1") == b"sk-vendor"
    assert b"sk-vendor" not in sealed
    moved, foreign = (secrets, "row-2"), (EnvelopeSecrets(bytes(32)), "row-1")
    for opener, row in (moved, foreign):
        with pytest.raises(ValueError, match="does not open"):
            opener.open(sealed, bound_to=row)
    with pytest.raises(ValueError, match="does not open"):
        secrets.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), bound_to="row-1")
