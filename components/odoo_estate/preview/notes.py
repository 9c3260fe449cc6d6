"""Says of an error which resource was being made, from the outermost component to the resource itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from pulumi.resource import Resource


@contextmanager
def naming_resources() -> Iterator[None]:
    """Add a note per resource on the traceback of an exception that passes through."""
    try:
        yield
    except Exception as error:
        for note in _resources_on(error.__traceback__):
            error.add_note(note)
        raise


def _resources_on(traceback: TracebackType | None) -> list[str]:
    notes: dict[str, None] = {}
    while traceback is not None:
        frame = traceback.tb_frame.f_locals
        resource = frame.get("self", frame.get("__self__"))
        if isinstance(resource, Resource):
            instance = vars(resource)
            name = dict.get(instance, "_name") or frame.get("resource_name") or frame.get("name")
            kind = dict.get(instance, "_type") or type(resource).__name__
            if isinstance(name, str):
                notes[f"in {kind} {name!r}"] = None
        traceback = traceback.tb_next
    return list(notes)
