"""Puts the recorder where the SDK would talk to the engine, and takes it away again.

Every replaced name is listed in :func:`_replacements`. They are process-wide, so one recording runs at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.invoke
import pulumi.output
import pulumi.resource
import pulumi.runtime
import pulumi.runtime.stack
from pulumi.resource_hooks import ResourceHookBinding
from pulumi.stack_reference import StackReference

from odoo_estate.preview import markers
from odoo_estate.preview.markers import Marker, RecordingError

if TYPE_CHECKING:
    from odoo_estate.preview.recorder import Recorder

_active = False


@contextmanager
def replaced(recorder: "Recorder") -> Iterator[None]:
    """The SDK with its engine replaced by ``recorder``."""
    global _active  # noqa: PLW0603 the patched names are global, and so is the fact that they are
    if _active:
        raise RecordingError("a recording is running already; one runs at a time per process")
    _active = True
    before = []
    try:
        for owner, name, replacement in _replacements(recorder):
            before.append((owner, name, vars(owner)[name]))
            setattr(owner, name, replacement)
        yield
    finally:
        for owner, name, original in reversed(before):
            setattr(owner, name, original)
        _active = False


def _replacements(recorder: "Recorder") -> list[tuple[Any, str, Any]]:
    return [
        (pulumi.resource, "register_resource", recorder.register),
        (pulumi.resource, "read_resource", recorder.read),
        (pulumi.resource, "register_resource_outputs", recorder.register_outputs),
        (pulumi.resource, "get_resource", _refused("looking up a resource by urn")),
        (pulumi.resource, "collapse_alias_to_urn", _no_urn),
        (pulumi.resource, "_map_input", markers.map_input),
        (pulumi.resource, "_map2_input", markers.map2_input),
        (pulumi.Output, "__init__", _refused("making an Output from futures")),
        (pulumi.Output, "_from_data", _refused("making an Output from futures")),
        (pulumi.Output, "from_input", staticmethod(markers.from_input)),
        (pulumi.Output, "_from_input_shallow", staticmethod(markers.from_input_shallow)),
        (pulumi.Output, "all", staticmethod(markers.all_of)),
        (pulumi.Output, "concat", staticmethod(markers.concat)),
        (pulumi.Output, "format", staticmethod(markers.formatted)),
        (pulumi.Output, "json_dumps", staticmethod(markers.json_dumps)),
        (pulumi.Output, "json_loads", staticmethod(markers.json_loads)),
        (pulumi.Output, "secret", staticmethod(markers.secret)),
        (pulumi.Output, "unsecret", staticmethod(markers.unsecret)),
        (pulumi.ResourceOptions, "_copy", _copy),
        (ResourceHookBinding, "_copy", _copy),
        (StackReference, "get_output", _stack_output),
        (StackReference, "require_output", _stack_output),
        (pulumi.runtime.stack, "register_resource_transform", recorder.transform_stack),
        (pulumi.runtime, "register_resource_transform", recorder.transform_stack),
        (pulumi.runtime, "register_stack_transform", recorder.transform_stack),
        (pulumi.runtime, "invoke", _refused("calling a provider function (an invoke)")),
        (pulumi.runtime, "invoke_output", _refused("calling a provider function (an invoke)")),
        (pulumi.runtime, "invoke_async", _refused("calling a provider function (an invoke)")),
        (pulumi.runtime, "call", _refused("calling a method of a resource")),
    ]


def _refused(action: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise RecordingError(
            f"{action} needs an engine and a provider: take the value from the plan, "
            "so that the program does the same in preview and update"
        )

    return refuse


def _copy(self: Any) -> Any:
    """``copy.copy`` of a plain object, five times as fast; options are copied four times per resource."""
    duplicate = object.__new__(type(self))
    duplicate.__dict__.update(self.__dict__)
    return duplicate


def _no_urn(*_: Any) -> None:
    """Full alias urns are for engines without alias specifications; no supported engine asks for them."""


def _stack_output(self: StackReference, name: Any) -> Marker:
    key = markers.from_input(name)
    if not key._known:
        raise RecordingError(f"the name of a stack output is {key._value}, which exists only after the update")
    outputs: Marker = self.outputs[key._value]  # type: ignore[assignment]
    return outputs
