"""A resource as the engine's analyzer sees it, in the form that the rules read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy import proxy as unknowns
from pulumi_policy import secret as secrets

from odoo_estate.preview.graph import Composed, Reference, Secret
from odoo_estate_policies.resource import IDENTITIES, Resource
from odoo_estate_policies.taggable import is_taggable

_UNKNOWN = frozenset(value for name, value in vars(unknowns).items() if name.startswith("UNKNOWN_"))


def resource_of(args: ResourceValidationArgs) -> Resource:
    """The resource that is about to be registered, with its checked inputs."""
    return _resource(args, {}, ())


def resources_of(resources: Sequence[PolicyResource], seen: Mapping[str, Resource]) -> tuple[Resource, ...]:
    """All resources of a stack, with the checked inputs that were ``seen`` when they were registered.

    The engine gives their outputs here, in which defaults, zeros and computed values cannot be told from what was asked for; only the
    names that the provider chose are taken from them. A resource that was not seen is judged by its outputs.
    """
    return tuple(_stack_resource(one, seen.get(one.urn)) for one in resources)


def _stack_resource(one: PolicyResource, seen: Resource | None) -> Resource:
    sources = {key: tuple(source.urn for source in found) for key, found in one.property_dependencies.items()}
    complete = _resource(one, sources, tuple(source.urn for source in one.dependencies))
    if seen is None:
        return complete
    chosen = {key: complete.raw[key] for key in IDENTITIES if type(complete.raw.get(key)) is str}
    return replace(complete, raw={**chosen, **_known_names(seen.raw, chosen)}, region=complete.region or seen.region)


def _known_names(inputs: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
    """The inputs, without names that were unknown when registered and are known by now."""
    return {key: value for key, value in inputs.items() if key not in chosen or type(value) is str}


def _resource(
    seen: ResourceValidationArgs | PolicyResource, sources: Mapping[str, tuple[str, ...]], depends_on: tuple[str, ...]
) -> Resource:
    inputs = {key: plain(value, sources.get(key, ())) for key, value in _open(seen.props).items()}
    own = inputs.get("region")
    inherited = plain(_open(seen.provider.props).get("region")) if seen.provider is not None else None
    return Resource(
        urn=seen.urn,
        type=seen.resource_type,
        name=seen.name,
        raw=inputs,
        region=next((one for one in (own, inherited) if type(one) is str), ""),
        protect=bool(seen.opts.protect),
        taggable="tagsAll" in inputs or is_taggable(seen.resource_type),
        parent=seen.opts.parent or "",
        dependencies=depends_on,
        property_dependencies=sources,
    )


def plain(value: Any, sources: tuple[str, ...] = ()) -> Any:
    """A value without the analyzer's proxies: what is unknown as a `Composed` made from ``sources``, what is secret as a `Secret`."""
    if isinstance(value, str):
        return Composed(value, tuple(Reference(urn, "id") for urn in sources)) if value in _UNKNOWN else value
    if isinstance(value, secrets.Secret):
        return Secret(plain(value.value, sources))
    if isinstance(value, Mapping):
        return {key: plain(one, sources) for key, one in _open(value).items()}
    if isinstance(value, Sequence):
        return [plain(one, sources) for one in _open(value)]
    return value


def sent(value: Any) -> Any:
    """The way back, for remediated inputs: what was unknown or secret stays so."""
    if isinstance(value, Secret):
        return secrets.Secret(sent(value.value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {key: sent(one) for key, one in value.items()}
    return [sent(one) for one in value] if isinstance(value, list | tuple) else value


def _open(value: Any) -> Any:
    """What is inside a proxy: reading through it would raise on the first unknown value."""
    return value if isinstance(value, dict | list | tuple) else value["__target"]
