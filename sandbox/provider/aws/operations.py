"""Audit, monitoring, messaging, names, certificates, secrets, budgets, organisation, security services."""

from __future__ import annotations

from sandbox.provider.aws.kind import Kind, protected
from sandbox.provider.aws.place import Minted
from sandbox.provider.wire import Properties


def _blocked_secret(inputs: Properties) -> str | None:
    if inputs.get("recoveryWindowInDays") == 0:
        return None
    return (
        "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled "
        "for deletion."
    )


def _record_id(minted: Minted) -> str:
    parts = [
        minted["in"]["zoneId"],
        str(minted["in"]["name"]).lower(),
        minted["in"]["type"],
        minted["in"]["setIdentifier"],
    ]
    return "_".join(part for part in parts if part)


def _validation(minted: Minted) -> list[dict[str, str]]:
    names = [minted["in"]["domainName"], *(minted.inputs.get("subjectAlternativeNames") or [])]
    roots = dict.fromkeys(str(name).removeprefix("*.") for name in names if name)
    return [
        {
            "domainName": root,
            "resourceRecordName": minted.fill("_{hex32_validation}.") + f"{root}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": minted.fill("_{hex32_answer}.acm-validations.aws."),
        }
        for root in roots
    ]


_NAME_SERVERS = ["ns-{digits3_a}.awsdns-{digits2_a}.com", "ns-{digits3_b}.awsdns-{digits2_b}.net",
                 "ns-{digits3_c}.awsdns-{digits2_c}.org", "ns-{digits3_d}.awsdns-{digits2_d}.co.uk"]  # fmt: skip
_TOPIC, _QUEUE = "aws:sns/topic:Topic", "aws:sqs/queue:Queue"
_SECRET = "aws:secretsmanager/secret:Secret"
_SECRET_ARN = "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{base6}"

KINDS: dict[str, Kind] = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        "CloudWatch Logs:LogGroup", "{name}", "log-group:{name}", longest=512, unique="{name}",
        replaces=("name", "namePrefix", "logGroupClass"),
        taken="ResourceAlreadyExistsException: The specified log group already exists",
        guard=protected("deletionProtectionEnabled", "ValidationException: log group {id} is protected against deletion"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind("CloudWatch:MetricAlarm", "{name}",
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", replaces=("name",)),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Kind(
        "CloudWatch:CompositeAlarm", "{name}",
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", name="alarmName", autoname=False, replaces=("alarmName",),
    ),
    "aws:cloudwatch/dashboard:Dashboard": Kind(
        "CloudWatch:Dashboard", "{in[dashboardName]}", "arn:{partition}:cloudwatch::{account}:dashboard/{in[dashboardName]}",
        name=None, replaces=("dashboardName",), outputs={"dashboardArn": "{arn}"},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Kind(
        "CloudWatch Logs:MetricFilter", "{name}", replaces=("name", "logGroupName"),
        refers={"logGroupName": "aws:cloudwatch/logGroup:LogGroup"},
    ),
    "aws:cloudwatch/eventRule:EventRule": Kind(
        "EventBridge:Rule", "{name}",
        "arn:{partition}:events:{region}:{account}:rule/{name}", longest=64, replaces=("name", "namePrefix", "eventBusName"),
        held_by=("aws:cloudwatch/eventTarget:EventTarget",),
        held="ValidationException: Rule can't be deleted since it has targets.",
        outputs={"eventBusName": "default"},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Kind(
        "EventBridge:Targets", "{in[rule]}-{hex17}", name=None, replaces=("rule", "targetId", "eventBusName"),
        refers={"rule": "aws:cloudwatch/eventRule:EventRule"}, outputs={"targetId": "{hex17}"},
    ),
    "aws:cloudtrail/trail:Trail": Kind(
        "CloudTrail:Trail", "{arn}", "trail/{name}", replaces=("name",), outputs={"homeRegion": "{region}"}, unique="{name}",
        refers={"s3BucketName": "aws:s3/bucket:Bucket"},
        taken="TrailAlreadyExistsException: Trail {name} already exists for customer: {account}",
    ),
    _TOPIC: Kind(
        "SNS:Topic", "{arn}", "{name}", longest=256, replaces=("name", "namePrefix", "fifoTopic"),
        outputs={"owner": "{account}"},
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind("SNS:TopicPolicy", "{in[arn]}", name=None, replaces=("arn",), outputs={"owner": "{account}"}),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        "SNS:Subscription", "{in[topic]}:{uuid}", "{in[topic]}:{uuid}", name=None, replaces=("topic", "protocol", "endpoint"),
        outputs={"ownerId": "{account}", "confirmationWasAuthenticated": True, "pendingConfirmation": False},
    ),
    _QUEUE: Kind(
        "SQS:Queue", "https://sqs.{region}.{dns}/{account}/{name}", "{name}", longest=80,
        replaces=("name", "namePrefix", "fifoQueue"), outputs={"url": "{id}"}, unique="{name}",
        taken="QueueAlreadyExists: A queue already exists with the same name and a different value for an attribute",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Kind("SQS:QueueAttributes", "{in[queueUrl]}", name=None, replaces=("queueUrl",)),
    _SECRET: Kind(
        "Secrets Manager:Secret", "{arn}", _SECRET_ARN, longest=512, replaces=("name", "namePrefix"), unique="{name}",
        taken="ResourceExistsException: The operation failed because the secret {name} already exists.",
        keeps_name=_blocked_secret,
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Kind(
        "Secrets Manager:SecretValue", "{in[secretId]}|{uuid}", name=None,
        replaces=("secretId", "secretString", "secretBinary"),
        outputs={"arn": "{in[secretId]}", "versionId": "{uuid}", "versionStages": ["AWSCURRENT"]},
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Kind(
        "Secrets Manager:ResourcePolicy", "{in[secretArn]}", name=None, replaces=("secretArn",),
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Kind(
        "Secrets Manager:SecretRotation", "{in[secretId]}", name=None, replaces=("secretId",),
    ),
    "aws:ssm/parameter:Parameter": Kind(
        "SSM:Parameter", "{name}", "parameter{slash_name}", longest=2048, replaces=("name",), unique="{name}",
        outputs={"version": lambda m: int(m.get("version", 0)) + 1, "dataType": "text", "tier": "Standard"},
        taken="ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option",
    ),
    "aws:ssm/document:Document": Kind("SSM:Document", "{name}", "document/{name}", replaces=("name",), unique="{name}",
        taken="DocumentAlreadyExists: document {name} already exists"),
    "aws:route53/zone:Zone": Kind(
        "Route 53:HostedZone", "Z{upper20}", "arn:{partition}:route53:::hostedzone/{id}", autoname=False,
        replaces=("name", "delegationSetId"),
        outputs={"zoneId": "{id}", "nameServers": _NAME_SERVERS, "primaryNameServer": _NAME_SERVERS[0]},
        held_by=("aws:route53/record:Record",),
        held="HostedZoneNotEmpty: The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
    ),
    "aws:route53/record:Record": Kind(
        "Route 53:ResourceRecordSets", "{record}", name=None, replaces=("zoneId", "name", "type"),
        outputs={"fqdn": "{in[name]}"}, unique="{record}", unique_in="account", refers={"zoneId": "aws:route53/zone:Zone"},
        taken="InvalidChangeBatch: [Tried to create resource record set [name='{in[name]}', type='{in[type]}'] but it already exists]",
    ),
    "aws:route53/healthCheck:HealthCheck": Kind(
        "Route 53:HealthCheck", "{uuid}", "arn:{partition}:route53:::healthcheck/{id}", name=None,
        replaces=("type", "requestInterval", "referenceName", "measureLatency"),
    ),
    "aws:route53/zoneAssociation:ZoneAssociation": Kind("Route 53:VPCWithHostedZone", "{in[zoneId]}:{in[vpcId]}", name=None),
    "aws:acm/certificate:Certificate": Kind(
        "ACM:Certificate", "{arn}", "certificate/{uuid}", name=None,
        replaces=("domainName", "subjectAlternativeNames", "keyAlgorithm", "validationMethod"),
        outputs={"domainValidationOptions": _validation, "status": "ISSUED", "type": "AMAZON_ISSUED"},
        held_by=("aws:lb/listener:Listener", "aws:lb/listenerCertificate:ListenerCertificate", "aws:cloudfront/distribution:Distribution"),
        held="ResourceInUseException: Certificate {id} in account {account} is in use.",
    ),
    "aws:acm/certificateValidation:CertificateValidation": Kind(
        "ACM:Certificate", "2026-01-01 00:00:00 +0000 UTC {hex8}", name=None, replaces=("certificateArn", "validationRecordFqdns"),
    ),
    "aws:budgets/budget:Budget": Kind(
        "Budgets:Budget", "{account}:{name}", "arn:{partition}:budgets::{account}:budget/{name}", longest=100,
        replaces=("name", "namePrefix"), unique="{name}", unique_in="account",
        taken="DuplicateRecordException: Error creating budget: {name} - the budget already exists.",
    ),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": Kind(
        "Cost Explorer:AnomalyMonitor", "{arn}", "arn:{partition}:ce::{account}:anomalymonitor/{uuid}",
        replaces=("monitorType", "monitorDimension", "monitorSpecification"),
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": Kind(
        "Cost Explorer:AnomalySubscription", "{arn}", "arn:{partition}:ce::{account}:anomalysubscription/{uuid}",
    ),
    "aws:scheduler/schedule:Schedule": Kind(
        "Scheduler:Schedule", "{group}/{name}", "schedule/{group}/{name}", longest=64, replaces=("name", "namePrefix", "groupName"),
        outputs={"groupName": "{group}"}, unique="{group}/{name}",
        taken="ConflictException: Schedule {name} already exists.",
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Kind(
        "Scheduler:ScheduleGroup", "{name}", "schedule-group/{name}", longest=64, replaces=("name",), unique="{name}",
        taken="ConflictException: Schedule group {name} already exists.",
    ),
    "aws:guardduty/detector:Detector": Kind(
        "GuardDuty:Detector", "{hex32}", "detector/{id}", name=None, outputs={"accountId": "{account}"}, unique="detector",
        taken="BadRequestException: The request is rejected because a detector already exists for the current account.",
    ),
    "aws:guardduty/detectorFeature:DetectorFeature": Kind(
        "GuardDuty:Detector", "{in[detectorId]}/{in[name]}", autoname=False, replaces=("detectorId", "name"),
    ),
    "aws:securityhub/account:Account": Kind(
        "SecurityHub:SecurityHub", "{account}", "hub/default", name=None, unique="hub", replaces=("enableDefaultStandards",),
        taken="ResourceConflictException: Account is already subscribed to Security Hub",
    ),
    "aws:securityhub/standardsSubscription:StandardsSubscription": Kind(
        "SecurityHub:Standards", "arn:{partition}:securityhub:{region}:{account}:subscription/{hex8}", name=None,
        replaces=("standardsArn",),
    ),
    "aws:cfg/recorder:Recorder": Kind(
        "Config Service:ConfigurationRecorder", "{name}", replaces=("name",), unique="recorder",
        taken="MaxNumberOfConfigurationRecordersExceededException: Failed to put configuration recorder '{name}' because "
              "you've reached the limit for the number of customer managed configuration recorders (1).",
    ),
    "aws:cfg/deliveryChannel:DeliveryChannel": Kind(
        "Config Service:DeliveryChannel", "{name}", replaces=("name",), unique="channel",
        refers={"s3BucketName": "aws:s3/bucket:Bucket"},
        taken="MaxNumberOfDeliveryChannelsExceededException: Failed to put delivery channel '{name}' because the maximum "
              "number of delivery channels: 1 is reached.",
    ),
    "aws:cfg/recorderStatus:RecorderStatus": Kind(
        "Config Service:ConfigurationRecorder", "{name}", autoname=False, refers={"name": "aws:cfg/recorder:Recorder"},
    ),
    "aws:cfg/rule:Rule": Kind("Config Service:ConfigRule", "{name}", "config-rule/config-rule-{base6}", replaces=("name",), longest=128),
    "aws:accessanalyzer/analyzer:Analyzer": Kind(
        "AccessAnalyzer:Analyzer", "{in[analyzerName]}", "analyzer/{in[analyzerName]}", name=None,
        replaces=("analyzerName", "type", "configuration"), unique="{in[analyzerName]}",
        taken="ConflictException: An analyzer with name {in[analyzerName]} already exists",
    ),
    "aws:organizations/organization:Organization": Kind(
        "Organizations:Organization", "o-{base10}", "arn:{partition}:organizations::{account}:organization/{id}", name=None,
        outputs={
            "masterAccountId": "{account}", "masterAccountArn": "arn:{partition}:organizations::{account}:account/{id}/{account}",
            "masterAccountEmail": "management@example.com", "masterAccountName": "management",
            "roots": [{"id": "r-{base4}", "name": "Root", "policyTypes": [],
                       "arn": "arn:{partition}:organizations::{account}:root/{id}/r-{base4}"}],
        },
        unique="organization", unique_in="account",
        taken="AlreadyInOrganizationException: The AWS account is already a member of an organization.",
    ),
    "aws:organizations/organizationalUnit:OrganizationalUnit": Kind(
        "Organizations:OrganizationalUnit", "ou-{base4}-{base8}", "arn:{partition}:organizations::{account}:ou/o-{base10}/{id}",
        longest=128, replaces=("parentId",), unique="{in[parentId]}/{name}", unique_in="account",
        taken="DuplicateOrganizationalUnitException: An OU with the same name already exists.",
    ),
    "aws:organizations/account:Account": Kind(
        "Organizations:Account", "{digits12}", "arn:{partition}:organizations::{account}:account/o-{base10}/{id}", longest=50,
        replaces=("email", "iamUserAccessToBilling", "roleName"), unique="{in[email]}", unique_in="aws",
        outputs={"status": "ACTIVE", "joinedMethod": "CREATED"},
        taken="EMAIL_ALREADY_EXISTS: an AWS account with the email {in[email]} already exists",
    ),
    "aws:organizations/policy:Policy": Kind(
        "Organizations:Policy", "p-{base10}", "arn:{partition}:organizations::{account}:policy/o-{base10}/service_control_policy/{id}",
        longest=128, replaces=("type",), unique="{name}", unique_in="account",
        taken="DuplicatePolicyException: A policy with the same name already exists.",
        held_by=("aws:organizations/policyAttachment:PolicyAttachment",),
        held="PolicyInUseException: The policy {id} is attached to one or more entities.",
    ),
    "aws:organizations/policyAttachment:PolicyAttachment": Kind(
        "Organizations:Policy", "{in[targetId]}:{in[policyId]}", name=None, replaces=("targetId", "policyId"),
        refers={"policyId": "aws:organizations/policy:Policy"},
    ),
    "aws:organizations/delegatedAdministrator:DelegatedAdministrator": Kind(
        "Organizations:DelegatedAdministrator", "{in[accountId]}/{in[servicePrincipal]}", name=None,
        replaces=("accountId", "servicePrincipal"),
    ),
    "aws:wafv2/webAcl:WebAcl": Kind(
        "WAFV2:WebACL", "{uuid}", "regional/webacl/{name}/{id}", longest=128, replaces=("name", "namePrefix", "scope"),
        outputs={"capacity": 100, "lockToken": "{uuid_lock}"}, unique="{name}",
        taken="WAFDuplicateItemException: AWS WAF couldn't perform the operation because some resource in your request is "
              "a duplicate of an existing one.",
        held_by=("aws:wafv2/webAclAssociation:WebAclAssociation",),
        held="WAFAssociatedItemException: AWS WAF couldn't perform the operation because your resource is being used by another resource.",
    ),
    "aws:wafv2/ipSet:IpSet": Kind(
        "WAFV2:IPSet", "{uuid}", "regional/ipset/{name}/{id}", longest=128, replaces=("name", "scope", "ipAddressVersion"),
        outputs={"lockToken": "{uuid_lock}"}, unique="{name}",
        taken="WAFDuplicateItemException: a resource with the name {name} already exists",
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Kind(
        "WAFV2:WebACL", "{in[webAclArn]},{in[resourceArn]}", name=None, replaces=("webAclArn", "resourceArn"),
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Kind(
        "WAFV2:LoggingConfiguration", "{in[resourceArn]}", name=None, replaces=("logDestinationConfigs", "resourceArn"),
    ),
    "aws:lambda/function:Function": Kind(
        "Lambda:Function", "{name}", "function:{name}", longest=64, replaces=("name", "packageType"), unique="{name}",
        outputs={
            "invokeArn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            "qualifiedArn": "{arn}:1", "version": "1",
        },
        taken="ResourceConflictException: Function already exist: {name}",
    ),
    "aws:cloudfront/distribution:Distribution": Kind(
        "CloudFront:Distribution", "E{upper13}", "arn:{partition}:cloudfront::{account}:distribution/{id}", name=None,
        outputs={"domainName": "d{base13}.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2", "status": "Deployed"},
    ),
}  # fmt: skip
