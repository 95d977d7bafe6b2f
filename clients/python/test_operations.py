"""Every operation of the official document, through the official client."""

import pytest
from operations import EXERCISES
from world import World

# Parameters of the document that the client cannot send.
NOT_SENT = {
    # twilio 9.13.0 accepts `if_match` for deleting and does not send it.
    "DeleteTask": {"If-Match"},
    "DeleteWorker": {"If-Match"},
}


@pytest.mark.parametrize("operation", EXERCISES)
def test_operation(operation: str, world: World) -> None:
    with world.recorder.exercising(operation):
        EXERCISES[operation](world)


def test_every_operation_is_exercised(world: World) -> None:
    assert set(EXERCISES) == set(world.recorder.official.operations)


def test_every_parameter_was_sent(world: World) -> None:
    """Runs last: it checks the parameters that the tests above have sent."""
    operations = world.recorder.official.operations
    missing = {
        name: sorted(not_sent)
        for name in EXERCISES
        if (not_sent := operations[name].parameters() - world.recorder.parameters[name] - NOT_SENT.get(name, set()))
    }
    assert missing == {}
