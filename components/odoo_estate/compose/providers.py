"""The providers of a stack, all explicit: nothing ever falls through to whatever account the caller happens to be in."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from odoo_estate.aws.references import ClusterRef
from odoo_estate.plan import AwsTarget


def aws_provider(name: str, target: AwsTarget, tags: Mapping[str, str]) -> aws.Provider:
    """Works in ``target`` only (another account is refused), as its role where it names one; puts ``tags`` on all that it makes."""
    return aws.Provider(
        name,
        region=target.region,
        allowed_account_ids=[target.account],
        # A provider's settings travel as JSON text, in which the keys of plain dictionaries would stay as they are written here.
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role_arn(target))] if target.role else None,
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(tags)),
    )


def random_provider() -> random.Provider:
    """For generated passwords."""
    return random.Provider("random")


def role_arn(target: AwsTarget) -> str:
    """The role that is assumed in ``target``."""
    return target.arn("iam", f"role/{target.role}", regional=False)


def cluster_arn(target: AwsTarget, cluster: str) -> str:
    """The ARN of the EKS cluster named ``cluster``."""
    return target.arn("eks", f"cluster/{cluster}")


def kubernetes_provider(name: str, target: AwsTarget, cluster: str, ref: ClusterRef) -> kubernetes.Provider:
    """Talks to the cluster named ``cluster``. Its identity is the cluster's ARN: a changed endpoint or kubeconfig replaces nothing."""
    return kubernetes.Provider(
        name,
        kubeconfig=pulumi.Output.json_dumps(kubeconfig(target, cluster, ref)),
        cluster_identifier=cluster_arn(target, cluster),
        enable_server_side_apply=True,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def kubeconfig(target: AwsTarget, cluster: str, ref: ClusterRef) -> dict[str, Any]:
    """A kubeconfig without credentials: each call asks AWS for a short-lived token."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster,
        "clusters": [
            {
                "name": cluster,
                "cluster": {"server": ref.endpoint, "certificate-authority-data": ref.certificate_authority},
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "users": [{"name": cluster, "user": {"exec": _token_command(target, cluster)}}],
    }


def _token_command(target: AwsTarget, cluster: str) -> dict[str, Any]:
    role: Sequence[str] = ("--role-arn", role_arn(target)) if target.role else ()
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster, "--region", target.region, *role],
        "interactiveMode": "Never",
    }
