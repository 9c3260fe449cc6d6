"""What the sandbox cloud refuses, in the words of the real one."""

import pytest

pytestmark = pytest.mark.engine


def test_a_reference_to_something_that_does_not_exist_is_refused(project):
    project.program("""
        aws.ec2.Subnet("s", vpc_id="vpc-0123456789abcdef0", cidr_block="10.0.0.0/24", opts=opts)
    """).up().assert_failed("InvalidVpcID.NotFound", "vpc-0123456789abcdef0", "444455556666", "eu-central-1")


def test_a_name_that_somebody_has_is_refused(project, another):
    body = 'aws.s3.Bucket("b", bucket="acme-filestore", opts=opts)'
    project.program(body).up().assert_fine()
    another.program(body).up().assert_failed("BucketAlreadyExists", "acme-filestore")
    project.destroy().assert_fine()
    another.up().assert_fine()


def test_a_region_must_be_said(project):
    project.program("""
        nowhere = aws.Provider("nowhere", skip_region_validation=True)
        aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=nowhere))
    """)
    project.up().assert_failed("is regional")


def test_a_protected_database_is_deleted_only_after_protection_is_lifted(project):
    body = """
        aws.rds.Instance("d", engine="postgres", instance_class="db.t4g.micro", allocated_storage=20, username="odoo",
            manage_master_user_password=True, skip_final_snapshot=True, deletion_protection=PROTECTED, opts=opts)
    """
    project.program(body.replace("PROTECTED", "True")).up().assert_fine()
    project.destroy().assert_failed("Cannot delete protected DB Instance")
    project.program(body.replace("PROTECTED", "False")).up().assert_fine()
    project.destroy().assert_fine()


def test_an_object_needs_its_cluster_and_its_namespace(project):
    body = """
        import pulumi_kubernetes as k8s
        role = aws.iam.Role("cluster", assume_role_policy="{}", opts=opts)
        vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", opts=opts)
        subnet = aws.ec2.Subnet("s", vpc_id=vpc.id, cidr_block="10.0.1.0/24", opts=opts)
        cluster = aws.eks.Cluster("cell", role_arn=role.arn, vpc_config={"subnet_ids": [subnet.id]}, opts=opts)
        config = pulumi.Output.json_dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "cell", "cluster": {"server": SERVER}}],
            "contexts": [{"name": "c", "context": {"cluster": "cell", "user": "u"}}],
            "users": [{"name": "u", "user": {}}],
        })
        kube = k8s.Provider("kube", kubeconfig=config)
        there = pulumi.ResourceOptions(provider=kube)
        space = k8s.core.v1.Namespace("tenant", metadata={"name": "tenant"}, opts=there)
        k8s.core.v1.ConfigMap("settings", metadata={"namespace": NAMESPACE}, data={"a": "b"}, opts=there)
    """
    project.program(body.replace("SERVER", '"https://absent.example"').replace("NAMESPACE", "space.metadata.name"))
    project.up().assert_failed("cluster is unreachable", "https://absent.example")
    project.program(body.replace("SERVER", "cluster.endpoint").replace("NAMESPACE", '"absent"'))
    project.up().assert_failed('namespaces "absent" not found')
    project.program(body.replace("SERVER", "cluster.endpoint").replace("NAMESPACE", "space.metadata.name"))
    project.up().assert_fine()
    project.up("--expect-no-changes").assert_fine()
    project.destroy().assert_fine()


def test_a_replica_is_promoted_in_place_and_never_gets_a_source_again(project):
    body = """
        key = aws.kms.Key("k", opts=opts)
        source = aws.rds.Instance("source", identifier="source", engine="postgres", instance_class="db.t4g.micro", allocated_storage=20,
            username="odoo", password="correct-horse", storage_encrypted=True, kms_key_id=key.arn, backup_retention_period=7,
            skip_final_snapshot=True, opts=opts)
        standby = aws.rds.Instance("standby", identifier="standby", replicate_source_db=SOURCE, instance_class="db.t4g.micro",
            storage_encrypted=True, skip_final_snapshot=True, opts=opts)
    """
    project.program(body.replace("SOURCE", "source.identifier")).up().assert_fine()
    before = project.resources()["standby"]["id"]
    project.program(body.replace("SOURCE", "None")).up().assert_fine()
    assert project.resources()["standby"]["id"] == before
    project.program(body.replace("SOURCE", "source.identifier")).up().assert_failed(
        "cannot elect new source database for replication"
    )
