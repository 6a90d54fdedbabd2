"""What all tests share: the shapes that lstmkit's annotations promise are checked at every call."""

import multiprocessing

import pytest
from jaxtyping import install_import_hook

from lstmkit.runtime import configure
from tests.faults import SmallDisk

install_import_hook("lstmkit", "beartype.beartype")
configure()  # as the commands and the notebooks do


def pytest_configure(config):
    # pytest imports the category of a filter in pyproject.toml before this file, too early for the hook
    config.addinivalue_line("filterwarnings", "error::lstmkit.errors.LstmkitWarning")


@pytest.fixture(scope="session")
def processes():
    """Processes that begin with lstmkit imported and nothing else done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lstmkit"])
    return context


@pytest.fixture
def small_disk(tmp_path):
    """A disk that the test may fill."""
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.remove()
