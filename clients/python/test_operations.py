"""Every operation of the official document, through the official client."""

import pytest
from operations import EXERCISES
from world import World

# What the document has and the client cannot say.
UNSAID = {
    # twilio 9.13.0 takes `if_match` for deleting and does not send it.
    "DeleteTask": {"If-Match"},
    "DeleteWorker": {"If-Match"},
}


@pytest.mark.parametrize("operation", EXERCISES)
def test_operation(operation: str, world: World) -> None:
    with world.recorder.exercising(operation):
        EXERCISES[operation](world)


def test_every_operation_of_the_document_is_exercised(world: World) -> None:
    assert set(EXERCISES) == set(world.recorder.official.operations)


def test_every_parameter_of_the_document_has_been_said(world: World) -> None:
    """Comes last: it looks at what the tests above have said."""
    operations = world.recorder.official.operations
    silent = {
        name: sorted(unsaid)
        for name in EXERCISES
        if (unsaid := operations[name].parameters() - world.recorder.said[name] - UNSAID.get(name, set()))
    }
    assert silent == {}
