"""The engine's side of a policy pack: the requests it sends, to the real analyzer of the SDK."""

from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy, policy
from pulumi_policy import proxy as unknowns
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from odoo_estate.preview.graph import Secret, Unresolved
from odoo_estate_policies.resource import Resource

COMPUTED = ("id", "arn", "tagsAll", "notResources", "versioning", "objectLockEnabled")
"""Outputs that a provider computes; unknown in a first preview, and no input of anybody's."""
ZEROS = ("maxRetentionDays", "changeableForDays", "backupRetentionPeriod")
"""Outputs that read 0 where nothing was asked for."""


def analyzer(policies: list[Policy]) -> Any:
    """What `PolicyPack` serves to the engine."""
    return policy._PolicyAnalyzerServicer("odoo-estate", "0.0.1", policies, EnforcementLevel.ADVISORY)


def analyzed(servicer: Any, resources: tuple[Resource, ...]) -> list[proto.AnalyzeDiagnostic]:
    """The diagnostics about every resource as it is registered, then about the stack."""
    found = []
    for resource in resources:
        for diagnostic in servicer.Analyze(_request(proto.AnalyzeRequest, resource), None).diagnostics:
            diagnostic.urn = diagnostic.urn or resource.urn  # as the engine does it
            found.append(diagnostic)
    stack = proto.AnalyzeStackRequest(resources=[_stack_resource(one) for one in resources])
    return [*found, *servicer.AnalyzeStack(stack, None).diagnostics]


def remediated(servicer: Any, resource: Resource) -> dict[str, Any]:
    """The inputs after remediation, by policy name; empty where nothing is changed."""
    response = servicer.Remediate(_request(proto.AnalyzeRequest, resource), None)
    return {one.policyName: policy.json_format.MessageToDict(one.properties) for one in response.remediations}


def configure(servicer: Any, **properties: dict[str, Any]) -> None:
    """What ``--policy-pack-config`` sets, by policy name."""
    request = proto.ConfigureAnalyzerRequest()
    for name, values in properties.items():
        entry = request.policyConfig[name.replace("_", "-")]
        entry.enforcementLevel = proto.REMEDIATE if name.endswith("remediation") else proto.MANDATORY
        entry.properties.update(values)
    servicer.Configure(request, None)


def _request(kind: Any, resource: Resource) -> Any:
    request = kind(urn=resource.urn, type=resource.type, name=resource.name, properties=_struct(resource))
    request.options.protect = resource.protect
    request.options.parent = resource.parent
    if resource.region:
        request.provider.type = "pulumi:providers:aws"
        request.provider.properties.update({"region": resource.region})
    return request


def _stack_resource(resource: Resource) -> Any:
    request = _request(proto.AnalyzerResource, resource)
    for computed in COMPUTED:
        if computed not in resource.raw:
            request.properties[computed] = unknowns.UNKNOWN_STRING_VALUE
    for zero in ZEROS:
        if zero not in resource.raw:
            request.properties[zero] = 0
    request.dependencies.extend(resource.dependencies)
    for key, urns in resource.property_dependencies.items():
        request.propertyDependencies[key].urns.extend(urns)
    return request


def _struct(resource: Resource) -> struct_pb2.Struct:
    properties = struct_pb2.Struct()
    properties.update({key: _wire(value) for key, value in resource.raw.items()})
    return properties


def _wire(value: Any) -> Any:
    if isinstance(value, Secret):
        return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": _wire(value.value)}
    if isinstance(value, Unresolved):
        return unknowns.UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: _wire(one) for key, one in value.items()}
    return [_wire(one) for one in value] if isinstance(value, list | tuple) else value
