"""The end of a trial's database, on a real server."""

from pathlib import Path

import pytest
from tests.odoo.database_job import Job, make, make_pooled, tenant
from tests.odoo.postgres_server import MASTER, Server
from tests.odoo.test_database_sql import as_login, statements

from odoo_estate.odoo.database_sql import expiry_script, login_script


@pytest.fixture
def job(postgres: Server, tmp_path: Path) -> Job:
    return Job(postgres, tmp_path)


def left(job: Job, name: str) -> list[str]:
    """Databases, roles and verifiers."""
    return job.server.rows(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{name}%' UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE '{name}%'"
        f" UNION ALL SELECT login::text FROM pooler.login WHERE login LIKE '{name}%'"
    )


def test_an_expired_trial_leaves_nothing_and_takes_nothing_of_its_neighbours(job: Job) -> None:
    make(job, "trial")
    make(job, "trialneighbour")
    as_login(job, "trial", "CREATE TABLE sale (id int)")
    job.succeed(expiry_script(), tenant("trial"), {})
    assert [one for one in left(job, "trial") if not one.startswith("trialneighbour")] == []
    assert as_login(job, "trialneighbour", "SELECT 1").stdout == "1\n"


def test_it_may_run_again_and_what_was_made_anew_after_it_works(job: Job) -> None:
    make(job, "encore")
    job.succeed(expiry_script(), tenant("encore"), {})
    job.succeed(expiry_script(), tenant("encore"), {})
    make(job, "encore")
    assert as_login(job, "encore", "SELECT 1").stdout == "1\n"


def test_cut_off_after_any_statement_it_is_completed_by_the_next(job: Job) -> None:
    cut = statements(expiry_script())
    for position, broken in enumerate(cut[-8:]):
        name = f"cut{position}"
        make(job, name)
        job.run(broken, tenant(name), {})
        job.succeed(expiry_script(), tenant(name), {})
        assert left(job, name) == []


def test_what_an_interrupted_copy_left_beside_goes_as_well(job: Job) -> None:
    make(job, "copied")
    done = job.server.psql(f'CREATE DATABASE "copied__copy" OWNER {MASTER}')
    assert done.returncode == 0, done.stderr
    job.succeed(expiry_script(), tenant("copied"), {})
    assert left(job, "copied") == []


def test_a_pooled_trial_ends_and_the_shared_workers_go_on(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "poolex", "CONNECTION_LIMIT": "20"}, {"login": "poolex-Password"})
    make_pooled(job, "pooltrial", "poolex")
    job.succeed(expiry_script(), tenant("pooltrial", POOL_LOGIN="poolex"), {})
    assert left(job, "pooltrial") == []
    assert job.server.psql("SELECT 1", user="poolex", password="poolex-Password").stdout == "1\n"
