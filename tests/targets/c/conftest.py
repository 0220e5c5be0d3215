"""Fixtures of the tests of the target `c`."""

from collections.abc import Iterator

import pytest

from tests.conftest import level_of_tests


@pytest.fixture(scope="module", autouse=True)
def _quickest_compiler() -> Iterator[None]:
    """Networks here are many and see few images: to compile them takes longer than to run them."""
    with level_of_tests("-O0"):
        yield
