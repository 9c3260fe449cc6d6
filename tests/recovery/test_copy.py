"""A copy of production in staging: what reaches it, what it must not be able to do, and what is left when something goes wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from psycopg import sql
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD
from tests.recovery import odoo_double
from tests.recovery.tenant import Tenant

LIVE = """
CREATE TABLE ir_config_parameter (id serial, key text UNIQUE, value text);
INSERT INTO ir_config_parameter (key, value) VALUES ('database.uuid', 'production-uuid'), ('database.secret', 'production-secret'),
  ('database.enterprise_code', 'M123'), ('web.base.url', 'https://erp.acme.example'), ('stripe_secret_key', 'sk_live_1');
CREATE TABLE ir_mail_server (id serial, name text, smtp_host text, active boolean);
INSERT INTO ir_mail_server (name, smtp_host, active) VALUES ('SES', 'email-smtp.eu-central-1.amazonaws.com', true);
CREATE TABLE fetchmail_server (id serial, active boolean);
INSERT INTO fetchmail_server (active) VALUES (true);
CREATE TABLE ir_model_data (id serial, model text, module text, name text, res_id int);
CREATE TABLE ir_cron (id serial PRIMARY KEY, active boolean);
INSERT INTO ir_cron (active) VALUES (true), (true), (true);
INSERT INTO ir_model_data (model, module, name, res_id) VALUES ('ir.cron', 'base', 'autovacuum_job', 1);
CREATE TABLE payment_provider (id serial, state text);
INSERT INTO payment_provider (state) VALUES ('enabled'), ('test');
CREATE TABLE ir_act_server (id serial, state text, webhook_url text);
INSERT INTO ir_act_server (state, webhook_url) VALUES ('webhook', 'https://hooks.acme.example/in');
CREATE TABLE iap_account (id serial, account_token text);
INSERT INTO iap_account (account_token) VALUES ('iap-1');
CREATE TABLE mail_mail (id serial, state text);
INSERT INTO mail_mail (state) VALUES ('outgoing'), ('sent');
CREATE TABLE queue_job (id serial, state text);
INSERT INTO queue_job (state) VALUES ('pending'), ('done');
CREATE TABLE res_users_apikeys (id serial, name text);
INSERT INTO res_users_apikeys (name) VALUES ('edi');
COMMENT ON TABLE queue_job IS 'as Odoo comments its tables';
"""
HARM = {
    "ir_mail_server": "outgoing_mail_servers",
    "fetchmail_server": "incoming_mail_servers",
    "ir_cron": "scheduled_actions",
    "payment_provider": "payment_providers",
    "ir_act_server": "webhooks",
    "iap_account": "iap_accounts",
    "ir_config_parameter": "neutralised_by_odoo",
}
"""Table that Odoo forgot to neutralise, and the check that has to find it."""


class Staging:
    """Another environment of the tenant: its own database, roles and filestore on the same server."""

    def __init__(self, production: Tenant, made: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
        self.production, self.made = production, made
        self.beside = f"{made.database}__copy"
        production.environment.update(
            {
                "COPY_TENANT": production.environment["TENANT"].replace("production", "staging"),
                "COPY_DATABASE": made.database,
                "COPY_LOGIN": made.environment["LOGIN"],
                "COPY_BESIDE": self.beside,
                "COPY_BUCKET": made.environment["FILESTORE_BUCKET"],
                "COPY_PREFIX": "copy/",
                "COPY_URL": "https://staging.acme.eu-1.erp.example.com",
            }
        )
        production.enter(monkeypatch)

    def run(self, step: str, *more: str) -> int:
        return self.production.run("copy", step, *more)

    def neutralise(self, fault: str = "") -> int:
        conf = self.production.folder / "odoo.conf"
        conf.write_text(configuration(self.made, self.beside))
        return subprocess.run(
            [sys.executable, odoo_double.__file__, "neutralize", f"--database={self.beside}"],
            env={**os.environ, "ODOO_RC": str(conf), "DOUBLE_FAULT": fault},
            check=False,
        ).returncode

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.made.sql(query)

    def databases(self) -> list[str]:
        return self.production.databases(f"{self.made.database}%") + self.production.databases("estate_scratch%")


def configuration(tenant: Tenant, database: str) -> str:
    login = tenant.environment["LOGIN"]
    return (
        f"[options]\ndb_host = 127.0.0.1\ndb_port = {tenant.server.port}\ndb_user = {login}\ndb_password = login-Password-1\n"
        f"db_sslmode = require\ndb_name = {database}\n"
    )


@pytest.fixture
def staging(make_tenant: Callable[..., Tenant], monkeypatch: pytest.MonkeyPatch) -> Staging:
    """Production with everything that reaches the outside, dumped; and a staging that was used before."""
    made, production = make_tenant(), make_tenant()
    production.sql(LIVE)
    made.sql("INSERT INTO res_users (login) VALUES ('a tester')")
    found = Staging(production, made, monkeypatch)
    assert production.run("dump") == 0
    return found


def said(capsys: pytest.CaptureFixture[str], event: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return next(line for line in reversed(lines) if line["event"] == event)


def test_a_copy_has_productions_rows_and_files_and_can_do_no_harm(staging: Staging) -> None:
    assert (staging.run("restore"), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
    assert staging.rows("SELECT count(*) FROM sale_order") == [(2000,)]
    assert staging.rows("SELECT 1 FROM res_users WHERE login = 'a tester'") == []
    parameters = dict(staging.rows("SELECT key, value FROM ir_config_parameter"))
    assert parameters["database.uuid"] != "production-uuid" and parameters["database.secret"] != "production-secret"
    assert parameters["web.base.url"] == "https://staging.acme.eu-1.erp.example.com"
    assert not {"stripe_secret_key", "database.enterprise_code"} & parameters.keys()
    assert staging.rows("SELECT smtp_host FROM ir_mail_server WHERE active") == [("invalid",)]
    assert staging.rows("SELECT id FROM ir_cron WHERE active") == [(1,)]
    assert staging.rows("SELECT state FROM mail_mail ORDER BY id") == [("cancel",), ("sent",)]
    assert staging.rows("SELECT state FROM queue_job ORDER BY id") == [("cancelled",), ("done",)]
    assert staging.rows("SELECT count(*) FROM res_users_apikeys") == [(0,)]
    objects = staging.production.cloud.s3.list_objects_v2(
        Bucket=staging.made.environment["FILESTORE_BUCKET"], Prefix="copy/"
    )
    assert {"copy/docs/invoice-0001.pdf", f"copy/07/{7:040x}"} <= {one["Key"] for one in objects["Contents"]}
    assert staging.databases() == [staging.made.database], "neither the former database nor a scratch one takes storage"


def test_production_is_only_read(staging: Staging) -> None:
    before = staging.production.sql("SELECT key, value FROM ir_config_parameter ORDER BY key")
    objects = staging.production.objects()
    assert (staging.run("restore"), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
    assert staging.production.sql("SELECT key, value FROM ir_config_parameter ORDER BY key") == before
    assert staging.production.sql("SELECT count(*) FROM ir_mail_server WHERE active") == [(1,)]
    assert staging.production.objects() == objects


def test_everything_in_the_copy_belongs_to_stagings_role(staging: Staging) -> None:
    assert (staging.run("restore"), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
    owners = staging.rows(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
    )
    assert owners == [(staging.made.environment["LOGIN"],)]
    staging.rows("ALTER TABLE sale_order ADD COLUMN an_upgrade_does_this int")
    owner = staging.rows("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
    assert owner == [(staging.made.environment["OWNER"],)], "and the role cannot drop it"


def test_nobody_lists_the_copy_before_it_has_passed_and_productions_role_never_enters_it(staging: Staging) -> None:
    assert staging.run("restore") == 0
    listed = (
        "SELECT datname FROM pg_database WHERE datdba = (SELECT usesysid FROM pg_user WHERE usename = current_user)"
        " AND NOT datistemplate AND datallowconn"
    )
    assert staging.made.sql(listed) == [], "cron runs the jobs of what its user owns (list_dbs in odoo/service/db.py)"
    with pytest.raises(Exception, match="permission denied"):
        staging.production.sql("SELECT 1", staging.beside)


@pytest.mark.parametrize("table", HARM)
def test_a_copy_that_fails_one_check_is_dropped_and_staging_is_as_it_was(
    staging: Staging, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (staging.run("restore"), staging.neutralise(f"forgets {table}"), staging.run("finish")) == (0, 0, 3)
    assert HARM[table] in said(capsys, "failed")["reason"]
    assert staging.databases() == [staging.made.database]
    assert staging.rows("SELECT login FROM res_users WHERE login = 'a tester'") == [("a tester",)]


def test_a_copy_that_odoo_never_neutralised_is_dropped(staging: Staging) -> None:
    assert (staging.run("restore"), staging.run("finish")) == (0, 3)
    assert staging.databases() == [staging.made.database]


def test_a_copy_with_productions_uuid_is_found_out(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (staging.run("restore"), staging.neutralise()) == (0, 0)
    monkeypatch.setattr("odoo_estate_recovery.copying.settle", lambda session, url: None)
    assert staging.run("finish") == 3


@pytest.mark.parametrize("event", ["dump_fetched", "database_restored", "leftover_found"])
def test_a_restore_that_was_killed_is_made_again_whole(staging: Staging, event: str) -> None:
    if event == "leftover_found":
        staging.production.kill_at("dump_fetched", "copy", "restore")
    staging.production.kill_at(event, "copy", "restore")
    assert (staging.run("restore"), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
    assert staging.rows("SELECT count(*) FROM stock_move") == [(3000,)]
    assert staging.databases() == [staging.made.database]


def test_each_step_may_run_twice(staging: Staging, capsys: pytest.CaptureFixture[str]) -> None:
    dump = staging.production.dumps()[-1]
    assert (staging.run("restore", "--dump", dump), staging.run("restore", "--dump", dump)) == (0, 0)
    assert said(capsys, "already_restored")["dump"] == dump
    assert (staging.neutralise(), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
    staging.rows("INSERT INTO res_users (login) VALUES ('tests go on')")
    assert staging.run("finish") == 0
    assert staging.rows("SELECT 1 FROM res_users WHERE login = 'tests go on'") == [(1,)]


def test_a_finish_that_was_cut_off_after_the_swap_drops_the_former_database(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (staging.run("restore"), staging.neutralise()) == (0, 0)
    with monkeypatch.context() as patch:
        patch.setattr("odoo_estate_recovery.copying._drop_former", lambda admin, copy: sys.exit("killed"))
        with pytest.raises(SystemExit):
            staging.run("finish")
    assert len(staging.databases()) == 2
    assert staging.run("finish") == 0
    assert staging.databases() == [staging.made.database]


def test_a_copy_that_is_given_up_leaves_nothing(staging: Staging) -> None:
    assert (staging.run("restore"), staging.run("drop"), staging.run("drop")) == (0, 0, 0)
    assert staging.databases() == [staging.made.database]
    assert staging.run("finish") == 4, "there is nothing to put in its place"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COPY_TENANT", "acme1.production"),
        ("COPY_TENANT", "other.staging"),
        ("COPY_BESIDE", ""),
        ("COPY_URL", "http://staging.example.com"),
        ("COPY_BUCKET", "x"),
    ],
)
def test_a_wrong_target_is_refused_before_anything_is_asked(
    staging: Staging, variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert staging.run("restore") == 2
    assert variable in said(capsys, "failed")["reason"]


def test_production_is_never_the_target_of_a_copy(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPY_DATABASE", staging.production.database)
    assert staging.run("restore") == 2
    monkeypatch.setenv("COPY_TENANT", staging.production.environment["TENANT"])
    assert staging.run("restore") == 2


def test_a_copy_into_an_environment_that_does_not_stand_says_so(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPY_DATABASE", "nowhere")
    assert staging.run("restore") == 4


def test_the_staging_role_of_another_server_needs_none_of_productions(staging: Staging) -> None:
    """On an instance of its own there is no role of production's: nothing in the dump may need one."""
    login, owner = staging.production.environment["LOGIN"], staging.production.environment["OWNER"]
    with staging.production.connect("postgres", MASTER, MASTER_PASSWORD) as master:
        for role in (login, owner):
            master.execute(
                sql.SQL("ALTER ROLE {} RENAME TO {}").format(sql.Identifier(role), sql.Identifier(f"{role}_gone"))
            )
        try:
            assert (staging.run("restore"), staging.neutralise(), staging.run("finish")) == (0, 0, 0)
        finally:
            for role in (login, owner):
                master.execute(
                    sql.SQL("ALTER ROLE {} RENAME TO {}").format(sql.Identifier(f"{role}_gone"), sql.Identifier(role))
                )
