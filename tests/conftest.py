"""Fixtures shared by the tests."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.light import light_file, light_test
from tests.support.paths import ROOT, full_data

# Processes that run tests side by side have Ctrl-C ignored, which theirs would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = (
    "training/test_resume",
    "sweeps/test_local",
    "training/backends/test_native",
    "training/distributed/test_devices",
    "training/test_microbatches",
    "importing/test_exported",
    "page/test_static",
    "page/test_in_pyodide",
    "targets/c/test_against_keras",
    "targets/c/test_gradients",
    "api/test_notebook",
    "report/test_page",
    "targets/c/test_bits",
    "training/test_steps",
    "layers/test_oracle",
    "targets/keras/test_oracle",
    "training/test_session",
    "serve/test_page",
    "serve/test_server",
    "targets/device/test_float",
    "importing/test_import",
    "targets/c/test_against_tensorflow",
    "targets/c/test_rounding",
    "targets/c/test_compiler",
    "targets/test_random_networks",
    "api/test_docs_python_page",
)
"""The files that take longest, to be begun first where two processes share the tests."""

FULL_DATA = full_data()
"""Where the published datasets are: found before a fixture hides `CNNSPEC_DATA` from each test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares `--light`, for a Python without the extras."""
    parser.addoption("--light", action="store_true", help="only tests that need no framework")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out files that cannot even be imported without the extras."""
    light = config.getoption("--light")
    leave = light and collection_path.suffix == ".py" and not light_file(collection_path)
    return True if leave and collection_path.name.startswith("test_") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begins with the longest files, so that no process is left with one at the end."""
    if config.getoption("--light"):
        left_out = [item for item in items if not light_test(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if light_test(item)]
    place = {ROOT / "tests" / f"{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the published datasets; skips the test where there is none."""
    if FULL_DATA is None:
        pytest.skip("the published datasets are neither in CNNSPEC_DATA nor in ../shared/data")
    monkeypatch.setenv("CNNSPEC_DATA", str(FULL_DATA))
    return FULL_DATA


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees or fills the cache of whoever runs it, nor does a fixture of a module.

    The tests of a process share one, so that a network is compiled once for all of them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_compiler() -> Iterator[None]:
    """Networks are compiled with little optimization, in half of the time.

    Their bits are the same at every level: `targets/c/test_bits.py` compares these objects with
    those of users, for which programs in processes of their own compile as well.
    """
    with level_of_tests("-O1"):
        yield


@contextlib.contextmanager
def level_of_tests(level: str) -> Iterator[None]:
    """Networks are compiled at a level, unless `CNNSPEC_TEST_LEVEL` names another."""
    from cnnspec.targets.c import compiler

    level = os.environ.get("CNNSPEC_TEST_LEVEL", level)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "FLAGS", (*compiler.FLAGS, level))
        yield


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is changed by the settings of whoever runs it."""
    monkeypatch.delenv("CNNSPEC_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def backend() -> str:
    """Keras, started once for all tests that train."""
    from cnnspec.targets.keras.backend import start

    return start("tensorflow")
