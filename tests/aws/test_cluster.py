"""Who reaches a cluster, and what its nodes give away."""

import base64
from dataclasses import replace

from tests.aws.recording import GIVEN_NETWORK, one, recorded
from tests.compose.plans import cluster, node_pool

from odoo_estate.aws.cluster import Cluster
from odoo_estate.aws.node_pool import NodePool
from odoo_estate.aws.node_user_data import user_data
from odoo_estate.plan import ClusterPlan, NodePoolPlan
from odoo_estate.preview.graph import Graph


def _cluster(plan: ClusterPlan) -> Graph:
    return recorded(
        lambda opts: Cluster(
            "x", {"plan": plan, "network": GIVEN_NETWORK, "key_arn": "arn:key", "log_key_arn": "arn:logs"}, opts
        )
    )


def _pool(plan: NodePoolPlan, key_arn: str | None = None) -> Graph:
    return recorded(
        lambda opts: NodePool(
            "x",
            {
                "plan": plan,
                "cluster_name": "acme-eu-1",
                "node_role_arn": "arn:role",
                "network": GIVEN_NETWORK,
                "tags": {"tenant": "shared"},
                "key_arn": key_arn,
            },
            opts,
        )
    )


def test_the_api_server_has_no_public_endpoint_unless_networks_are_named() -> None:
    access = one(_cluster(cluster()), "eks/cluster:Cluster").inputs["vpcConfig"]
    assert (access["endpointPrivateAccess"], access["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in access
    named = replace(cluster(), public_access_cidrs=("192.0.2.0/24",))
    access = one(_cluster(named), "eks/cluster:Cluster").inputs["vpcConfig"]
    assert access["endpointPublicAccess"] is True
    assert access["publicAccessCidrs"] == ["192.0.2.0/24"]


def test_only_named_administrators_get_in_not_even_whoever_made_it() -> None:
    graph = _cluster(cluster())
    access = one(graph, "eks/cluster:Cluster").inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    entries = graph.of_type("aws:eks/accessEntry:AccessEntry")
    role = "arn:aws:iam::111111111111:role/"
    assert {entry.inputs["principalArn"]: entry.inputs["kubernetesGroups"] for entry in entries} == {
        f"{role}operator": ["estate:automation"],
        f"{role}acme-partner-bright": ["partner:bright"],
    }


def test_a_partner_gets_what_its_group_has_and_no_policy_of_aws_on_top() -> None:
    (admin,) = _cluster(cluster()).of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert admin.name == "x-operator"
    assert admin.inputs["policyArn"].endswith(":cluster-access-policy/AmazonEKSClusterAdminPolicy")
    assert admin.inputs["accessScope"] == {"type": "cluster"}


def test_a_failing_zone_can_be_taken_out_of_the_clusters_traffic() -> None:
    assert one(_cluster(cluster()), "eks/cluster:Cluster").inputs["zonalShiftConfig"] == {"enabled": True}


def test_secrets_are_encrypted_and_everything_is_logged() -> None:
    inputs = one(_cluster(cluster()), "eks/cluster:Cluster").inputs
    assert inputs["encryptionConfig"] == {"provider": {"keyArn": "arn:key"}, "resources": ["secrets"]}
    assert len(inputs["enabledClusterLogTypes"]) == 5
    log = one(_cluster(cluster()), "cloudwatch/logGroup:LogGroup").inputs
    assert log["name"] == "/aws/eks/acme-eu-1/cluster"
    assert (log["retentionInDays"], log["kmsKeyId"]) == (365, "arn:logs")


def test_no_paid_extended_support_by_accident() -> None:
    assert one(_cluster(cluster()), "eks/cluster:Cluster").inputs["upgradePolicy"] == {"supportType": "STANDARD"}


def test_the_network_addon_acts_as_a_role_of_its_own_not_as_the_node() -> None:
    graph = _cluster(cluster())
    addon = one(graph, "eks/addon:Addon", "x-vpc-cni").inputs
    assert addon["podIdentityAssociations"][0]["serviceAccount"] == "aws-node"
    assert addon["configurationValues"] == '{"enableNetworkPolicy": "true"}'
    attached = {
        node.inputs["policyArn"].rpartition("/")[2]
        for node in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if node.name.startswith("x-node-")
    }
    assert "AmazonEKS_CNI_Policy" not in attached


def test_a_pod_cannot_ask_the_node_for_its_credentials() -> None:
    options = one(_pool(node_pool()), "ec2/launchTemplate:LaunchTemplate").inputs["metadataOptions"]
    assert options == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


def test_instances_and_volumes_carry_the_tags_that_default_tags_do_not_reach() -> None:
    template = one(_pool(node_pool()), "ec2/launchTemplate:LaunchTemplate").inputs
    tagged = {one["resourceType"]: one["tags"]["tenant"] for one in template["tagSpecifications"]}
    assert tagged == {"instance": "shared", "volume": "shared", "network-interface": "shared"}


def test_node_volumes_are_encrypted_gp3() -> None:
    volume = one(_pool(node_pool()), "ec2/launchTemplate:LaunchTemplate").inputs["blockDeviceMappings"][0]
    assert volume["deviceName"] == "/dev/xvda"
    assert volume["ebs"]["encrypted"] == "true"
    assert (volume["ebs"]["volumeType"], volume["ebs"]["volumeSize"]) == ("gp3", 80)


def test_the_autoscaler_keeps_the_number_of_nodes_it_chose() -> None:
    group = one(_pool(node_pool()), "eks/nodeGroup:NodeGroup")
    assert group.options.ignore_changes == ("scalingConfig.desiredSize",)
    assert group.inputs["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 6}


def test_a_node_group_is_auto_named_so_that_its_successor_comes_first() -> None:
    inputs = one(_pool(node_pool()), "eks/nodeGroup:NodeGroup").inputs
    assert not {"nodeGroupName", "nodeGroupNamePrefix"} & set(inputs)
    assert inputs["taints"] == [{"key": "workload", "value": "web", "effect": "NO_SCHEDULE"}]


def test_nodes_hold_as_many_pods_as_the_address_plan_counts_on() -> None:
    assert "maxPods: 58" in base64.b64decode(user_data(node_pool())).decode()
    bottlerocket = replace(node_pool(), ami_type="BOTTLEROCKET_ARM_64")
    assert base64.b64decode(user_data(bottlerocket)).decode() == "[settings.kubernetes]\nmax-pods = 58\n"
    template = one(_pool(bottlerocket), "ec2/launchTemplate:LaunchTemplate").inputs
    system, data = template["blockDeviceMappings"]
    assert (system["deviceName"], data["deviceName"]) == ("/dev/xvda", "/dev/xvdb")
    assert system["ebs"]["encrypted"] == data["ebs"]["encrypted"] == "true"
    assert "volumeSize" not in system["ebs"] and data["ebs"]["volumeSize"] == 80


def test_a_nodes_key_encrypts_every_volume_of_its_image() -> None:
    bottlerocket = replace(node_pool(), ami_type="BOTTLEROCKET_ARM_64")
    template = one(_pool(bottlerocket, "arn:key"), "ec2/launchTemplate:LaunchTemplate").inputs
    assert [volume["ebs"]["kmsKeyId"] for volume in template["blockDeviceMappings"]] == ["arn:key"] * 2


def test_nodes_follow_a_version_that_is_written_down_and_are_never_forced_off() -> None:
    group = one(_pool(replace(node_pool(), image_release="1.35.1-20261101")), "eks/nodeGroup:NodeGroup").inputs
    assert (group["version"], group["releaseVersion"]) == ("1.35", "1.35.1-20261101")
    assert "releaseVersion" not in one(_pool(node_pool()), "eks/nodeGroup:NodeGroup").inputs
    assert "forceUpdateVersion" not in group
    assert group["updateConfig"] == {"maxUnavailablePercentage": 33}
    assert group["nodeRepairConfig"] == {"enabled": True}
