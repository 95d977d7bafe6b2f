"""Every operation of the document with requests that make use of it, and of each parameter it has."""

from collections.abc import Callable

from world import World

EXERCISES: dict[str, Callable[[World], None]] = {}


def exercises(operation: str):
    """Marks a function as the one that makes use of an operation. It makes what it needs and removes nothing of others'."""

    def mark(function: Callable[[World], None]) -> Callable[[World], None]:
        assert operation not in EXERCISES, f"{operation} is exercised twice"
        EXERCISES[operation] = function
        return function

    return mark


from operations import configuration, people, statistics, work  # noqa: E402, F401
