import pytest
from recorder import client
from world import World


@pytest.fixture(scope="session")
def world() -> World:
    """One Workspace for all tests: what a test needs to itself it makes."""
    return World(client())
