"""The region that made a dump is lost: its KMS answers nothing any more, the other region has the copy and the key's replica.

moto shares a replica's material with its primary, as KMS does, and looks for a key only in the region that it is asked in. It does not keep the
versions of objects when it replicates buckets, so the dump is read where it was written: the key is what is on trial.
"""

from collections.abc import Callable

import pytest
from moto.kms.utils import IV_LEN, TAG_LEN
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD
from tests.recovery.tenant import Tenant

AWAY = "eu-west-1"


@pytest.fixture
def dumped(make_tenant: Callable[..., Tenant], monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A tenant with a dump under a multi-region key."""
    # moto's ids of multi-region keys are four characters longer than its cipher texts have room for: even the key itself would not open them.
    monkeypatch.setattr("moto.kms.utils.CIPHERTEXT_HEADER_FORMAT", f">40s{IV_LEN}s{TAG_LEN}s")
    monkeypatch.setattr("moto.kms.utils.HEADER_LEN", 40 + IV_LEN + TAG_LEN)
    tenant = make_tenant()
    tenant.environment["KMS_KEY_ARN"] = tenant.cloud.key(multi_region=True)
    tenant.enter(monkeypatch)
    assert tenant.run("dump") == 0
    return tenant


def lose_region(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> str:
    """From now on the program knows the other region and the key's ARN there only; gives that."""
    there = tenant.environment["KMS_KEY_ARN"].replace("eu-central-1", AWAY)
    monkeypatch.setenv("KMS_KEY_ARN", there)
    monkeypatch.setenv("AWS_REGION", AWAY)
    return there


def test_a_dump_is_verified_and_restored_with_the_kms_keys_replica(
    dumped: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = dumped.cloud.replica(dumped.environment["KMS_KEY_ARN"], AWAY)
    assert lose_region(dumped, monkeypatch) == replica
    assert dumped.run("verify") == 0 and dumped.evidence()["result"] == "passed"
    copy = f"{dumped.database}_copy"
    assert dumped.run("restore", "--into", copy) == 0
    with dumped.connect(copy, MASTER, MASTER_PASSWORD) as connection:
        assert connection.execute("SELECT count(*) FROM sale_order").fetchone() == (2000,)


def test_without_a_replica_of_the_kms_key_the_other_region_opens_nothing(
    dumped: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So whoever opens it there has not asked the lost region."""
    lose_region(dumped, monkeypatch)
    assert dumped.run("verify") == 3 and dumped.failed_checks() == ["encryption"]
    dumped.enter(monkeypatch)
    assert dumped.run("verify") == 0, "nothing but the key was missing"
