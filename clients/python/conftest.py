import pytest
from recorder import client
from world import World


@pytest.fixture(scope="session")
def world() -> World:
    """One Workspace for all tests. A test creates the resources that it does not share."""
    return World(client())
