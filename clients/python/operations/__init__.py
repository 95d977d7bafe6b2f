"""Every operation of the document, with requests that use it and each of its parameters."""

from collections.abc import Callable

from world import World

EXERCISES: dict[str, Callable[[World], None]] = {}


def exercises(operation: str):
    """Registers the function that uses an operation. The function creates what it needs and deletes nothing else."""

    def mark(function: Callable[[World], None]) -> Callable[[World], None]:
        assert operation not in EXERCISES, f"expected one exercise of {operation}, got two"
        EXERCISES[operation] = function
        return function

    return mark


from operations import configuration, people, statistics, work  # noqa: E402, F401
