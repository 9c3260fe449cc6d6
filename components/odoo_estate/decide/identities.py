"""What the platform's controllers and shared workers may do in AWS: one role each, bound to a service account by Pod Identity."""

from collections.abc import Mapping, Sequence

from odoo_estate.decide import shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name, part
from odoo_estate.decide.tags import MANAGED_BY
from odoo_estate.plan import AwsTarget, Json, PlatformIdentityPlan, RolePlan

Statement = Mapping[str, Json]


def data_key_alias(estate: str, cell: str) -> str:
    """Alias of the key that encrypts a cell's data."""
    return name("kms-alias", estate, cell, "data")


def external_secrets_role(context: Context, cell: str) -> str:
    """Name of the role of the External Secrets controller, which tenants' reader roles trust."""
    return platform_role(context, cell, "secrets")


def pooled_role(context: Context, cell: str, service_class: str) -> str:
    """Name of the role of the pooled workers of one service class."""
    return platform_role(context, cell, "pooled", part(service_class))


def platform_role(context: Context, cell: str, *parts: str) -> str:
    """Roles are an account's, not a region's: those of the recovery region have names of their own."""
    return name("iam-role", context.estate.estate, cell, *shared.site(context, cell), *parts)


def pod_trust(target: AwsTarget, cluster: str) -> Statement:
    """Trust of a role that pods of one cluster get through Pod Identity; other clusters of the account do not."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": target.account},
            "ArnEquals": {"aws:SourceArn": target.arn("eks", f"cluster/{cluster}")},
        },
    }


def use_key(target: AwsTarget, alias: str, service: str, actions: Sequence[str]) -> Statement:
    """Use of the key behind ``alias``, only through one AWS service."""
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": target.arn("kms", "key/*"),
        "Condition": {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"},
            "StringEquals": {"kms:ViaService": f"{service}.{target.region}.amazonaws.com"},
        },
    }


def external_secrets(context: Context, cell: str, namespace: str) -> PlatformIdentityPlan:
    """Reads the cell's own secrets and those of its master users, and takes on the reader roles of the cell's tenants; those trust this role
    by name."""
    target, estate = shared.target(context, cell), context.estate.estate
    return PlatformIdentityPlan(
        namespace=namespace,
        service_account="external-secrets",
        role=RolePlan(
            name=external_secrets_role(context, cell),
            description=f"External Secrets of cell {cell}",
            trust=(pod_trust(target, shared.cluster(context, cell)),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    "Resource": target.arn("secretsmanager", f"secret:{estate}/cell/{cell}/*"),
                },
                {
                    "Effect": "Allow",
                    "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    "Resource": target.arn("secretsmanager", f"secret:{estate}/master/*"),
                    "Condition": {"StringEquals": {"secretsmanager:ResourceTag/cell": cell}},
                },
                {
                    # RDS names the secrets of master users itself, and tags them with their instance; only the provisioning namespace's
                    # store asks for them.
                    "Effect": "Allow",
                    "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    "Resource": target.arn("secretsmanager", "secret:rds!db-*"),
                    "Condition": {
                        "StringLike": {
                            "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn": target.arn(
                                "rds", f"db:{estate}-*"
                            )
                        }
                    },
                },
                use_key(target, data_key_alias(estate, cell), "secretsmanager", ["kms:Decrypt"]),
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Resource": target.arn("iam", f"role/{estate}-*", regional=False),
                    "Condition": {
                        "StringEquals": {"aws:ResourceTag/cell": cell, "aws:ResourceTag/managed-by": MANAGED_BY}
                    },
                },
            ),
        ),
    )


def cert_manager(context: Context, cell: str, namespace: str) -> PlatformIdentityPlan:
    """Proves domains by DNS: may change ACME challenge records only (policy after cert-manager's Route 53 page, read 2026-11)."""
    target = shared.target(context, cell)
    return PlatformIdentityPlan(
        namespace=namespace,
        service_account="cert-manager",
        role=RolePlan(
            name=platform_role(context, cell, "cert-manager"),
            description=f"cert-manager of cell {cell}",
            trust=(pod_trust(target, shared.cluster(context, cell)),),
            statements=(
                {"Effect": "Allow", "Action": ["route53:GetChange"], "Resource": "arn:aws:route53:::change/*"},
                {
                    "Effect": "Allow",
                    "Action": ["route53:ChangeResourceRecordSets"],
                    "Resource": "arn:aws:route53:::hostedzone/*",
                    "Condition": {
                        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]},
                        "ForAllValues:StringLike": {
                            "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.*"]
                        },
                    },
                },
                {
                    "Effect": "Allow",
                    "Action": ["route53:ListResourceRecordSets"],
                    "Resource": "arn:aws:route53:::hostedzone/*",
                },
                {"Effect": "Allow", "Action": ["route53:ListHostedZonesByName"], "Resource": "*"},
            ),
        ),
    )


def load_balancers(context: Context, cell: str, namespace: str) -> PlatformIdentityPlan:
    """Makes the ingress' network load balancers. What it changes must carry the cluster's tag (after the controller's own policy, v3)."""
    target, cluster = shared.target(context, cell), shared.cluster(context, cell)
    cluster_tag = "elbv2.k8s.aws/cluster"
    ours: Mapping[str, Json] = {"StringEquals": {f"aws:ResourceTag/{cluster_tag}": cluster}}
    made: Mapping[str, Json] = {"StringEquals": {f"aws:RequestTag/{cluster_tag}": cluster}}
    balancers: list[Json] = [
        target.arn("elasticloadbalancing", f"{kind}/*") for kind in ("loadbalancer/net", "targetgroup", "listener/net")
    ]
    groups = target.arn("ec2", "security-group/*")
    return PlatformIdentityPlan(
        namespace=namespace,
        service_account="aws-load-balancer-controller",
        role=RolePlan(
            name=platform_role(context, cell, "balancers"),
            description=f"AWS Load Balancer Controller of cell {cell}",
            trust=(pod_trust(target, cluster),),
            statements=(
                {"Effect": "Allow", "Action": list(BALANCER_READS), "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": [
                        "elasticloadbalancing:CreateListener",
                        "elasticloadbalancing:CreateLoadBalancer",
                        "elasticloadbalancing:CreateTargetGroup",
                    ],
                    "Resource": balancers,
                    "Condition": dict(made),
                },
                {
                    "Effect": "Allow",
                    "Action": ["elasticloadbalancing:AddTags"],
                    "Resource": balancers,
                    "Condition": {
                        "StringEquals": {
                            "elasticloadbalancing:CreateAction": [
                                "CreateListener",
                                "CreateLoadBalancer",
                                "CreateTargetGroup",
                            ]
                        }
                    },
                },
                {"Effect": "Allow", "Action": list(BALANCER_CHANGES), "Resource": balancers, "Condition": dict(ours)},
                {
                    "Effect": "Allow",
                    "Action": ["ec2:CreateSecurityGroup"],
                    "Resource": [groups, target.arn("ec2", "vpc/*")],
                },
                {
                    "Effect": "Allow",
                    "Action": ["ec2:CreateTags"],
                    "Resource": groups,
                    "Condition": {
                        "StringEquals": {
                            "ec2:CreateAction": "CreateSecurityGroup",
                            f"aws:RequestTag/{cluster_tag}": cluster,
                        }
                    },
                },
                {
                    "Effect": "Allow",
                    "Action": [
                        "ec2:AuthorizeSecurityGroupIngress",
                        "ec2:DeleteSecurityGroup",
                        "ec2:RevokeSecurityGroupIngress",
                    ],
                    "Resource": groups,
                    "Condition": dict(ours),
                },
            ),
        ),
    )


def cluster_autoscaler(context: Context, cell: str, namespace: str) -> PlatformIdentityPlan:
    """Changes the size of this cluster's node groups, tenants' own included, and of no other group: EKS tags each of them with its cluster, and
    tells their labels and taints, without which a pool could not be started from nothing (after the autoscaler's own policy)."""
    target, cluster = shared.target(context, cell), shared.cluster(context, cell)
    return PlatformIdentityPlan(
        namespace=namespace,
        service_account="cluster-autoscaler",
        role=RolePlan(
            name=platform_role(context, cell, "autoscaler"),
            description=f"Cluster Autoscaler of cell {cell}",
            trust=(pod_trust(target, cluster),),
            statements=(
                {"Effect": "Allow", "Action": list(AUTOSCALER_READS), "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": ["eks:DescribeNodegroup"],
                    "Resource": target.arn("eks", f"nodegroup/{cluster}/*"),
                },
                {
                    "Effect": "Allow",
                    "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                    "Resource": target.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),
                    "Condition": {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}},
                },
            ),
        ),
    )


AUTOSCALER_READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
)
BALANCER_READS = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
BALANCER_CHANGES = (
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
)


def pooled_workers(context: Context, cell: str, service_class: str) -> PlatformIdentityPlan:
    """The shared workers of a class read and write below the class' prefix of the cell's bucket, and nothing of another class."""
    target, estate = shared.target(context, cell), context.estate.estate
    bucket = shared.cell_bucket(context, cell, "attachments")
    return PlatformIdentityPlan(
        namespace=shared.pooled_namespace(service_class),
        service_account=shared.SERVICE_ACCOUNT,
        role=RolePlan(
            name=pooled_role(context, cell, service_class),
            description=f"Pooled Odoo workers of {service_class} in cell {cell}",
            trust=(pod_trust(target, shared.cluster(context, cell)),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket"],
                    "Resource": f"arn:aws:s3:::{bucket}",
                    "Condition": {"StringLike": {"s3:prefix": f"{part(service_class)}/*"}},
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                    "Resource": f"arn:aws:s3:::{bucket}/{part(service_class)}/*",
                },
                use_key(target, data_key_alias(estate, cell), "s3", ["kms:Decrypt", "kms:GenerateDataKey"]),
            ),
        ),
    )
