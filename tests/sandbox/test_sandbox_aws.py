"""The rehearsed AWS by itself, without engine or processes."""

import importlib.util
from pathlib import Path

import pytest
from sandbox.provider import shape
from sandbox.provider.aws.stage import Aws
from sandbox.provider.aws.table import KINDS
from sandbox.provider.cloud import Cloud
from sandbox.provider.refusal import Refused
from sandbox.provider.server import Autoname

VPC, SUBNET, GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"
DATABASE, SECRET, BUCKET = "aws:rds/instance:Instance", "aws:secretsmanager/secret:Secret", "aws:s3/bucket:Bucket"
KEY, REPLICA, ALIAS = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/alias:Alias"
CONFIG = {
    "region": "eu-central-1",
    "allowedAccountIds": '["444455556666"]',
    "defaultTags": '{"tags": {"owner": "operations", "tenant": "none"}}',
}
POSTGRES = {"engine": "postgres", "instanceClass": "db.t4g.micro", "allocatedStorage": 20, "skipFinalSnapshot": True}


class Program:
    """Does with a stage what the engine does with a provider."""

    def __init__(self, cloud: Cloud, stack: str = "dev", **config: str) -> None:
        self.stage = Aws(cloud)
        self.stage.configure({**CONFIG, **config})
        self.stack = stack

    def urn(self, token, name):
        return f"urn:pulumi:{self.stack}::tiny::{token}::{name}"

    def check(self, token, name, inputs, old=None):
        checked, failures = self.stage.check(self.urn(token, name), token, old or {}, inputs, Autoname(None, name))
        assert not failures, failures
        return checked

    def create(self, token, name, /, **inputs):
        checked = self.check(token, name, inputs)
        identity, outputs = self.stage.create(self.urn(token, name), token, checked, preview=False)
        return identity, outputs, checked

    def diff(self, token, name, made, /, **inputs):
        identity, outputs, old = made
        new = self.check(token, name, inputs, old)
        return self.stage.diff(self.urn(token, name), token, identity, old, outputs, new)

    def update(self, token, name, made, /, **inputs):
        identity, outputs, old = made
        new = self.check(token, name, inputs, old)
        return identity, self.stage.update(self.urn(token, name), token, identity, outputs, new, preview=False), new

    def delete(self, token, name, made):
        self.stage.delete(self.urn(token, name), token, made[0], made[1])


@pytest.fixture
def cloud(tmp_path):
    return Cloud(tmp_path)


@pytest.fixture
def program(cloud):
    return Program(cloud)


@pytest.mark.parametrize("token", sorted(KINDS))
def test_the_tables_name_only_properties_that_the_sdk_has(token):
    kind, found = KINDS[token], shape.read(token)
    assert found, "the SDK knows the type"

    def tops(paths):
        return {path.split(".")[0].split("[")[0] for path in paths}

    assert tops(kind.replaces) <= set(found.inputs)
    assert tops(kind.refers) <= set(found.inputs)
    assert set(kind.outputs) <= set(found.outputs)
    assert kind.name is None or kind.name in found.inputs


def test_the_tables_name_only_types_that_the_sdk_has():
    source = (Path(importlib.util.find_spec("pulumi_aws").origin)).read_text(encoding="utf-8")
    named = {token for kind in KINDS.values() for token in (*kind.held_by, *kind.refers.values())}
    named.discard("sandbox:backup:RecoveryPoint")  # what backups leave in a vault; no resource makes one
    assert {token for token in named if f'"{token}"' not in source} == set()


def test_a_type_that_no_table_lists_still_gets_outputs_and_default_tags(program):
    token = "aws:mq/broker:Broker"
    assert token not in KINDS
    identity, outputs, checked = program.create(token, "queue", engineType="RabbitMQ", hostInstanceType="mq.m7g.medium")
    assert identity
    assert outputs["arn"].startswith("arn:aws:mq:eu-central-1:444455556666:broker/")
    assert checked["tagsAll"]["owner"] == "operations"


def test_own_tags_win_over_the_providers(program):
    checked = program.check(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"tenant": "acme"}})
    assert checked["tagsAll"] == {"owner": "operations", "tenant": "acme"}
    assert checked["tags"] == {"tenant": "acme"}


def test_groups_of_machines_are_not_covered_by_default_tags(program):
    checked = program.check("aws:autoscaling/group:Group", "g", {"minSize": 1, "maxSize": 1})
    assert "tags" not in checked and "tagsAll" not in checked


def test_a_network_in_use_cannot_be_deleted(program):
    vpc = program.create(VPC, "v", cidrBlock="10.0.0.0/16")
    subnet = program.create(SUBNET, "s", vpcId=vpc[0], cidrBlock="10.0.0.0/24")
    wall = program.create(GROUP, "w", vpcId=vpc[0])
    database = program.create(DATABASE, "d", **POSTGRES, vpcSecurityGroupIds=[wall[0]])
    with pytest.raises(Refused, match=r"DependencyViolation.*has dependencies"):
        program.delete(VPC, "v", vpc)
    with pytest.raises(Refused, match="has a dependent object"):
        program.delete(GROUP, "w", wall)
    for token, name, made in ((DATABASE, "d", database), (GROUP, "w", wall), (SUBNET, "s", subnet), (VPC, "v", vpc)):
        program.delete(token, name, made)


def test_a_groups_own_rules_do_not_hold_it_but_others_do(program):
    rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    vpc = program.create(VPC, "v", cidrBlock="10.0.0.0/16")
    wall, other = (program.create(GROUP, name, vpcId=vpc[0]) for name in ("wall", "other"))
    program.create(rule, "own", securityGroupId=wall[0], ipProtocol="-1", cidrIpv4="10.0.0.0/16")
    program.create(rule, "from-wall", securityGroupId=other[0], ipProtocol="-1", referencedSecurityGroupId=wall[0])
    with pytest.raises(Refused, match="dependent object"):
        program.delete(GROUP, "wall", wall)


def test_ids_of_another_region_do_not_exist_here(program, cloud):
    vpc = program.create(VPC, "v", cidrBlock="10.0.0.0/16")
    with pytest.raises(Refused, match="exists in another account or region"):
        Program(cloud, region="eu-west-1").create(SUBNET, "s", vpcId=vpc[0], cidrBlock="10.0.0.0/24")


def test_a_key_of_another_region_encrypts_nothing_here(program):
    key = program.create(KEY, "k", region="eu-west-1")
    with pytest.raises(Refused, match=r"KMSKeyNotAccessibleFault.*eu-west-1.*eu-central-1"):
        program.create(DATABASE, "d", **POSTGRES, kmsKeyId=key[1]["arn"])


def test_a_kms_replica_is_its_primary_in_another_region(program, cloud):
    key = program.create(KEY, "k", multiRegion=True)
    arn = key[1]["arn"]
    replica = program.create(REPLICA, "r", primaryKeyArn=arn, region="eu-west-1")
    assert replica[0] == key[0] and key[0].startswith("mrk-")
    assert replica[1]["arn"] == arn.replace("eu-central-1", "eu-west-1")
    alias = program.create(ALIAS, "a", name="alias/acme", targetKeyId=replica[0], region="eu-west-1")
    assert alias[1]["targetKeyArn"] == replica[1]["arn"]
    assert program.diff(REPLICA, "r", replica, primaryKeyArn=arn, region="eu-north-1").replacing
    with pytest.raises(Refused, match="already exists"):
        program.create(REPLICA, "r2", primaryKeyArn=arn, region="eu-west-1")
    with pytest.raises(Refused, match="already in eu-central-1"):
        program.create(REPLICA, "r3", primaryKeyArn=arn)
    program.delete(ALIAS, "a", alias)
    program.delete(REPLICA, "r", replica)
    assert cloud.exists(arn) and not cloud.exists(replica[1]["arn"])


def test_an_ordinary_kms_key_has_no_replica(program):
    key = program.create(KEY, "k")
    with pytest.raises(Refused, match="not a multi-Region primary key"):
        program.create(REPLICA, "r", primaryKeyArn=key[1]["arn"], region="eu-west-1")


def test_things_outside_the_estate_can_be_listed_as_existing(program, tmp_path):
    (tmp_path / "existing").write_text("vpc-0fedcba9876543210\n", encoding="utf-8")
    program.create(SUBNET, "s", vpcId="vpc-0fedcba9876543210", cidrBlock="10.0.0.0/24")


def test_policy_documents_may_name_what_is_still_to_come(program):
    document = '{"Resource": "arn:aws:iam::444455556666:role/to-come"}'
    program.create("aws:iam/policy:Policy", "p", policy=document)
    with pytest.raises(Refused, match="NoSuchEntity"):
        program.create(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "a",
            role=program.create("aws:iam/role:Role", "r", assumeRolePolicy="{}")[1]["name"],
            policyArn="arn:aws:iam::444455556666:policy/to-come",
        )


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"engine": "mysql"}, True),
        ({"username": "other"}, True),
        ({"storageEncrypted": True}, True),
        ({"allocatedStorage": 30}, False),
        ({"instanceClass": "db.m7g.large"}, False),
        ({"region": "eu-west-1"}, True),
    ],
)
def test_a_database_is_replaced_only_where_the_service_forces_it(program, change, replaced):
    made = program.create(DATABASE, "d", **POSTGRES)
    assert bool(program.diff(DATABASE, "d", made, **{**POSTGRES, **change}).replacing) is replaced


def test_a_hand_given_name_means_deletion_before_replacement(program):
    named = program.create(DATABASE, "named", **POSTGRES, identifier="cell-one")
    unnamed = program.create(DATABASE, "unnamed", **POSTGRES)
    mysql = {**POSTGRES, "engine": "mysql"}
    assert program.diff(DATABASE, "named", named, **mysql, identifier="cell-one").delete_first
    assert not program.diff(DATABASE, "named", named, **mysql, identifier="cell-two").delete_first
    assert not program.diff(DATABASE, "unnamed", unnamed, **mysql).delete_first


def test_a_replacement_beside_its_predecessor_gets_a_name_of_its_own(program):
    made = program.create(DATABASE, "d", **POSTGRES)
    program.diff(DATABASE, "d", made, **{**POSTGRES, "engine": "mysql"})
    successor = program.create(DATABASE, "d", **{**POSTGRES, "engine": "mysql"})
    assert successor[0] != made[0]
    assert successor[1]["identifier"] != made[1]["identifier"]


def test_storage_never_shrinks(program):
    made = program.create(DATABASE, "d", **{**POSTGRES, "allocatedStorage": 100})
    with pytest.raises(Refused, match="cannot be smaller than the current 100 GiB"):
        program.update(DATABASE, "d", made, **{**POSTGRES, "allocatedStorage": 50})


def test_another_major_version_of_postgresql_needs_leave_and_never_comes_back(program):
    made = program.create(DATABASE, "d", **{**POSTGRES, "engineVersion": "16"})
    with pytest.raises(Refused, match="AllowMajorVersionUpgrade flag must be present"):
        program.update(DATABASE, "d", made, **{**POSTGRES, "engineVersion": "17.11"})
    made = program.update(DATABASE, "d", made, **{**POSTGRES, "engineVersion": "17.11"}, allowMajorVersionUpgrade=True)
    with pytest.raises(Refused, match=r"Cannot upgrade postgres from 17.11 to 16"):
        program.update(DATABASE, "d", made, **{**POSTGRES, "engineVersion": "16"}, allowMajorVersionUpgrade=True)


def test_a_database_needs_a_final_snapshot_or_leave_to_go_without(program):
    bare = {k: v for k, v in POSTGRES.items() if k != "skipFinalSnapshot"}
    made = program.create(DATABASE, "d", **bare)
    with pytest.raises(Refused, match="final_snapshot_identifier is required"):
        program.delete(DATABASE, "d", made)
    made = program.update(DATABASE, "d", made, **bare, finalSnapshotIdentifier="last")
    program.delete(DATABASE, "d", made)
    again = program.create(DATABASE, "d", **bare, finalSnapshotIdentifier="last")
    with pytest.raises(Refused, match="DBSnapshotAlreadyExists"):
        program.delete(DATABASE, "d", again)


def test_a_deleted_secrets_name_stays_blocked_unless_it_had_no_recovery_window(program):
    program.delete(SECRET, "a", program.create(SECRET, "a", name="acme/admin"))
    with pytest.raises(Refused, match="already scheduled for deletion"):
        program.create(SECRET, "b", name="acme/admin")
    program.delete(SECRET, "c", program.create(SECRET, "c", name="acme/other", recoveryWindowInDays=0))
    program.create(SECRET, "d", name="acme/other")


def test_what_was_kept_on_purpose_is_not_taken_for_half_made(program, tmp_path):
    program.create(BUCKET, "b", bucket="acme-filestore")
    program.stage.close()  # the run ends in order, and the program forgets the bucket without deleting it
    with pytest.raises(Refused, match="BucketAlreadyExists"):
        Program(Cloud(tmp_path)).create(BUCKET, "b", bucket="acme-filestore")


def test_what_an_interrupted_run_left_is_found_again(program, cloud, tmp_path):
    left = program.create(DATABASE, "d", **POSTGRES)  # and no close: the process died
    found = Program(Cloud(tmp_path)).create(DATABASE, "d", **POSTGRES)  # the next run, in a process of its own
    assert found[0] == left[0] and found[1]["identifier"] == left[1]["identifier"]
    assert len(cloud.under("444455556666/eu-central-1")) == 1


def test_the_same_program_elsewhere_gets_other_values(program, cloud):
    here = program.create(KEY, "k")
    there = Program(cloud, region="eu-west-1").create(KEY, "k2")
    assert here[1]["arn"] != there[1]["arn"] and ":eu-west-1:" in there[1]["arn"]


def test_an_account_that_is_not_allowed_is_refused(cloud):
    with pytest.raises(Refused, match="account ID not allowed: 999988887777"):
        Program(cloud, assumeRoles='[{"roleArn": "arn:aws:iam::999988887777:role/deploy"}]')


def test_a_preview_knows_inputs_and_nothing_that_aws_decides(program):
    checked = program.check(DATABASE, "d", POSTGRES)
    identity, outputs = program.stage.create(program.urn(DATABASE, "d"), DATABASE, checked, preview=True)
    assert identity == "" and repr(outputs["endpoint"]) == "UNKNOWN" and outputs["engine"] == "postgres"
    assert outputs["tagsAll"] == {"owner": "operations", "tenant": "none"}


def test_names_keep_to_the_services_limit(program):
    inputs = {"assumeRolePolicy": "{}", "name": "r" * 65}
    token = "aws:iam/role:Role"
    _, failures = program.stage.check(program.urn(token, "r"), token, {}, inputs, Autoname(None, "r"))
    assert failures and "65 characters, the service allows 64" in failures[0][1]
    made = program.check(token, "l" * 80, {"assumeRolePolicy": "{}"})
    assert len(made["name"]) <= 64


@pytest.mark.parametrize(("kind", "word"), [("network", "net"), ("application", "app"), (None, "app")])
def test_the_kind_of_a_load_balancer_is_in_its_arn_and_its_listeners(program, kind, word):
    given = {"loadBalancerType": kind} if kind else {}
    arn, made, _ = program.create("aws:lb/loadBalancer:LoadBalancer", "b", name="entry", **given)
    assert f":loadbalancer/{word}/entry/" in arn and made["arnSuffix"].startswith(f"{word}/entry/")
    listener, _, _ = program.create(
        "aws:lb/listener:Listener", "l", loadBalancerArn=arn, defaultActions=[{"type": "fixed-response"}]
    )
    assert f":listener/{word}/" in listener


def test_a_lost_region_answers_nobody_and_the_others_go_on(cloud, monkeypatch):
    key = "aws:kms/key:Key"
    home, there = Program(cloud), Program(cloud, region="eu-west-1")
    made = home.create(key, "k")
    rule = there.create(key, "r", region="eu-central-1")
    monkeypatch.setenv("ODOO_ESTATE_SANDBOX_LOST_REGION", "eu-central-1")
    for asked in (
        lambda: Program(cloud),
        lambda: home.create(key, "k2"),
        lambda: home.delete(key, "k", made),
        lambda: there.update(key, "r", rule, region="eu-central-1", description="changed"),
    ):
        with pytest.raises(Refused, match="no answer from the region"):
            asked()
    there.create(key, "k3")
    assert not there.diff(key, "r", rule, region="eu-central-1").changed, "what stays as it is asks nobody"


def test_a_record_is_given_its_set_identifier_in_place_but_two_of_one_are_refused(program):
    record, zone = "aws:route53/record:Record", program.create("aws:route53/zone:Zone", "z", name="erp.example")
    plain = {"zoneId": zone[0], "name": "in.erp.example", "type": "CNAME", "ttl": 60, "records": ["a.example"]}
    made = program.create(record, "one", **plain)
    weighted = {**plain, "setIdentifier": "eu-central-1", "weightedRoutingPolicies": [{"weight": 0}]}
    assert not program.diff(record, "one", made, **weighted).replacing
    assert program.diff(record, "one", made, **{**plain, "name": "out.erp.example"}).replacing
    program.update(record, "one", made, **weighted)
    there = {**weighted, "setIdentifier": "eu-west-1", "weightedRoutingPolicies": [{"weight": 1}]}
    program.create(record, "two", **there)
    with pytest.raises(Refused, match="already exists"):
        program.create(record, "three", **there)
