"""One running installation for all end-to-end tests of a test process: starting it costs more than most tests.

The package's, not the session's: an idle product costs processor time, too.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.running_product import Product, started_product


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A first start in an empty folder. Tests share it: they make what they need, and count nothing else."""
    # Endpoints of tests are on this machine, without certificates.
    variables = {"SPEKO_SESSION_GRACE_S": "6", "SPEKO_ALLOW_INSECURE_WEBHOOKS": "1"}
    with started_product(tmp_path_factory.mktemp("product"), **variables) as started:
        yield started
