"""Records the graph a Pulumi program registers, without an engine.

The program runs unchanged, on the SDK's own typed classes; only the step that would send a resource to the engine is
replaced. Everything that step computes (names, inputs, dependencies, inherited options) is computed here in the
same way; the tests hold the result against what the SDK sends through the engine's protocol.
"""

import contextvars
import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi.resource import Resource, ResourceOptions
from pulumi.runtime import config as sdk_config
from pulumi.runtime import settings as sdk_settings
from pulumi.runtime.stack import Stack

from odoo_estate.preview.dependencies import Dependencies, named
from odoo_estate.preview.draft import Draft
from odoo_estate.preview.graph import Graph, Node, Reference, ResourceReference, Secret, references
from odoo_estate.preview.instance import Outputs, urn_of
from odoo_estate.preview.markers import Marker, RecordingError
from odoo_estate.preview.names import lazy_names, output_names
from odoo_estate.preview.notes import naming_resources
from odoo_estate.preview.options import options_of, secret_outputs_of
from odoo_estate.preview.patch import replaced
from odoo_estate.preview.serialise import Serialiser
from odoo_estate.preview.transforms import Transform, transformed

STACK_TYPE = "pulumi:pulumi:Stack"


def record(
    program: Callable[[], object],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str] | None = None,
    secret_keys: Collection[str] = (),
    organization: str = "organization",
) -> Graph:
    """Run ``program`` and return the graph it registers, as a first preview of ``stack`` would see it.

    ``config`` are the stack's settings by full key (``aws:region``), ``secret_keys`` those that are secret.
    Exceptions of the program propagate with a note that names the resource being made. One recording runs at a time
    per process; a recording within a recording raises :class:`RecordingError`.
    """

    def run() -> Graph:
        sdk_settings.ROOT.set(None)
        sdk_settings.configure(
            sdk_settings.Settings(project=project, stack=stack, dry_run=True, organization=organization)
        )
        sdk_config.set_all_config(dict(config or {}), list(secret_keys))
        recorder = Recorder(project, stack)
        try:
            with replaced(recorder), naming_resources():
                root = Stack()
                program()
                return recorder.finish(root)
        finally:
            recorder.release()

    with _without_collector():
        return contextvars.copy_context().run(run)


class Recorder:
    """Stands where the engine's resource monitor would; collects one stack's registrations."""

    def __init__(self, project: str, stack: str) -> None:
        self._project = project
        self._stack = stack
        self._drafts: dict[str, Draft] = {}
        self._root_urn: str | None = None
        self._stack_transforms: list[Transform] = []
        self._transforming = False

    def register(  # noqa: PLR0917 the SDK's signature
        self,
        res: Resource,
        ty: str,
        name: str,
        custom: bool,
        remote: bool,
        new_dependency: object,  # noqa: ARG002
        props: Mapping[str, Any],
        opts: ResourceOptions | None,
        typ: type | None = None,
        package_ref: object = None,  # noqa: ARG002
    ) -> None:
        """In place of ``pulumi.runtime.resource.register_resource``."""
        if remote:
            raise RecordingError(f"{ty} {name} is built by another process; it cannot be recorded")
        opts = opts or ResourceOptions()
        self._add(res, ty, name, custom=custom, read=False, props=props, opts=opts, declared_in=typ)

    def read(  # noqa: PLR0917 the SDK's signature
        self,
        res: Resource,
        ty: str,
        name: str,
        props: Mapping[str, Any],
        opts: ResourceOptions,
        typ: type | None = None,
        package_ref: object = None,  # noqa: ARG002
    ) -> None:
        """In place of ``pulumi.runtime.resource.read_resource``."""
        self._add(res, ty, name, custom=True, read=True, props=props, opts=opts, declared_in=typ)

    def register_outputs(self, res: Resource, outputs: Any) -> None:
        """In place of ``pulumi.runtime.resource.register_resource_outputs``."""
        opened = outputs._value if isinstance(outputs, Marker) else outputs
        properties, _ = Serialiser(urn_of).properties(opened or {}, None)
        self._drafts[urn_of(res)].outputs = properties

    def transform_stack(self, t: Transform) -> None:
        """In place of ``pulumi.runtime.register_resource_transform``: holds for resources registered from now on."""
        self._stack_transforms = [*self._stack_transforms, t]
        self._transforming = True

    def _add(
        self,
        res: Resource,
        ty: str,
        name: str,
        *,
        custom: bool,
        read: bool,
        props: Mapping[str, Any],
        opts: ResourceOptions,
        declared_in: Any,
    ) -> None:
        cls: Any = type(res)
        parent = self._parent_of(ty, opts)
        urn = self._compose(ty, name, parent)
        if urn in self._drafts:
            raise RecordingError(f"duplicate resource: {ty} {name!r} is registered twice ({urn})")
        rename = res.translate_input_property if declared_in is None and _renames(cls) else None
        serialiser = Serialiser(urn_of, rename)
        inputs, sources = serialiser.properties(props, declared_in)
        read_id = serialiser.value(opts.id, None, "id") if read else None

        names = output_names(cls) if declared_in is not None else {}
        secret = set(secret_outputs_of(res, declared_in, opts.additional_secret_outputs))
        secret.update(key for key, value in inputs.items() if isinstance(value, Secret))
        physical_id = None if not custom else read_id if read else Reference(urn, "id")
        instance = Outputs(res, urn, props, names=names, secret_outputs=secret, physical_id=physical_id)
        res.__dict__ = instance
        lazy = lazy_names(cls)
        for key in props:
            if key not in lazy and key != "urn" and not (key == "id" and custom):
                instance.make(key)

        self._transforming = self._transforming or bool(opts.transforms)
        self._drafts[urn] = Draft(
            resource=res,
            instance=instance,
            urn=urn,
            type=ty,
            name=name,
            parent=parent,
            custom=custom,
            read=read,
            declared_in=declared_in,
            opts=opts,
            inputs=inputs,
            sources=sources,
            taggable="tags_all" in props and "tags" in props and ty.startswith("aws:"),
            stack_transforms=self._stack_transforms,
            read_id=read_id,
        )

    def _parent_of(self, ty: str, opts: ResourceOptions) -> str | None:
        if opts.parent is not None:
            return urn_of(opts.parent)
        return None if ty == STACK_TYPE else self._root_urn

    def _compose(self, ty: str, name: str, parent: str | None) -> str:
        if ty == STACK_TYPE:
            self._root_urn = f"urn:pulumi:{self._stack}::{self._project}::{ty}::{name}"
            return self._root_urn
        if parent is None or parent == self._root_urn:
            return f"urn:pulumi:{self._stack}::{self._project}::{ty}::{name}"
        return f"urn:pulumi:{self._stack}::{self._project}::{parent.split('::')[2]}${ty}::{name}"

    def finish(self, root: Stack) -> Graph:
        """The graph, once the program has ended."""
        exports = _exports(root)
        drafts = self._drafts.values()
        self._drafts[urn_of(root)].outputs = exports
        dependencies = Dependencies(draft.resource for draft in drafts)
        nodes = tuple(self._node(draft, dependencies) for draft in drafts)
        dependencies.refuse_cycles()
        return Graph(self._project, self._stack, nodes, exports)

    def _node(self, draft: Draft, dependencies: Dependencies) -> Node:
        try:
            node = _registered(draft, dependencies)
            return self._transformed(node, draft, dependencies) if self._transforming and not draft.read else node
        except Exception as error:
            error.add_note(f"in {draft.type} {draft.name!r}")
            raise

    def _transformed(self, node: Node, draft: Draft, dependencies: Dependencies) -> Node:
        own = draft.opts.transforms or []
        inherited = [*self._of_ancestors(draft), *draft.stack_transforms]
        if not own and not inherited:
            return node
        return transformed(node, own, inherited, lambda needed: dependencies.urns(draft.resource, needed))

    def _of_ancestors(self, draft: Draft) -> Iterator[Transform]:
        while draft.parent is not None:
            draft = self._drafts[draft.parent]
            yield from draft.opts.transforms or ()

    def release(self) -> None:
        """Undo the reference cycles between resources and their outputs: the collector is off during a recording."""
        for draft in self._drafts.values():
            draft.instance.release()


def _registered(draft: Draft, dependencies: Dependencies) -> Node:
    opts = draft.opts
    by_property: dict[str, tuple[str, ...]] = {}
    needed = dict.fromkeys(dependencies.urns(draft.resource, named(opts.depends_on))) if opts.depends_on else {}
    for name, sources in draft.sources.items():
        urns = dependencies.urns(draft.resource, sources)
        by_property[name] = tuple(sorted(urns))
        needed.update(dict.fromkeys(urns))
    provider = opts.provider
    return Node(
        urn=draft.urn,
        type=draft.type,
        name=draft.name,
        parent=draft.parent,
        provider=urn_of(provider) if provider is not None and draft.custom else None,
        region=None,
        inputs=draft.inputs,
        dependencies=tuple(sorted(needed)),
        property_dependencies={} if draft.read else by_property,
        protect=bool(opts.protect) and not draft.read,
        custom=draft.custom,
        read=draft.read,
        taggable=draft.taggable,
        options=options_of(draft),
        read_id=draft.read_id,
        outputs=draft.outputs,
    )


def _renames(cls: type[Resource]) -> bool:
    return cls.translate_input_property is not Resource.translate_input_property


def _exports(root: Stack) -> dict[str, Any]:
    exports, _ = Serialiser(urn_of).properties(root.outputs, None)
    for name, value in exports.items():
        if any(isinstance(reference, ResourceReference) for reference in references(value)):
            raise RecordingError(f"export {name!r} holds a whole resource: export the properties that others need")
    return exports


@contextmanager
def _without_collector() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


__all__ = ["Recorder", "RecordingError", "record"]
