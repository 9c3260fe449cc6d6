"""All type tables together, and a guess for whatever they do not list."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from sandbox.provider.aws import data, network, operations, platform
from sandbox.provider.aws.kind import Kind
from sandbox.provider.aws.place import Minted
from sandbox.provider.shape import Shape

_REPLACED_TOO: dict[str, tuple[str, ...]] = {
    "aws:acm/certificate:Certificate": (
        "certificateAuthorityArn",
        "validationOptions",
    ),
    "aws:autoscaling/group:Group": ("initialLifecycleHooks",),
    "aws:backup/reportPlan:ReportPlan": ("reportSetting.reportTemplate",),
    "aws:backup/vaultNotifications:VaultNotifications": (
        "backupVaultEvents",
        "snsTopicArn",
    ),
    "aws:budgets/budget:Budget": ("accountId",),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ("actionsEnabled",),
    "aws:dynamodb/table:Table": (
        "importTable.s3BucketSource",
        "localSecondaryIndexes",
        "restoreDateTime",
        "restoreToLatestTime",
    ),
    "aws:ebs/volume:Volume": (
        "multiAttachEnabled",
        "outpostArn",
    ),
    "aws:ec2/eip:Eip": (
        "address",
        "ipamPoolId",
        "networkBorderGroup",
    ),
    "aws:ec2/flowLog:FlowLog": (
        "regionalNatGatewayId",
        "transitGatewayAttachmentId",
        "transitGatewayId",
    ),
    "aws:ec2/instance:Instance": (
        "associatePublicIpAddress",
        "cpuOptions.amdSevSnp",
        "ebsBlockDevices.deleteOnTermination",
        "ebsBlockDevices.deviceName",
        "ebsBlockDevices.encrypted",
        "ebsBlockDevices.iops",
        "ebsBlockDevices.kmsKeyId",
        "ebsBlockDevices.snapshotId",
        "ebsBlockDevices.throughput",
        "ebsBlockDevices.volumeSize",
        "ebsBlockDevices.volumeType",
        "ebsOptimized",
        "enclaveOptions.enabled",
        "ephemeralBlockDevices",
        "hibernation",
        "hostId",
        "instanceMarketOptions",
        "launchTemplate",
        "networkInterfaces.deleteOnTermination",
        "networkInterfaces.deviceIndex",
        "networkInterfaces.networkCardIndex",
        "networkInterfaces.networkInterfaceId",
        "placementGroup",
        "placementGroupId",
        "placementPartitionNumber",
        "primaryNetworkInterface.networkInterfaceId",
        "privateDnsNameOptions",
        "rootBlockDevice.encrypted",
        "rootBlockDevice.kmsKeyId",
        "secondaryNetworkInterfaces.deleteOnTermination",
        "secondaryNetworkInterfaces.deviceIndex",
        "secondaryNetworkInterfaces.interfaceType",
        "secondaryNetworkInterfaces.networkCardIndex",
        "secondaryNetworkInterfaces.privateIpAddressCount",
        "secondaryNetworkInterfaces.secondarySubnetId",
        "securityGroups",
        "tenancy",
    ),
    "aws:ec2/keyPair:KeyPair": ("keyNamePrefix",),
    "aws:ec2/subnet:Subnet": (
        "ipv4IpamPoolId",
        "ipv4NetmaskLength",
        "ipv6IpamPoolId",
        "ipv6NetmaskLength",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "dnsOptions.privateDnsPreference",
        "dnsOptions.privateDnsSpecifiedDomains",
        "privateDnsEnabled",
        "resourceConfigurationArn",
        "serviceNetworkArn",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": ("policy",),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": ("upstreamRepositoryPrefix",),
    "aws:efs/mountTarget:MountTarget": (
        "ipAddressType",
        "ipv6Address",
    ),
    "aws:lambda/function:Function": ("tenancyConfig",),
    "aws:lb/loadBalancer:LoadBalancer": (
        "customerOwnedIpv4Pool",
        "namePrefix",
    ),
    "aws:lb/targetGroup:TargetGroup": ("targetControlPort",),
    "aws:rds/cluster:Cluster": (
        "availabilityZones",
        "clusterIdentifierPrefix",
        "clusterScalabilityType",
        "dbSubnetGroupName",
        "dbSystemId",
        "engineMode",
        "restoreToPointInTime",
        "s3Import.bucketName",
        "s3Import.bucketPrefix",
        "s3Import.ingestionRole",
        "s3Import.sourceEngine",
        "s3Import.sourceEngineVersion",
        "snapshotIdentifier",
        "sourceRegion",
    ),
    "aws:rds/instance:Instance": (
        "s3Import.bucketName",
        "s3Import.bucketPrefix",
        "s3Import.ingestionRole",
        "s3Import.sourceEngine",
        "s3Import.sourceEngineVersion",
    ),
    "aws:rds/proxy:Proxy": (
        "endpointNetworkType",
        "engineFamily",
        "targetConnectionNetworkType",
    ),
    "aws:route53/healthCheck:HealthCheck": ("routingControlArn",),
    "aws:s3/bucket:Bucket": ("objectLockConfiguration.objectLockEnabled",),
    "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration": ("expectedBucketOwner",),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        "expectedBucketOwner",
        "objectLockEnabled",
    ),
    "aws:s3/bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration": ("expectedBucketOwner",),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("namePrefix",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretStringWoVersion",),
    "aws:ssm/parameter:Parameter": ("dataType",),
    "aws:wafv2/ipSet:IpSet": ("namePrefix",),
}
"""What the schema of the real provider (6.34) replaces beside the rows' own: inputs that programs here hardly ever give. The preview has a table
of its own, which a test holds against this one: neither can be wrong alone."""
KINDS: dict[str, Kind] = {
    token: replace(kind, replaces=(*kind.replaces, *_REPLACED_TOO.get(token, ())))
    for token, kind in {**network.KINDS, **data.KINDS, **platform.KINDS, **operations.KINDS}.items()
}

_MADE = "2026-01-01T00:00:00Z"


def is_listed(token: str) -> bool:
    """Whether a table describes this type."""
    return token in KINDS


@cache
def _guess(token: str, named: bool, has_arn: bool, forces: tuple[str, ...]) -> Kind:
    _, module, noun = token.split(":")
    service = module.split("/")[0]
    noun_lower = noun[0].lower() + noun[1:]
    return Kind(
        api=f"{service.upper()}:{noun}",
        id="{name}" if named else f"{noun_lower}-{{hex17}}",
        arn=f"arn:{{partition}}:{service}:{{region}}:{{account}}:{noun_lower}/{{id}}" if has_arn else "",
        name="name" if named else None,
        replaces=("name", "namePrefix", *forces) if named else forces,
    )


def kind_of(token: str, shape: Shape | None) -> Kind:
    """The row for a type; for an unlisted one what the SDK's class lets one guess."""
    if token in KINDS:
        return KINDS[token]
    shape = shape or Shape()
    named = "name" in shape.inputs and not _sibling_names(shape)
    return _guess(token, named, "arn" in shape.outputs, shape.forces_replacement)


def _sibling_names(shape: Shape) -> bool:
    """A `name` that is only unique within something else makes no id (a listener's rule, a cluster's add-on)."""
    return "arn" not in shape.outputs


def made_up(name: str, annotation: str, minted: Minted) -> Any:
    """A value for a computed output that no table describes, by the output's type and name."""
    if annotation.startswith("Sequence["):
        return []
    if annotation.startswith("Mapping["):
        return {}
    plain_types: dict[str, Any] = {"bool": False, "int": 0, "float": 0}
    if annotation in plain_types:
        return plain_types[annotation]
    if annotation != "str":
        return None
    lower = name.lower()
    guesses: tuple[tuple[tuple[str, ...], str], ...] = (
        (("arn",), "{arn}"),
        (("ownerid", "accountid", "account"), "{account}"),
        (("region",), "{region}"),
        (("name",), "{name}"),
        (("status", "state"), "ACTIVE"),
        (("createdat", "createddate", "createdtime", "creationdate", "creationtime", "lastupdateddate"), _MADE),
    )
    for names, template in guesses:
        if lower in names:
            return minted.fill(template)
    if lower.endswith(("time", "date", "timestamp")):
        return _MADE
    if lower.endswith(("endpoint", "domainname", "dnsname", "url")):
        return minted.fill(f"{lower}-{{hex8_{name}}}.{{region}}.{{dns}}")
    if lower.endswith("id"):
        return minted.fill(f"{{hex17_{name}}}")
    return ""
