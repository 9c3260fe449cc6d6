"""Registered options in the engine's terms."""

from collections.abc import Mapping
from typing import Any

from pulumi.resource import Alias as SdkAlias
from pulumi.resource import CustomTimeouts, Resource, ResourceOptions

from odoo_estate.preview.draft import Draft
from odoo_estate.preview.graph import Alias, Options
from odoo_estate.preview.instance import urn_of
from odoo_estate.preview.markers import Marker, RecordingError
from odoo_estate.preview.names import input_names, output_names
from odoo_estate.preview.serialise import Serialiser

_PLAIN: dict[str, Options] = {}


def options_of(draft: Draft) -> Options:
    """The options of a registered resource."""
    opts = draft.opts
    if _is_plain(opts) and draft.custom:
        version = opts.version or ""
        return _PLAIN.get(version) or _PLAIN.setdefault(version, Options(version=version))
    if draft.read:
        return Options(
            version=opts.version or "",
            plugin_download_url=opts.plugin_download_url or "",
            additional_secret_outputs=_output_names(draft, opts.additional_secret_outputs),
        )
    if _hooked(opts) or opts.state_migrations:
        raise RecordingError("resource hooks and state migrations need an engine; they cannot be recorded")
    return Options(
        version=opts.version or "",
        plugin_download_url=opts.plugin_download_url or "",
        aliases=tuple(alias_of(alias) for alias in opts.aliases or () if alias is not None),
        ignore_changes=_input_names(draft, opts.ignore_changes),
        replace_on_changes=_input_names(draft, opts.replace_on_changes),
        additional_secret_outputs=_output_names(draft, opts.additional_secret_outputs),
        hide_diffs=tuple(opts.hide_diffs or ()),
        custom_timeouts=timeouts_of(opts.custom_timeouts),
        delete_before_replace=opts.delete_before_replace,
        retain_on_delete=opts.retain_on_delete,
        deleted_with=urn_of(opts.deleted_with) if opts.deleted_with is not None else "",
        replace_with=tuple(urn_of(resource) for resource in opts.replace_with or () if resource is not None),
        replacement_trigger=_trigger(opts.replacement_trigger),
        import_id=opts.import_ or "",
        providers={} if draft.custom else providers_of(opts),
        env_var_mappings=dict(opts.env_var_mappings or {}),
    )


def _is_plain(opts: ResourceOptions) -> bool:
    return not (
        opts.aliases
        or opts.ignore_changes
        or opts.additional_secret_outputs
        or opts.custom_timeouts
        or opts.retain_on_delete is not None
        or opts.delete_before_replace is not None
        or opts.deleted_with
        or opts.replace_on_changes
        or opts.replace_with
        or opts.replacement_trigger is not None
        or opts.import_
        or opts.hide_diffs
        or opts.env_var_mappings
        or opts.plugin_download_url
        or _hooked(opts)
        or opts.state_migrations
    )


def _hooked(opts: ResourceOptions) -> bool:
    # merging options leaves an empty binding behind
    return opts.hooks is not None and any(vars(opts.hooks).values())


def secret_outputs_of(resource: Resource, declared_in: Any, names: list[str] | None) -> tuple[str, ...]:
    """The provider's names of the outputs that are registered as secret."""
    if not names:
        return ()
    if declared_in is None:
        return tuple(resource.translate_input_property(name) for name in names)
    cls: Any = type(resource)
    table = output_names(cls)
    return tuple(table.get(name) or name for name in names)


def _output_names(draft: Draft, names: list[str] | None) -> tuple[str, ...]:
    return secret_outputs_of(draft.resource, draft.declared_in, names)


def _input_names(draft: Draft, names: list[str] | None) -> tuple[str, ...]:
    if not names:
        return ()
    if draft.declared_in is None:
        return tuple(draft.resource.translate_input_property(name) for name in names)
    table = input_names(draft.declared_in)
    return tuple(table.get(name) or name for name in names)


def alias_of(given: Any) -> Alias:
    """A former identity as the engine is told it."""
    alias = _known(given)
    if isinstance(alias, str):
        return Alias(urn=alias)
    if not isinstance(alias, SdkAlias):
        raise TypeError(f"an alias is a urn or an Alias, not {alias!r}")
    parent: Any = alias.parent
    return Alias(
        name=_text(alias.name),
        type=_text(alias.type_),
        stack=_given(alias.stack),
        project=_given(alias.project),
        parent=urn_of(parent) if isinstance(parent, Resource) else _given(parent),
        no_parent=parent is None,
    )


def _text(field: Any) -> str:
    if isinstance(field, Marker):
        raise TypeError("the name and the type of an alias are texts; an output is not one")
    return _given(field)


def _given(field: Any) -> str:
    return "" if field is ... or field is None else str(_known(field))


def _known(value: Any) -> Any:
    if not isinstance(value, Marker):
        return value
    if not value._known:
        raise RecordingError(f"an alias is made from {value._value}, which exists only after the update")
    return value._value


def timeouts_of(timeouts: Any) -> Mapping[str, str]:
    """Custom timeouts by operation."""
    if timeouts is None:
        return {}
    given = vars(timeouts) if isinstance(timeouts, CustomTimeouts) else timeouts
    return {operation: given[operation] for operation in ("create", "update", "delete", "read") if given.get(operation)}


def providers_of(opts: ResourceOptions, *, explicit: bool = True) -> dict[str, str]:
    """The providers a component hands to its children, by package."""
    providers = opts.providers or {}
    listed = providers if isinstance(providers, Mapping) else {provider.package: provider for provider in providers}
    urns = {package: urn_of(provider) for package, provider in listed.items()}
    if explicit and opts.provider is not None:
        urns[opts.provider.package] = urn_of(opts.provider)
    return urns


def _trigger(trigger: Any) -> Any:
    return None if trigger is None else Serialiser(urn_of).value(trigger, None, "replacement_trigger")
