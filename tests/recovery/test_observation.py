"""The questions that a procedure asks AWS, against a simulated AWS (moto's server) through the real client."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from odoo_estate.decide.procedure import Check, Question
from odoo_estate.fleet import observation
from odoo_estate.fleet.observation import Aws
from odoo_estate.plan import AwsTarget

HOME, AWAY = (AwsTarget(account="123456789012", region=region) for region in ("eu-central-1", "eu-west-1"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadedMotoServer(port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture
def aws(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "NO_PROXY": "localhost,127.0.0.1,0.0.0.0",
    }.items():
        monkeypatch.setenv(name, value)
    observation._client.cache_clear()
    boto3.setup_default_session()
    yield Aws()
    observation._client.cache_clear()
    boto3.client("rds", region_name="eu-west-1")  # still the simulator: the environment is undone after this
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    boto3.DEFAULT_SESSION = None


def client(service: str, region: str = "eu-west-1") -> Any:
    return boto3.client(service, region_name=region)


def ask(question: Question, subject: str, target: AwsTarget = AWAY, limit: float = 0, unit: str = "") -> Check:
    return Check(question=question, target=target, subject=subject, limit=limit, unit=unit)


def instance(identifier: str, region: str) -> None:
    client("rds", region).create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.m7g.large",
        Engine="postgres",
        MasterUsername="odoo",
        MasterUserPassword="correct-horse",
        AllocatedStorage=20,
    )


def replica() -> None:
    instance("main", "eu-central-1")
    client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="main-dr", SourceDBInstanceIdentifier="arn:aws:rds:eu-central-1:123456789012:db:main"
    )


def metric(
    namespace: str, name: str, value: float, *, minutes_ago: float = 1, region: str = "eu-west-1", **dimensions: str
) -> None:
    client("cloudwatch", region).put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions.items()],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
                "Value": value,
            }
        ],
    )


def test_a_primary_is_gone_when_it_is_not_there_or_stopped(aws: Aws) -> None:
    gone = ask("primary-gone", "main", HOME)
    assert aws(gone).holds
    instance("main", "eu-central-1")
    seen = aws(gone)
    assert not seen.holds and "main is available" in seen.found
    client("rds", "eu-central-1").stop_db_instance(DBInstanceIdentifier="main")
    assert aws(gone).holds


def test_a_region_that_answers_nothing_is_gone_and_nothing_else_is_known_of_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    observation._client.cache_clear()
    assert aws(ask("primary-gone", "main", HOME)).holds
    for question in ("is-primary", "lag"):
        seen = aws(ask(question, "vault/main", HOME))
        assert not seen.holds and "cannot be asked" in seen.found


def test_that_aws_refuses_an_answer_is_no_proof_of_anything(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "DescribeDBInstances")

    monkeypatch.setattr(aws, "_client", lambda *_: type("Rds", (), {"describe_db_instances": refuse})())
    seen = aws(ask("primary-gone", "main", HOME))
    assert not seen.holds and "AccessDenied" in seen.found


def test_a_standby_follows_and_a_primary_does_not(aws: Aws) -> None:
    replica()
    assert aws(ask("is-standby", "main-dr")).holds
    assert "still follows" in aws(ask("is-primary", "main-dr")).found
    assert "follows nothing" in aws(ask("is-standby", "main", HOME)).found
    assert aws(ask("is-primary", "main", HOME)).holds


def test_an_instance_that_does_not_exist_is_neither(aws: Aws) -> None:
    for question in ("is-standby", "is-primary"):
        assert "does not exist" in aws(ask(question, "nothing")).found


def test_lag_is_the_newest_measurement_against_the_limit(aws: Aws) -> None:
    metric("AWS/RDS", "ReplicaLag", 4000, minutes_ago=9, DBInstanceIdentifier="main-dr")
    metric("AWS/RDS", "ReplicaLag", 12, minutes_ago=2, DBInstanceIdentifier="main-dr")
    seen = aws(ask("lag", "main-dr", limit=900, unit="seconds"))
    assert seen.holds and seen.value == 12
    assert not aws(ask("lag", "main-dr", limit=10, unit="seconds")).holds


def test_no_measurement_or_minus_one_is_not_no_lag(aws: Aws) -> None:
    assert not aws(ask("lag", "main-dr", limit=900)).holds
    metric("AWS/RDS", "ReplicaLag", 3, minutes_ago=40, DBInstanceIdentifier="main-dr")
    assert not aws(ask("lag", "main-dr", limit=900)).holds, "40 minutes ago says nothing of now"
    metric("AWS/RDS", "ReplicaLag", -1, DBInstanceIdentifier="main-dr")
    seen = aws(ask("lag", "main-dr", limit=900))
    assert not seen.holds and "not running" in seen.found


def test_objects_on_their_way_are_counted_and_silence_means_none(aws: Aws) -> None:
    pending = ask("objects-pending", "here>there")
    assert aws(pending).holds
    metric(
        "AWS/S3", "OperationsPendingReplication", 7, SourceBucket="here", DestinationBucket="there", RuleId="everything"
    )
    seen = aws(pending)
    assert not seen.holds and "7 objects" in seen.found


class Answering:
    """Stands in for clients whose operations the simulator does not have: gives a recorded answer page by page."""

    def __init__(self, **pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def get_paginator(self, operation: str) -> Any:
        return type("Pages", (), {"paginate": lambda _, **asked: iter(self.pages[operation])})()


def test_replicated_backups_are_as_old_as_the_newest_moment_they_reach(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    aws.now = lambda: now
    windows = [{"RestoreWindow": {"LatestTime": now - timedelta(minutes=age)}} for age in (300, 7)]
    pages = Answering(
        describe_db_instance_automated_backups=[{"DBInstanceAutomatedBackups": [one]} for one in [*windows, {}]]
    )
    monkeypatch.setattr(aws, "_client", lambda *_: pages)
    seen = aws(ask("backups-age", "main", limit=60, unit="minutes"))
    assert seen.holds and seen.value == 7
    pages.pages["describe_db_instance_automated_backups"] = [{"DBInstanceAutomatedBackups": []}]
    assert not aws(ask("backups-age", "main", limit=60)).holds


def test_the_newest_complete_recovery_point_of_the_instance_is_found(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    aws.now = lambda: now

    def point(arn: str, hours: int, of: str = "main", status: str = "COMPLETED") -> dict[str, Any]:
        return {
            "RecoveryPointArn": arn,
            "CreationDate": now - timedelta(hours=hours),
            "ResourceArn": f"arn:aws:rds:eu-central-1:123456789012:db:{of}",
            "Status": status,
        }

    points = [
        point("old", 30),
        point("newest", 6),
        point("partial", 1, status="PARTIAL"),
        point("other", 2, of="main2"),
    ]
    pages = Answering(
        list_recovery_points_by_backup_vault=[{"RecoveryPoints": points[:2]}, {"RecoveryPoints": points[2:]}]
    )
    monkeypatch.setattr(aws, "_client", lambda *_: pages)
    seen = aws(ask("recovery-point-age", "vault/main", limit=1920, unit="minutes"))
    assert (seen.holds, seen.value) == (True, "newest")
    late = aws(ask("recovery-point-age", "vault/main", limit=60, unit="minutes"))
    assert (late.holds, late.value) == (False, "newest"), (
        "too old, but named: somebody may still decide to go on with it"
    )


def test_nodes_are_ready_when_every_group_is(aws: Aws) -> None:
    assert not aws(ask("nodes-ready", "cell-dr")).holds
    eks = client("eks")
    eks.create_cluster(name="cell-dr", roleArn="arn:aws:iam::123456789012:role/c", resourcesVpcConfig={})
    assert "no node groups" in aws(ask("nodes-ready", "cell-dr")).found
    eks.create_nodegroup(
        clusterName="cell-dr", nodegroupName="web", subnets=[], nodeRole="arn:aws:iam::123456789012:role/n"
    )
    assert aws(ask("nodes-ready", "cell-dr")).holds


def test_customers_are_served_when_their_address_answers_and_not_before(server: str) -> None:
    def asked(address: str) -> tuple[bool, str]:
        seen = Aws()(Check(question="serving", target=AWAY, subject=address))
        return seen.holds, seen.found

    assert asked(f"{server}/moto-api/")[0]
    held, found = asked(f"{server}/moto-api/nothing-here")
    assert not held and "answers 404" in found
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        held, found = asked(f"http://127.0.0.1:{taken.getsockname()[1]}/web/health")
    assert not held and "does not answer" in found
