"""Transforms, the one escape hatch of the components, applied as the engine applies them.

The engine calls a resource's own transforms, then those of its ancestors, then the stack's, each with the properties
and options the one before returned. A transform sees provider names (camelCase), numbers as floats, and outputs in
place of unknown and secret values. After ``pkg/resource/deploy/source_eval.go`` of v3.259.0 and the Python side in
``pulumi/runtime/_callbacks.py``; two traits of that pair are kept because a preview must not promise what an update
does not do: a result without options keeps the former ones, and only a transform on the resource itself can change
what the resource depends on.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.resource import (
    CustomTimeouts,
    DependencyProviderResource,
    DependencyResource,
    Resource,
    ResourceOptions,
    ResourceTransformArgs,
)

from odoo_estate.preview.dependencies import named
from odoo_estate.preview.graph import Alias, Asset, Node, Options, Secret, Unresolved
from odoo_estate.preview.instance import urn_of
from odoo_estate.preview.markers import Marker, RecordingError
from odoo_estate.preview.options import alias_of, providers_of, timeouts_of
from odoo_estate.preview.serialise import Serialiser

Transform = Callable[[ResourceTransformArgs], Any]
Expand = Callable[[Iterable[Resource]], list[str]]


def transformed(node: Node, own: Sequence[Transform], inherited: Sequence[Transform], expand: Expand) -> Node:
    """``node`` after its transforms. ``expand`` turns resources into the urns they stand for."""
    returned = False
    for transform in (*own, *inherited):
        result = transform(
            ResourceTransformArgs(
                custom=node.custom,
                type_=node.type,
                name=node.name,
                props=_properties(node, wrapped=bool(own) and not returned),
                opts=_sdk_options(node),
            )
        )
        if inspect.iscoroutine(result):
            result.close()
            raise RecordingError(f"an asynchronous transform of {node.urn}: recorded programs are synchronous")
        if result is None:
            continue
        returned = True
        inputs, _ = Serialiser(urn_of).properties(result.props, None)
        node = replace(node, inputs={key: _whole(value) for key, value in inputs.items()})
        if result.opts is not None:
            node = _with_options(node, result.opts, expand if own else None)
    return replace(node, property_dependencies={}) if own and returned else node


def _properties(node: Node, *, wrapped: bool) -> dict[str, Any]:
    properties = {name: _shown(value) for name, value in node.inputs.items()}
    if wrapped:
        for name in node.property_dependencies:
            if not isinstance(properties[name], Marker):
                properties[name] = Marker(properties[name])
    return properties


def _shown(value: Any) -> Any:
    """What a transform sees of a recorded value."""
    if isinstance(value, Unresolved):
        return Marker(value, known=False)
    if isinstance(value, Secret):
        inner = value.value
        unresolved = isinstance(inner, Unresolved)
        return Marker(inner if unresolved else _shown(inner), secret=True, known=not unresolved)
    if isinstance(value, Asset):
        return _asset(value)
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _asset(value: Asset) -> Any:
    ((kind, content),) = value.items()
    ((place, source),) = content.items()
    classes: dict[tuple[str, str], Any] = {
        ("asset", "path"): pulumi.FileAsset,
        ("asset", "text"): pulumi.StringAsset,
        ("asset", "uri"): pulumi.RemoteAsset,
        ("archive", "path"): pulumi.FileArchive,
        ("archive", "uri"): pulumi.RemoteArchive,
        ("archive", "assets"): pulumi.AssetArchive,
    }
    return classes[kind, place](_shown(source))


def _whole(value: Any) -> Any:
    """Numbers come back as floats; whole ones are shown whole."""
    if isinstance(value, Unresolved | Asset):
        return value
    if isinstance(value, Secret):
        return Secret(_whole(value.value))
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _sdk_options(node: Node) -> ResourceOptions:
    options = node.options
    timeouts = CustomTimeouts(**options.custom_timeouts) if options.custom_timeouts else None
    return ResourceOptions(
        parent=_stand_in(node.parent) if node.parent else None,
        depends_on=[_stand_in(urn) for urn in node.dependencies] or None,
        protect=node.protect or None,
        provider=_provider_stand_in(node.provider) if node.provider else None,
        providers={name: _provider_stand_in(urn) for name, urn in options.providers.items()} or None,
        delete_before_replace=options.delete_before_replace,
        ignore_changes=list(options.ignore_changes) or None,
        replace_on_changes=list(options.replace_on_changes) or None,
        additional_secret_outputs=list(options.additional_secret_outputs) or None,
        aliases=[_sdk_alias(alias) for alias in options.aliases] or None,
        version=options.version or None,
        plugin_download_url=options.plugin_download_url or None,
        custom_timeouts=timeouts,
        import_=options.import_id or None,
        retain_on_delete=options.retain_on_delete or None,
        deleted_with=_stand_in(options.deleted_with) if options.deleted_with else None,
    )


def _sdk_alias(alias: Alias) -> Any:
    if alias.urn:
        return alias.urn
    sdk = pulumi.Alias()
    for field, given in (("name", alias.name), ("type_", alias.type), ("project", alias.project)):
        if given:
            setattr(sdk, field, given)
    if alias.stack:
        sdk.stack = alias.stack
    if alias.parent:
        sdk.parent = alias.parent
    elif alias.no_parent:
        sdk.parent = None
    return sdk


def _stand_in(urn: str, cls: Any = DependencyResource) -> Any:
    resource = cls.__new__(cls)
    resource.__dict__.update(_providers={}, _transformations=[], _childResources=set())
    resource.__dict__["urn"] = Marker(urn, (resource,))
    return resource


def _provider_stand_in(urn: str) -> Any:
    provider = _stand_in(urn, DependencyProviderResource)
    provider.package = urn.split("::")[2].rpartition(":")[2]
    return provider


def _with_options(node: Node, opts: ResourceOptions, expand: Expand | None) -> Node:
    options = Options(
        version=opts.version or "",
        plugin_download_url=opts.plugin_download_url or "",
        aliases=tuple(alias_of(alias) for alias in opts.aliases or () if alias is not None),
        ignore_changes=tuple(opts.ignore_changes or ()),
        replace_on_changes=tuple(opts.replace_on_changes or ()),
        additional_secret_outputs=tuple(opts.additional_secret_outputs or ()),
        custom_timeouts=timeouts_of(opts.custom_timeouts),
        delete_before_replace=opts.delete_before_replace or None,
        retain_on_delete=opts.retain_on_delete or None,
        deleted_with=urn_of(opts.deleted_with) if opts.deleted_with is not None else "",
        replace_with=tuple(urn_of(resource) for resource in opts.replace_with or () if resource is not None),
        import_id=opts.import_ or "",
        providers={} if node.custom else providers_of(opts, explicit=False),
        env_var_mappings=node.options.env_var_mappings,
    )
    provider = urn_of(opts.provider) if opts.provider is not None and node.custom else None
    changed = replace(node, options=options, protect=bool(opts.protect), provider=provider)
    if expand is not None:
        changed = replace(changed, dependencies=tuple(sorted(expand(named(opts.depends_on)))))
    return changed
