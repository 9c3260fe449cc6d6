"""EKS, IAM, KMS, ECR. Forced replacements: Terraform AWS provider schemas, read 2026-11."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.provider.aws.kind import Kind, protected
from sandbox.provider.aws.place import Minted
from sandbox.provider.wire import Properties, plain

_CLUSTER = "aws:eks/cluster:Cluster"
_ROLE = "aws:iam/role:Role"


def _certificate(minted: Minted) -> str:
    body = f"sandbox certificate of {minted['name']} {minted['hex32_ca']}"
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(body.encode()).decode()}\n-----END CERTIFICATE-----\n"
    return base64.b64encode(pem.encode()).decode()


def _network(minted: Minted) -> Any:
    given = plain(minted.inputs.get("vpcConfig") or {})
    return {
        "endpointPrivateAccess": False,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["0.0.0.0/0"],
        **given,
        "clusterSecurityGroupId": minted["sg"],
        "vpcId": minted.get("vpc", ""),
    }


def _service_network(minted: Minted) -> Any:
    return {
        "ipFamily": "ipv4",
        "serviceIpv4Cidr": "172.20.0.0/16",
        **plain(minted.inputs.get("kubernetesNetworkConfig") or {}),
    }


def _scaling_resources(minted: Minted) -> list[dict[str, Any]]:
    group = minted.fill("eks-{in[nodeGroupName]}-{uuid_asg}")
    return [{"autoscalingGroups": [{"name": group}], "remoteAccessSecurityGroupId": ""}]


def _target_key_arn(minted: Minted) -> str:
    target = str(minted["in"]["targetKeyId"])
    return target if target.startswith("arn:") else minted.fill("arn:{partition}:kms:{region}:{account}:key/" + target)


def _one_minor_up(old: Properties, new: Properties) -> str | None:
    """EKS takes a control plane one minor version further, and never back."""
    before, after = str(old.get("version") or ""), str(new.get("version") or "")
    if not before or not after or int(after.rpartition(".")[2]) - int(before.rpartition(".")[2]) in (0, 1):
        return None
    return f"InvalidParameterException: Unsupported Kubernetes minor version update from {before} to {after}"


KINDS: dict[str, Kind] = {
    _CLUSTER: Kind(
        "EKS:Cluster", "{name}", "cluster/{name}", longest=100,
        replaces=(
            "name", "roleArn", "bootstrapSelfManagedAddons", "encryptionConfig", "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr", "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "outpostConfig",
        ),
        outputs={
            "endpoint": "https://{upper32}.gr7.{region}.eks.{dns}",
            "certificateAuthority": {"data": _certificate},
            "identities": [{"oidcs": [{"issuer": "https://oidc.eks.{region}.{dns}/id/{upper32}"}]}],
            "vpcConfig": _network, "kubernetesNetworkConfig": _service_network,
            "platformVersion": "eks.1", "status": "ACTIVE", "version": "1.36", "clusterId": None,
            "accessConfig": {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True},
        },
        known_as=("endpoint",),
        unique="{name}", taken="ResourceInUseException: Cluster already exists with name: {name}",
        held_by=("aws:eks/nodeGroup:NodeGroup", "aws:eks/fargateProfile:FargateProfile"),
        held="ResourceInUseException: Cluster has nodegroups attached",
        refuse_change=_one_minor_up,
        guard=protected(
            "deletionProtection",
            "InvalidRequestException: The cluster {id} has deletion protection enabled; disable it first",
        ),
    ),
    "aws:eks/nodeGroup:NodeGroup": Kind(
        "EKS:Nodegroup", "{in[clusterName]}:{name}", "nodegroup/{in[clusterName]}/{name}/{uuid}", name="nodeGroupName",
        longest=63, refers={"clusterName": _CLUSTER},
        replaces=(
            "clusterName", "nodeGroupName", "nodeGroupNamePrefix", "amiType", "capacityType", "diskSize", "instanceTypes",
            "nodeRoleArn", "subnetIds", "launchTemplate.id", "launchTemplate.name", "remoteAccess",
        ),
        outputs={"status": "ACTIVE", "resources": _scaling_resources, "capacityType": "ON_DEMAND", "version": "1.36"},
        unique="{in[clusterName]}/{name}",
        taken="ResourceInUseException: NodeGroup already exists with name {name} and cluster name {in[clusterName]}",
    ),
    "aws:eks/addon:Addon": Kind(
        "EKS:Addon", "{in[clusterName]}:{in[addonName]}", "addon/{in[clusterName]}/{in[addonName]}/{uuid}", name=None,
        refers={"clusterName": _CLUSTER}, replaces=("clusterName", "addonName"), outputs={"addonVersion": "v1.0.0-eksbuild.1"},
        unique="{in[clusterName]}/{in[addonName]}", taken="ResourceInUseException: Addon already exists.",
    ),
    "aws:eks/accessEntry:AccessEntry": Kind(
        "EKS:AccessEntry", "{in[clusterName]}:{in[principalArn]}", "access-entry/{in[clusterName]}/role/{account}/{uuid}",
        name=None, refers={"clusterName": _CLUSTER}, replaces=("clusterName", "principalArn", "type"),
        outputs={"accessEntryArn": "{arn}", "type": "STANDARD"}, unique="{in[clusterName]}/{in[principalArn]}",
        taken="ResourceInUseException: The specified access entry resource is already in use on this cluster.",
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Kind(
        "EKS:AccessPolicy", "{in[clusterName]}#{in[principalArn]}#{in[policyArn]}", name=None,
        refers={"clusterName": _CLUSTER}, replaces=("clusterName", "principalArn", "policyArn", "accessScope"),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Kind(
        "EKS:PodIdentityAssociation", "a-{base17}", "arn:{partition}:eks:{region}:{account}:podidentityassociation/{in[clusterName]}/{id}",
        name=None, refers={"clusterName": _CLUSTER}, replaces=("clusterName", "namespace", "serviceAccount"),
        outputs={"associationArn": "{arn}", "associationId": "{id}"},
        unique="{in[clusterName]}/{in[namespace]}/{in[serviceAccount]}",
        taken="ResourceInUseException: Association already exists: {in[namespace]}/{in[serviceAccount]}",
    ),
    _ROLE: Kind(
        "IAM:Role", "{name}", "arn:{partition}:iam::{account}:role{path}{name}", longest=64,
        replaces=("name", "namePrefix", "path"), outputs={"uniqueId": "AROA{upper17}", "createDate": "2026-01-01T00:00:00Z"},
        unique="{name}", unique_in="account", taken="EntityAlreadyExists: Role with name {name} already exists.",
        held_by=(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/rolePolicy:RolePolicy",
            "aws:iam/instanceProfile:InstanceProfile",
        ),
        held="DeleteConflict: Cannot delete entity, must detach all policies first.",
    ),
    "aws:iam/policy:Policy": Kind(
        "IAM:Policy", "{arn}", "arn:{partition}:iam::{account}:policy{path}{name}", longest=128,
        replaces=("name", "namePrefix", "path", "description"), outputs={"policyId": "ANPA{upper17}", "attachmentCount": 0},
        unique="{name}", unique_in="account",
        taken="EntityAlreadyExists: A policy called {name} already exists. Duplicate names are not allowed.",
        held_by=("aws:iam/rolePolicyAttachment:RolePolicyAttachment",),
        held="DeleteConflict: Cannot delete a policy attached to entities.",
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        "IAM:RolePolicy", "{in[role]}:{name}", replaces=("name", "namePrefix", "role"), refers={"role": _ROLE}, longest=128,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        "IAM:RolePolicy", "{in[role]}/{in[policyArn]}", name=None, replaces=("role", "policyArn"), refers={"role": _ROLE},
    ),
    "aws:iam/instanceProfile:InstanceProfile": Kind(
        "IAM:InstanceProfile", "{name}", "arn:{partition}:iam::{account}:instance-profile{path}{name}", longest=128,
        replaces=("name", "namePrefix", "path"), refers={"role": _ROLE}, unique="{name}", unique_in="account",
        taken="EntityAlreadyExists: Instance Profile {name} already exists.",
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Kind(
        "IAM:OpenIDConnectProvider", "{arn}",
        "arn:{partition}:iam::{account}:oidc-provider/{url}", name=None, replaces=("url",),
        unique="{url}", unique_in="account",
        taken="EntityAlreadyExists: Provider with url https://{url} already exists.",
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": Kind(
        "IAM:ServiceLinkedRole", "{arn}",
        "arn:{partition}:iam::{account}:role/aws-service-role/{in[awsServiceName]}/AWSServiceRoleFor{service}", name=None,
        unique="{in[awsServiceName]}/{in[customSuffix]}", unique_in="account", replaces=("awsServiceName", "customSuffix"),
        taken="InvalidInput: Service role name AWSServiceRoleFor{service} has been taken in this account",
    ),
    "aws:iam/user:User": Kind(
        "IAM:User", "{name}", "arn:{partition}:iam::{account}:user{path}{name}", longest=64, unique="{name}",
        unique_in="account", taken="EntityAlreadyExists: User with name {name} already exists.",
        outputs={"uniqueId": "AIDA{upper17}"},
    ),
    "aws:iam/group:Group": Kind(
        "IAM:Group", "{name}", "arn:{partition}:iam::{account}:group{path}{name}", longest=128, unique="{name}",
        unique_in="account", taken="EntityAlreadyExists: Group with name {name} already exists.",
    ),
    "aws:iam/samlProvider:SamlProvider": Kind(
        "IAM:SAMLProvider", "{arn}", "arn:{partition}:iam::{account}:saml-provider/{name}", unique="{name}",
        unique_in="account", replaces=("name",), taken="EntityAlreadyExists: SAML provider {name} already exists.",
    ),
    "aws:iam/accountAlias:AccountAlias": Kind("IAM:AccountAlias", "{in[accountAlias]}", name=None, replaces=("accountAlias",)),
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy": Kind(
        "IAM:AccountPasswordPolicy", "iam-account-password-policy", name=None,
    ),
    "aws:kms/key:Key": Kind(
        "KMS:Key", "{kms}", "key/{id}", name=None,
        replaces=("multiRegion", "keyUsage", "customerMasterKeySpec", "customKeyStoreId", "xksKeyId"),
        outputs={"keyId": "{id}", "rotationPeriodInDays": 365},
    ),
    "aws:kms/replicaKey:ReplicaKey": Kind(
        "KMS:ReplicaKey", "{primary}", "key/{id}", name=None, replaces=("primaryKeyArn",),
        outputs={"keyId": "{id}", "keyUsage": "ENCRYPT_DECRYPT", "keySpec": "SYMMETRIC_DEFAULT"},
    ),
    "aws:kms/alias:Alias": Kind(
        "KMS:Alias", "{name}", "{name}", prefix="alias/", replaces=("name", "namePrefix"),
        refers={"targetKeyId": "aws:kms/key:Key"},
        unique="{name}", taken="AlreadyExistsException: An alias with the name {name} already exists",
        outputs={"targetKeyArn": _target_key_arn},
    ),
    "aws:kms/keyPolicy:KeyPolicy": Kind("KMS:KeyPolicy", "{in[keyId]}", name=None, replaces=("keyId",)),
    "aws:kms/grant:Grant": Kind("KMS:Grant", "{in[keyId]}:{hex64}", outputs={"grantId": "{hex64}"}),
    "aws:ecr/repository:Repository": Kind(
        "ECR:Repository", "{name}", "repository/{name}", lower=True, longest=256,
        replaces=("name", "encryptionConfigurations"), unique="{name}",
        outputs={"repositoryUrl": "{account}.dkr.ecr.{region}.{dns}/{name}", "registryId": "{account}"},
        taken="RepositoryAlreadyExistsException: The repository with name '{name}' already exists in the registry with id '{account}'",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Kind(
        "ECR:LifecyclePolicy", "{in[repository]}", name=None, replaces=("repository",),
        refers={"repository": "aws:ecr/repository:Repository"}, outputs={"registryId": "{account}"},
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Kind(
        "ECR:RepositoryPolicy", "{in[repository]}", name=None, replaces=("repository",),
        refers={"repository": "aws:ecr/repository:Repository"}, outputs={"registryId": "{account}"},
    ),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": Kind(
        "ECR:PullThroughCacheRule", "{in[ecrRepositoryPrefix]}", name=None, outputs={"registryId": "{account}"},
        replaces=("ecrRepositoryPrefix", "upstreamRegistryUrl"), unique="{in[ecrRepositoryPrefix]}",
        taken="PullThroughCacheRuleAlreadyExistsException: rule for {in[ecrRepositoryPrefix]} already exists",
    ),
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": Kind(
        "ECR:ReplicationConfiguration", "{account}", name=None, outputs={"registryId": "{account}"},
    ),
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": Kind(
        "ECR:RegistryScanningConfiguration", "{account}", name=None, outputs={"registryId": "{account}"},
    ),
    "aws:ecr/registryPolicy:RegistryPolicy": Kind(
        "ECR:RegistryPolicy", "{account}", name=None, outputs={"registryId": "{account}"},
    ),
}  # fmt: skip
