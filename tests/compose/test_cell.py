"""What a cell promises to its tenants and to whoever runs it."""

import json
from dataclasses import replace
from itertools import pairwise

from tests.compose import plans
from tests.compose.graphs import cell, names, needs, one, recorded, statements

from odoo_estate.decide.lifting import lift_protection
from odoo_estate.preview.graph import Graph, Node, is_secret

CUSTOM = "aws:"


def test_every_resource_goes_through_the_cells_own_providers() -> None:
    graph = cell()
    used = {node.provider.rpartition("::")[2] for node in graph if node.custom and node.provider}
    assert used == {"aws", "aws-dns", "random"}
    assert all(node.provider for node in graph if node.custom and node.type.startswith(CUSTOM))


def test_the_provider_refuses_another_account_and_tags_everything() -> None:
    provider = next(node for node in cell().of_type("pulumi:providers:aws") if node.name == "aws")
    assert json.loads(provider.inputs["allowedAccountIds"]) == [plans.WORKLOAD]
    assert provider.inputs["region"] == plans.REGION
    assert json.loads(provider.inputs["defaultTags"]) == {"tags": plans.TAGS}
    role = f"arn:aws:iam::{plans.WORKLOAD}:role/automation"
    assert json.loads(provider.inputs["assumeRoles"]) == [{"roleArn": role}]


def test_every_name_in_the_plan_is_the_name_in_aws() -> None:
    graph = cell()
    assert one(graph, "eks/cluster:Cluster", "cluster").inputs["name"] == "acme-eu-1"
    assert one(graph, "rds/instance:Instance", "database-main").inputs["identifier"] == "acme-eu-1-main"
    group = one(graph, "elasticache/replicationGroup:ReplicationGroup", "cache-main")
    assert group.inputs["replicationGroupId"] == "acme-eu-1"
    assert one(graph, "s3/bucket:Bucket", "bucket-attachments").inputs["bucket"] == "acme-eu-1-attachments"
    assert one(graph, "kms/alias:Alias", "key-data").inputs["name"] == "alias/acme-eu-1-data"
    assert one(graph, "backup/vault:Vault", "vault-primary").inputs["name"] == "acme-eu-1"
    assert one(graph, "sns/topic:Topic", "alerts").inputs["name"] == "acme-eu-1-alerts"


def test_a_neighbour_moves_no_logical_name() -> None:
    plan = plans.cell()
    more = replace(
        plan,
        databases={"another": plans.database("acme-eu-1-another"), **plan.databases},
        node_pools={"another": plans.node_pool("another"), **plan.node_pools},
        buckets={"another": plans.bucket("acme-eu-1-another"), **plan.buckets},
    )
    before, after = {node.urn for node in cell()}, {node.urn for node in recorded(more)}
    assert before < after
    assert all("another" in urn for urn in after - before)


def test_the_network_outlives_the_cluster_and_the_cluster_its_nodes() -> None:
    graph = cell()
    cluster = one(graph, "eks/cluster:Cluster", "cluster")
    for name in ("nodes-web", "nodes-background"):
        nodes = one(graph, "eks/nodeGroup:NodeGroup", name)
        assert needs(graph, nodes, cluster)
        for zone in "abc":
            assert needs(graph, nodes, one(graph, "ec2/route:Route", f"network-private-{zone}"))
            assert needs(
                graph, nodes, one(graph, "ec2/routeTableAssociation:RouteTableAssociation", f"network-private-{zone}")
            )
        for endpoint in ("s3", "ecr.api", "sts"):
            assert needs(graph, nodes, one(graph, "ec2/vpcEndpoint:VpcEndpoint", f"network-endpoint-{endpoint}"))
        assert needs(graph, one(graph, "eks/addon:Addon", "addons-coredns"), nodes)
    for zone in "abc":
        assert needs(graph, cluster, one(graph, "ec2/subnet:Subnet", f"network-private-{zone}"))


def test_the_network_comes_up_from_the_outside_in_and_goes_the_other_way() -> None:
    graph = cell()
    gateway = one(graph, "ec2/internetGateway:InternetGateway", "network")
    for zone in "abc":
        nat = one(graph, "ec2/natGateway:NatGateway", f"network-{zone}")
        address = one(graph, "ec2/eip:Eip", f"network-nat-{zone}")
        # A NAT gateway without a way out never becomes available, and its address cannot be given back while the gateway is there.
        for earlier in (gateway, address, one(graph, "ec2/route:Route", "network-public")):
            assert needs(graph, nat, earlier)
        assert needs(graph, address, gateway)
        assert needs(graph, one(graph, "ec2/route:Route", f"network-private-{zone}"), nat)
        assert needs(
            graph, nat, one(graph, "ec2/routeTableAssociation:RouteTableAssociation", f"network-public-{zone}")
        )


def test_nothing_that_holds_an_address_outlives_its_subnet() -> None:
    """The other way round AWS answers DependencyViolation until the engine gives up."""
    graph = cell()
    database = [one(graph, "ec2/subnet:Subnet", f"network-database-{zone}") for zone in "abc"]
    private = [one(graph, "ec2/subnet:Subnet", f"network-private-{zone}") for zone in "abc"]
    holders = {
        "aws:rds/instance:Instance": database,
        "aws:elasticache/replicationGroup:ReplicationGroup": database,
        "aws:eks/nodeGroup:NodeGroup": private,
        "aws:eks/cluster:Cluster": private,
    }
    for kind, subnets in holders.items():
        for node in graph.of_type(kind):
            if "replicateSourceDb" not in node.inputs:
                assert all(needs(graph, node, subnet) for subnet in subnets), node.name
    for endpoint in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        if endpoint.inputs["vpcEndpointType"] == "Interface":
            assert all(needs(graph, endpoint, subnet) for subnet in private)


def test_databases_and_caches_come_into_subnets_that_are_closed_already() -> None:
    graph = cell()
    for node in (
        *graph.of_type("aws:rds/instance:Instance"),
        *graph.of_type("aws:elasticache/replicationGroup:ReplicationGroup"),
    ):
        for zone in "abc":
            closed = one(graph, "ec2/networkAclAssociation:NetworkAclAssociation", f"network-database-{zone}")
            assert needs(graph, node, closed), (node.name, zone)


def test_nodes_wait_for_the_addons_that_make_them_ready() -> None:
    graph = cell()
    nodes = one(graph, "eks/nodeGroup:NodeGroup", "nodes-web")
    for addon in ("cluster-vpc-cni", "cluster-eks-pod-identity-agent"):
        assert needs(graph, nodes, one(graph, "eks/addon:Addon", addon))
    assert not needs(graph, one(graph, "eks/addon:Addon", "cluster-vpc-cni"), nodes)


def test_an_upgrade_replaces_the_nodes_of_one_pool_at_a_time_and_the_control_plane_goes_first() -> None:
    plan = plans.cell()
    graph = recorded(replace(plan, node_pools={key: plans.node_pool(key) for key in ("system", "general", "edi")}))
    pools = [one(graph, "eks/nodeGroup:NodeGroup", f"nodes-{key}") for key in ("edi", "general", "system")]
    for earlier, later in pairwise(pools):
        assert needs(graph, later, earlier) and not needs(graph, earlier, later)
    for addon in ("cluster-vpc-cni", "cluster-eks-pod-identity-agent"):
        assert needs(graph, pools[0], one(graph, "eks/addon:Addon", addon))
    assert needs(graph, one(graph, "eks/addon:Addon", "addons-coredns"), pools[-1])


def test_who_reaches_the_cluster_loses_that_before_the_cluster_goes() -> None:
    graph = cell()
    cluster = one(graph, "eks/cluster:Cluster", "cluster")
    for kind in ("accessEntry:AccessEntry", "accessPolicyAssociation:AccessPolicyAssociation"):
        assert needs(graph, one(graph, f"eks/{kind}", "cluster-operator"), cluster)
    entry = one(graph, "eks/accessEntry:AccessEntry", "cluster-operator")
    assert needs(graph, one(graph, "eks/accessPolicyAssociation:AccessPolicyAssociation", "cluster-operator"), entry)


def test_everything_that_acts_through_the_cluster_is_gone_before_it_and_its_network_after() -> None:
    # Destroyed in the order of the graph turned round: a security group or subnet that something still uses cannot go.
    graph = cell()
    cluster = one(graph, "eks/cluster:Cluster", "cluster")
    for type_token in (
        "eks/nodeGroup:NodeGroup",
        "eks/addon:Addon",
        "eks/podIdentityAssociation:PodIdentityAssociation",
    ):
        for node in graph.of_type(f"aws:{type_token}"):
            assert needs(graph, node, cluster), node.name
    for type_token in (
        "ec2/subnet:Subnet",
        "ec2/route:Route",
        "ec2/natGateway:NatGateway",
        "ec2/vpcEndpoint:VpcEndpoint",
    ):
        for node in graph.of_type(f"aws:{type_token}"):
            assert needs(graph, cluster, node), node.name
    roles = [
        node
        for node in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if node.name.startswith("cluster-node-")
    ]
    pool = one(graph, "eks/nodeGroup:NodeGroup", "nodes-web")
    assert len(roles) == 3 and all(needs(graph, pool, role) for role in roles)


def test_the_control_plane_keeps_its_role_and_log_until_it_is_gone() -> None:
    graph = cell()
    cluster = one(graph, "eks/cluster:Cluster", "cluster")
    assert needs(graph, cluster, one(graph, "cloudwatch/logGroup:LogGroup", "cluster"))
    attachment = one(graph, "iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-AmazonEKSClusterPolicy")
    assert needs(graph, cluster, attachment)


def test_only_nodes_reach_databases_and_caches() -> None:
    graph = cell()
    for name in ("database-main", "database-reporting", "cache-main"):
        group = one(graph, "ec2/securityGroup:SecurityGroup", name)
        rules = [
            node
            for node in graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
            if group.urn in node.dependencies
        ]
        assert [rule.name for rule in rules] == [f"{name}-nodes"]
        assert "cidrIpv4" not in rules[0].inputs
        assert "clusterSecurityGroupId" in rules[0].inputs["referencedSecurityGroupId"]
    assert not names(graph, "vpc/securityGroupEgressRule:SecurityGroupEgressRule")


def _life(graph: Graph, database: str) -> Node:
    """What ends the name of the instance's final snapshot."""
    (found,) = [
        node for node in graph.of_type("random:index/randomId:RandomId") if node.name == f"{database}-final-snapshot"
    ]
    return found


def test_what_holds_data_is_protected_in_the_engine_and_in_aws() -> None:
    graph = cell()
    for database in ("database-main", "database-reporting"):
        node = one(graph, "rds/instance:Instance", database)
        assert node.protect
        assert node.options.retain_on_delete
        assert node.inputs["deletionProtection"] is True
        assert node.inputs["skipFinalSnapshot"] is False
        life = _life(graph, database)
        assert life.inputs["prefix"] == f"{node.inputs['identifier']}-final-"
        assert str(node.inputs["finalSnapshotIdentifier"]) == f"${{{life.urn}.hex}}"
        assert node.inputs["deleteAutomatedBackups"] is False
    cluster = one(graph, "eks/cluster:Cluster", "cluster")
    assert cluster.protect and cluster.inputs["deletionProtection"] is True
    for node in (
        *graph.of_type("aws:s3/bucket:Bucket"),
        *graph.of_type("aws:kms/key:Key"),
        *graph.of_type("aws:backup/vault:Vault"),
        *graph.of_type("aws:elasticache/replicationGroup:ReplicationGroup"),
    ):
        assert node.protect and node.options.retain_on_delete, node.name
        assert node.inputs.get("forceDestroy", False) is False
    assert one(graph, "route53/zone:Zone", "zone").protect


def test_lifting_protection_leaves_nothing_that_refuses_to_go() -> None:
    graph = recorded(lift_protection(plans.cell()))
    assert [node.name for node in graph if node.protect or node.options.retain_on_delete] == []
    for node in graph.of_type("aws:rds/instance:Instance"):
        assert node.inputs["deletionProtection"] is False
        assert node.inputs["skipFinalSnapshot"] is True
        assert "finalSnapshotIdentifier" not in node.inputs
    for node in graph.of_type("aws:secretsmanager/secret:Secret"):
        assert node.inputs["recoveryWindowInDays"] == 0
    for type_token in ("s3/bucket:Bucket", "backup/vault:Vault", "route53/zone:Zone"):
        assert all(node.inputs["forceDestroy"] is True for node in graph.of_type(f"aws:{type_token}"))


def test_the_copy_vault_and_its_key_are_in_the_copy_region() -> None:
    graph = cell()
    for node in (one(graph, "backup/vault:Vault", "vault-copy"), one(graph, "kms/key:Key", "key-copy")):
        assert node.inputs["region"] == plans.COPY_REGION
    policy = one(graph, "kms/key:Key", "key-copy").inputs["policy"]
    assert plans.REGION not in policy


def test_backups_are_copied_to_another_region_and_another_account() -> None:
    rule = one(cell(), "backup/plan:Plan", "backup").inputs["rules"][0]
    assert {copy["destinationVaultArn"] for copy in rule["copyActions"]} == {
        f"arn:aws:backup:{plans.COPY_REGION}:{plans.WORKLOAD}:backup-vault:acme-eu-1-copy",
        f"arn:aws:backup:{plans.REGION}:{plans.BACKUP}:backup-vault:acme-recovery",
    }
    assert "coldStorageAfter" not in rule["lifecycle"]


def test_a_backup_selects_by_every_tag_and_not_by_any() -> None:
    selection = one(cell(), "backup/selection:Selection", "backup").inputs
    assert "selectionTags" not in selection
    assert selection["conditions"] == [
        {
            "stringEquals": [
                {"key": "aws:ResourceTag/estate", "value": "acme"},
                {"key": "aws:ResourceTag/backup-class", "value": "standard"},
            ]
        }
    ]


def test_a_test_restore_lands_in_the_cells_database_subnets() -> None:
    selection = one(cell(), "backup/restoreTestingSelection:RestoreTestingSelection", "backup").inputs
    assert "SubnetGroup" in selection["restoreMetadataOverrides"]["dbSubnetGroupName"]
    assert "-" not in selection["name"]


def test_an_own_master_password_is_nowhere_in_clear() -> None:
    graph = cell()
    assert is_secret(one(graph, "rds/instance:Instance", "database-reporting").inputs["password"])
    version = one(graph, "secretsmanager/secretVersion:SecretVersion", "database-reporting-master")
    assert is_secret(version.inputs["secretString"])
    main = one(graph, "rds/instance:Instance", "database-main").inputs
    assert main["manageMasterUserPassword"] is True and "password" not in main


def test_a_raised_password_version_makes_a_new_password() -> None:
    plan = plans.cell()
    again = replace(plan.databases["reporting"], master_password_version=2)
    graph = recorded(replace(plan, databases={**plan.databases, "reporting": again}))

    def keeper(of: object) -> object:
        nodes = of.of_type("random:index/randomPassword:RandomPassword")  # type: ignore[attr-defined]
        return [node.inputs["keepers"] for node in nodes]

    assert keeper(graph) != keeper(cell())


def test_node_volumes_use_the_data_key_only_where_node_groups_may() -> None:
    plan = plans.cell()

    def volume_key(graph: object) -> object:
        template = one(graph, "ec2/launchTemplate:LaunchTemplate", "nodes-web")  # type: ignore[arg-type]
        return template.inputs["blockDeviceMappings"][0]["ebs"].get("kmsKeyId")

    assert volume_key(cell())
    closed = {**plan.keys, "data": replace(plan.keys["data"], services=())}
    assert volume_key(recorded(replace(plan, keys=closed))) is None


def test_the_zone_is_delegated_from_the_account_that_holds_the_parent() -> None:
    graph = cell()
    record = one(graph, "route53/record:Record", "delegation")
    assert record.provider.endswith("::aws-dns")
    assert "zones.platform" in record.inputs["zoneId"]
    assert record.inputs["type"] == "NS"


def test_without_delegation_the_cell_reads_no_other_stacks_values() -> None:
    graph = recorded(replace(plans.cell(), delegation=None))
    assert not graph.of_type("aws:route53/record:Record")
    assert not graph.of_type("pulumi:pulumi:StackReference")


def test_external_secrets_gets_its_role_by_pod_identity() -> None:
    graph = cell()
    association = one(graph, "eks/podIdentityAssociation:PodIdentityAssociation", "identity-external-secrets")
    assert association.inputs["namespace"] == association.inputs["serviceAccount"] == "external-secrets"
    role = one(graph, "iam/role:Role", "identity-external-secrets")
    assert statements(role.inputs["assumeRolePolicy"])[0]["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert needs(graph, association, one(graph, "iam/rolePolicy:RolePolicy", "identity-external-secrets"))


def test_a_cell_stays_small_enough_for_one_stack() -> None:
    # Each step saves the whole checkpoint: beyond about two hundred steps the time of an update grows visibly. Components take none.
    assert len([node for node in cell() if node.custom]) < 200
