"""A stack's program, with the changes that a conformance run orders."""

from conformance.changes import run_changed

run_changed()
