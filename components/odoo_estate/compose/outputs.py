"""What stacks tell each other: one typed reader and one writer per kind, with a contract version in between.

Whatever has a name is in the reader's own plan already; outputs carry only what AWS makes up (ids, endpoints, generated ARNs).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pulumi

from odoo_estate.aws.private_entry import PrivateEntry
from odoo_estate.aws.references import BucketRef, CacheRef, ClusterRef, DatabaseRef, NetworkRef
from odoo_estate.errors import EstateError
from odoo_estate.resolved import passthrough

Outputs = Mapping[str, Any]
"""What a composition hands back to be exported: names to values or outputs."""


class ContractBroken(EstateError, pulumi.RunError):
    """A stack's outputs are not what its reader was written for."""


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """The checked outputs of one stack."""

    contract: ClassVar[str]
    values: pulumi.Output[dict[str, Any]]

    @classmethod
    def read(cls, reference: pulumi.StackReference) -> Self:
        """The outputs behind ``reference``. Raises `ContractBroken`, when they arrive, if the contract is missing or another."""
        return cls(values=reference.outputs.apply(_checked(cls.contract)))

    @classmethod
    def write(cls, **values: Any) -> Outputs:
        """The outputs that this reader reads."""
        return {"contract": cls.contract, **values}


def _checked(contract: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    kind = contract.partition("/")[0]

    @passthrough
    def check(outputs: dict[str, Any]) -> dict[str, Any]:
        found = (outputs or {}).get("contract")
        if found is None:
            raise ContractBroken(
                f'the {kind} stack has no outputs yet: expected contract "{contract}"\n'
                f"  do: bring the {kind} stack up first"
            )
        if found != contract:
            raise ContractBroken(
                f'the {kind} stack\'s outputs follow contract "{found}"\n'
                f"  allowed: {contract}\n"
                f"  do: bring the {kind} stack up with this version, then this stack"
            )
        return outputs

    return check


class LandingZoneOutputs(StackOutputs):
    """DNS zones by key, the alert topic, image repositories by key and (organisation mode) accounts by role."""

    contract = "landing-zone/1"

    def zone_id(self, key: str) -> pulumi.Output[str]:
        """The id of the DNS zone with the plan's key."""
        return _text(self.values["zones"][key])

    def repository_url(self, key: str) -> pulumi.Output[str]:
        """Where images of the repository are pushed to and pulled from."""
        return _text(self.values["repositories"][key])

    @property
    def alert_topic_arn(self) -> pulumi.Output[str]:
        """Where the estate's alerts go."""
        return _text(self.values["alertTopic"])


class CellOutputs(StackOutputs):
    """A cell's network, cluster, databases, caches, keys, buckets and DNS zone; databases, caches … by the plan's keys."""

    contract = "cell/1"

    @property
    def network(self) -> NetworkRef:
        """The cell's VPC."""
        return _network(self.values["network"])

    def subnet_id(self, tier: str, zone: str) -> pulumi.Output[str]:
        """One subnet: tier is ``public``, ``private`` or ``database``, zone the plan's zone key."""
        return _text(self.values["subnets"][tier][zone])

    @property
    def cluster(self) -> ClusterRef:
        """The cell's EKS cluster."""
        return _cluster(self.values["cluster"])

    def database(self, key: str) -> DatabaseRef:
        """One of the cell's shared PostgreSQL instances."""
        database = self.values["databases"][key]
        return DatabaseRef(
            arn=database["arn"],
            resource_id=database["resourceId"],
            address=database["address"],
            port=database["port"],
            secret_arn=database["secretArn"],
            security_group_id=database["securityGroupId"],
            replicas=database["replicas"],
        )

    def cache(self, key: str) -> CacheRef:
        """One of the cell's shared caches."""
        cache = self.values["caches"][key]
        return CacheRef(
            arn=cache["arn"],
            address=cache["address"],
            port=cache["port"],
            user_group_id=cache["userGroupId"],
            security_group_id=cache["securityGroupId"],
        )

    def key_arn(self, key: str) -> pulumi.Output[str]:
        """The ARN of one of the cell's KMS keys."""
        return _text(self.values["keys"][key])

    def bucket(self, key: str) -> BucketRef:
        """One of the cell's buckets."""
        bucket = self.values["buckets"][key]
        return BucketRef(name=bucket["name"], arn=bucket["arn"])

    @property
    def alert_topic_arn(self) -> pulumi.Output[str]:
        """Where alarms of the cell and of its tenants go."""
        return _text(self.values["alertTopic"])

    @property
    def zone_id(self) -> pulumi.Output[str]:
        """The cell's own DNS zone."""
        return _text(self.values["zone"]["id"])

    @property
    def private_target_group_arn(self) -> pulumi.Output[str]:
        """What the cell's private balancer forwards to."""
        return _text(self.values["privateAccess"]["targetGroupArn"])

    @property
    def private_security_group_id(self) -> pulumi.Output[str]:
        """That of the cell's private balancer."""
        return _text(self.values["privateAccess"]["securityGroupId"])


class PlatformOutputs(StackOutputs):
    """What runs in the cell's cluster. Services and namespaces have names; what has none are the listeners of firewalled entries."""

    contract = "platform/2"

    def listener_arn(self, ingress_class: str) -> pulumi.Output[str]:
        """Where a firewalled entry's certificates serve."""
        return _text(self.values["listeners"][ingress_class])


class TenantOutputs(StackOutputs):
    """What a tenant environment tells whoever operates it, and itself in the recovery region."""

    contract = "tenant/1"

    @property
    def dumps_key_arn(self) -> pulumi.Output[str]:
        """The ARN of the key of its own that its dumps are encrypted with."""
        return _text(self.values["dumpsKey"])

    @property
    def dumps_key_copy(self) -> pulumi.Output[str]:
        """The ARN of its own dumps key's replica in the recovery region."""
        return _text(self.values["dumpsKeyCopy"])


class DrOutputs(CellOutputs):
    """What a recovery region is to its platform and tenants: the cell, with cluster and topic where it has a cluster, and with databases to log in
    to once they are primaries."""

    contract = "dr/2"

    def backups_arn(self, key: str) -> pulumi.Output[str]:
        """The ARN of one instance's replicated automated backups."""
        return _text(self.values["databases"][key]["backups"])


class DrillOutputs(StackOutputs):
    """What a drill made, for whoever watches it."""

    contract = "drill/1"


def network_outputs(ref: NetworkRef) -> Outputs:
    """A network as it is exported."""
    return {
        "vpcId": ref.vpc_id,
        "cidr": ref.cidr,
        "publicSubnetIds": ref.public_subnet_ids,
        "privateSubnetIds": ref.private_subnet_ids,
        "databaseSubnetIds": ref.database_subnet_ids,
        "databaseSubnetGroup": ref.database_subnet_group,
        "cacheSubnetGroup": ref.cache_subnet_group,
    }


def cluster_outputs(ref: ClusterRef) -> Outputs:
    """A cluster as it is exported."""
    return {
        "name": ref.name,
        "endpoint": ref.endpoint,
        "certificateAuthority": ref.certificate_authority,
        "securityGroupId": ref.security_group_id,
        "nodeRoleArn": ref.node_role_arn,
    }


def database_outputs(ref: DatabaseRef) -> Outputs:
    """A PostgreSQL instance as it is exported."""
    return {
        "replicas": ref.replicas,
        "arn": ref.arn,
        "resourceId": ref.resource_id,
        "address": ref.address,
        "port": ref.port,
        "secretArn": ref.secret_arn,
        "securityGroupId": ref.security_group_id,
    }


def cache_outputs(ref: CacheRef) -> Outputs:
    """A cache as it is exported."""
    return {
        "arn": ref.arn,
        "address": ref.address,
        "port": ref.port,
        "userGroupId": ref.user_group_id,
        "securityGroupId": ref.security_group_id,
    }


def private_entry_outputs(entry: PrivateEntry) -> Outputs:
    """A private way in as it is exported: for the platform, and for whoever tells the customer where to connect."""
    return {
        "targetGroupArn": entry.target_group_arn,
        "securityGroupId": entry.security_group_id,
        "host": entry.host,
        **({"serviceName": entry.service_name} if entry.service_name else {}),
    }


def bucket_outputs(ref: BucketRef) -> Outputs:
    """A bucket as it is exported."""
    return {"name": ref.name, "arn": ref.arn}


def _network(network: pulumi.Output[Any]) -> NetworkRef:
    return NetworkRef(
        vpc_id=network["vpcId"],
        cidr=network["cidr"],
        public_subnet_ids=network["publicSubnetIds"],
        private_subnet_ids=network["privateSubnetIds"],
        database_subnet_ids=network["databaseSubnetIds"],
        database_subnet_group=network["databaseSubnetGroup"],
        cache_subnet_group=network["cacheSubnetGroup"],
    )


def _cluster(cluster: pulumi.Output[Any]) -> ClusterRef:
    return ClusterRef(
        name=cluster["name"],
        endpoint=cluster["endpoint"],
        certificate_authority=cluster["certificateAuthority"],
        security_group_id=cluster["securityGroupId"],
        node_role_arn=cluster["nodeRoleArn"],
    )


def _text(output: pulumi.Output[Any]) -> pulumi.Output[str]:
    return output
