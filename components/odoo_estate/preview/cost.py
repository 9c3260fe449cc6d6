"""What a stack's resources cost by list price, before anything is created.

Only what costs money by standing there is priced: instances, nodes at their desired count, storage as allocated, keys, gateways. What is
billed by use (requests, traffic, log volume, stored objects) is not guessed. What has no price in the table is listed as unpriced.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from odoo_estate.preview.graph import Node, Unresolved
from odoo_estate.preview.prices import HOURS_PER_MONTH, Prices

Inputs = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Item:
    """So many units of something in the price table; ``per_hour``: the unit is an hour."""

    service: str
    name: str
    quantity: float
    per_hour: bool = False


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """A resource's monthly cost for one item; ``monthly`` None: the table has no price for it in that region."""

    urn: str
    item: str
    region: str
    quantity: float
    unit_price: float | None
    monthly: float | None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The sum per month in USD, its lines, and the lines that could not be priced."""

    monthly: float
    lines: tuple[CostLine, ...]
    unpriced: tuple[CostLine, ...]

    def as_json(self) -> dict[str, Any]:
        """The ``cost`` object of ``estate preview --json``."""
        return {
            "monthly": self.monthly,
            "currency": "USD",
            "lines": [_line_json(line) for line in self.lines],
            "unpriced": [_line_json(line) for line in self.unpriced],
        }


def estimate(nodes: Iterable[Node], prices: Prices) -> Cost:
    """Prices every resource that costs money by standing there. ``nodes`` are in the provider's view (with ``region`` set)."""
    nodes = tuple(nodes)
    templates = {node.urn: node.inputs for node in nodes if node.type == "aws:ec2/launchTemplate:LaunchTemplate"}
    lines = []
    for node in nodes:
        pricer = PRICERS.get(node.type)
        if pricer is None:
            continue
        region = node.region or ""
        for item in pricer(node.inputs, templates):
            price = prices.find(item.service, item.name, region)
            hours = HOURS_PER_MONTH if item.per_hour else 1
            monthly = None if price is None else round(item.quantity * hours * price, 2)
            name = f"{item.service} {item.name}"
            lines.append(
                CostLine(
                    urn=node.urn, item=name, region=region, quantity=item.quantity, unit_price=price, monthly=monthly
                )
            )
    priced = tuple(line for line in lines if line.monthly is not None)
    return Cost(
        monthly=round(sum(line.monthly or 0.0 for line in priced), 2),
        lines=priced,
        unpriced=tuple(line for line in lines if line.monthly is None),
    )


def _line_json(line: CostLine) -> dict[str, Any]:
    return {
        "urn": line.urn,
        "item": line.item,
        "region": line.region,
        "quantity": line.quantity,
        "unitPrice": line.unit_price,
        "monthly": line.monthly,
    }


def _database(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    zones = "multi-az" if inputs.get("multiAz") is True else "single-az"
    yield Item(service="RDS", name=f"{inputs['instanceClass']} postgresql {zones}", quantity=1, per_hour=True)
    storage = inputs.get("allocatedStorage")
    if storage is not None:  # a replica inherits its source's storage and says nothing of it
        yield Item(service="RDS", name=f"gp3 storage {zones} (postgresql)", quantity=storage)


def _cache(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    nodes = inputs.get("numCacheClusters") or 1
    yield Item(service="ElastiCache", name=f"{inputs['nodeType']} {inputs['engine']}", quantity=nodes, per_hour=True)


def _cluster(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="EKS", name="control plane standard support", quantity=1, per_hour=True)


def _node_group(inputs: Inputs, templates: Mapping[str, Inputs]) -> Iterator[Item]:
    desired = inputs["scalingConfig"]["desiredSize"]
    if not desired:
        return
    if inputs.get("capacityType") == "SPOT":
        yield Item(service="EC2", name=f"{inputs['instanceTypes'][0]} spot", quantity=desired, per_hour=True)
    else:
        yield Item(service="EC2", name=f"{inputs['instanceTypes'][0]} linux", quantity=desired, per_hour=True)
    size = _root_volume(inputs, templates)
    if size:
        yield Item(service="EBS", name="gp3 storage", quantity=size * desired)


def _root_volume(inputs: Inputs, templates: Mapping[str, Inputs]) -> int:
    reference = (inputs.get("launchTemplate") or {}).get("id")
    template = templates.get(reference.urn) if isinstance(reference, Unresolved) and hasattr(reference, "urn") else None
    mappings = (template or {}).get("blockDeviceMappings") or []
    return sum((mapping.get("ebs") or {}).get("volumeSize") or 0 for mapping in mappings)


def _nat(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="VPC", name="NAT gateway hour", quantity=1, per_hour=True)


def _address(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="VPC", name="public IPv4 in use", quantity=1, per_hour=True)


def _endpoint(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    if inputs.get("vpcEndpointType") == "Interface":
        zones = len(inputs.get("subnetIds") or ()) or 1
        yield Item(service="VPC", name="interface endpoint hour (per ENI/AZ)", quantity=zones, per_hour=True)


def _vpn(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="VPC", name="VPN connection hour", quantity=1, per_hour=True)


def _key(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="KMS", name="customer managed key", quantity=1)


def _secret(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="SecretsManager", name="secret", quantity=1)


def _alarm(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="CloudWatch", name="alarm standard resolution", quantity=1)


def _zone(_: Inputs, __: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="Route53", name="hosted zone (first 25)", quantity=1)


def _balancer(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    kind = "NLB" if inputs.get("loadBalancerType") == "network" else "ALB"
    yield Item(service="ELB", name=f"{kind} hour", quantity=1, per_hour=True)


def _firewall(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="WAF", name="web ACL", quantity=1)
    yield Item(service="WAF", name="rule", quantity=len(inputs.get("rules") or ()))


def _volume(inputs: Inputs, _: Mapping[str, Inputs]) -> Iterator[Item]:
    yield Item(service="EBS", name="gp3 storage", quantity=inputs.get("size") or 0)


PRICERS: Mapping[str, Callable[[Inputs, Mapping[str, Inputs]], Iterator[Item]]] = {
    "aws:rds/instance:Instance": _database,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:ec2/natGateway:NatGateway": _nat,
    "aws:ec2/eip:Eip": _address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/vpnConnection:VpnConnection": _vpn,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _key,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:route53/zone:Zone": _zone,
    "aws:ebs/volume:Volume": _volume,
    "aws:wafv2/webAcl:WebAcl": _firewall,
}
"""Resource type to what it is billed for by standing there."""
