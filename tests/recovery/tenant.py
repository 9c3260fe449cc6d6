"""A tenant with an Odoo-like database, a filestore and a backup bucket, made as the platform makes them."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from psycopg import sql
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD, Server

from odoo_estate_recovery.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
SECRET = "correct-horse-battery-staple"
"""Stands in the database; found nowhere else."""
numbers = itertools.count(1)

SCHEMA = """
CREATE TABLE ir_module_module (id serial PRIMARY KEY, name text, latest_version text, state text);
INSERT INTO ir_module_module (name, latest_version, state) VALUES ('base', '17.0.1.3', 'installed');
CREATE TABLE res_users (id serial PRIMARY KEY, login text UNIQUE, create_date timestamp, write_date timestamp);
INSERT INTO res_users (login, create_date, write_date) SELECT 'user' || n, now(), now() FROM generate_series(1, 20) n;
CREATE TABLE sale_order (id serial PRIMARY KEY, name text, user_id int REFERENCES res_users, create_date timestamp, write_date timestamp);
INSERT INTO sale_order (name, user_id, create_date, write_date)
  SELECT 'S' || n, 1 + n % 20, now(), now() FROM generate_series(1, 2000) n;
CREATE TABLE account_move (id serial PRIMARY KEY, name text, narration text, amount_total numeric, create_date timestamp, write_date timestamp);
INSERT INTO account_move (name, narration, amount_total, create_date, write_date)
  SELECT 'INV/' || n, '{secret}', n * 1.19, now(), now() FROM generate_series(1, 1000) n;
CREATE INDEX account_move_name ON account_move USING gin (name gin_trgm_ops);
CREATE TABLE stock_move (id serial PRIMARY KEY, name text, noise text, create_date timestamp, write_date timestamp);
INSERT INTO stock_move (name, noise, create_date, write_date)
  SELECT 'M' || n, md5(n::text), now(), now() FROM generate_series(1, 3000) n;
CREATE TABLE ir_attachment (id serial PRIMARY KEY, name text, store_fname text, create_date timestamp, write_date timestamp);
CREATE VIEW open_orders AS SELECT * FROM sale_order;
SELECT lo_from_bytea(0, 'a large object');
"""


@dataclass(frozen=True)
class Cloud:
    """S3, KMS and CloudWatch over HTTP."""

    url: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    def key(self, *, multi_region: bool = False) -> str:
        return str(self.client("kms").create_key(MultiRegion=multi_region)["KeyMetadata"]["Arn"])

    def replica(self, key: str, region: str) -> str:
        number = key.rsplit("/", 1)[-1]  # moto knows no ARNs here
        answer = self.client("kms").replicate_key(KeyId=number, ReplicaRegion=region)
        return str(answer["ReplicaKeyMetadata"]["Arn"])

    def bucket(self, name: str) -> str:
        self.s3.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            ObjectLockEnabledForBucket=True,
        )
        return name


@dataclass
class Tenant:
    server: Server
    cloud: Cloud
    folder: Path
    database: str
    environment: dict[str, str]

    @classmethod
    def make(cls, server: Server, cloud: Cloud, folder: Path, name: str, settings: Mapping[str, str]) -> "Tenant":
        number = next(numbers)
        unique = f"t{number}-{os.getpid()}"
        database, owner, login = name or f"acme{number}", f"owner{number}", f"login{number}"
        scratch = folder / "scratch"
        scratch.mkdir(parents=True)
        service = folder / "pg_service.conf"
        service.write_text(
            f"[admin]\nhost=127.0.0.1\nport={server.port}\nuser={MASTER}\npassword={MASTER_PASSWORD}\ndbname=postgres\n"
            f"sslmode=verify-full\nsslrootcert={folder / 'server-ca.pem'}\n"
        )
        (folder / "server-ca.pem").write_text(server.authority.pem)
        environment = {
            "PATH": f"{server.binaries}:{os.environ['PATH']}",
            "PGSERVICEFILE": str(service),
            "TENANT": f"acme{number}.production",
            "DATABASE": database,
            "OWNER": owner,
            "LOGIN": login,
            "EXTENSIONS": "pg_trgm,unaccent",
            "BACKUP_BUCKET": cloud.bucket(f"backups-{unique}"),
            "BACKUP_PREFIX": f"logical/acme{number}.production/",
            "KMS_KEY_ARN": cloud.key(),
            "RETAIN_DAYS": "7",
            "FILESTORE_BUCKET": cloud.bucket(f"files-{unique}"),
            "FILESTORE_PREFIX": "filestore/",
            "SCRATCH_DIR": str(scratch),
            "PARALLEL": "2",
            "MAX_AGE_MINUTES": "60",
            "METRIC_NAMESPACE": f"Estate/{unique}",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": cloud.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            **settings,
        }
        tenant = cls(server, cloud, folder, database, environment)
        tenant._create(owner, login)
        return tenant

    def _create(self, owner: str, login: str) -> None:
        """As the tenant's database job does it: the master becomes a member of the owner, not of the login."""
        name = sql.Identifier(self.database)
        with self.connect("postgres", MASTER, MASTER_PASSWORD) as master:
            for statement in (
                "CREATE ROLE {owner} NOLOGIN",
                "CREATE ROLE {login} LOGIN PASSWORD 'login-Password-1'",
                "GRANT {owner} TO CURRENT_USER",
                "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'",
                "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
                "GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {login}",
                "ALTER DATABASE {name} CONNECTION LIMIT 40",
                "ALTER ROLE {login} IN DATABASE {name} SET statement_timeout = '300s'",
                'ALTER ROLE {login} IN DATABASE {name} SET search_path = "$user", public',
            ):
                master.execute(
                    sql.SQL(statement).format(name=name, owner=sql.Identifier(owner), login=sql.Identifier(login))
                )
        with self.connect(self.database, MASTER, MASTER_PASSWORD) as master:
            master.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
            master.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
            master.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(login)))
        self.sql(SCHEMA.format(secret=SECRET))
        for number in range(30):
            self.attach(f"{number:02x}/{number:040x}")
        self.attach("s3store://docs/invoice-0001.pdf")

    def attach(self, store_fname: str) -> None:
        """First the object, then the row, as Odoo does."""
        path = store_fname.partition("://")[2] or store_fname
        self.cloud.s3.put_object(
            Bucket=self.environment["FILESTORE_BUCKET"], Key=f"filestore/{path}", Body=store_fname.encode()
        )
        self.sql(
            f"INSERT INTO ir_attachment (name, store_fname, create_date, write_date) VALUES ('a', '{store_fname}', now(), now())"
        )

    def connect(self, database: str, user: str = "", password: str = "") -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            dbname=database,
            user=user or self.environment["LOGIN"],
            password=password or "login-Password-1",
            autocommit=True,
        )

    def sql(self, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """As the tenant's login."""
        with self.connect(database or self.database) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for key, value in self.environment.items():
            monkeypatch.setenv(key, value)

    # --- running the program

    def run(self, *arguments: str) -> int:
        """In this process; the environment is the one of `enter`."""
        return main(arguments)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """As a job does."""
        return subprocess.Popen(
            [sys.executable, "-m", "odoo_estate_recovery", *arguments],
            env={"PYTHONPATH": str(ROOT / "images" / "recovery"), **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill_at(self, event: str, *arguments: str, **environment: str) -> list[str]:
        """Kills the job (SIGKILL) as soon as it has logged ``event``; what it said until then."""
        process = self.start(*arguments, **environment)
        said = []
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if json.loads(line)["event"] == event:
                break
        else:
            raise AssertionError(f"{event} was never logged: {said}")
        process.kill()
        process.communicate()
        # The server learns of it a moment later; until then a next run rightly says that one is under way.
        until(lambda: not self.server.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))
        return said

    def start_superuser_session(self) -> "subprocess.Popen[str]":
        """Stays in the tenant's database; nobody but a superuser can end it."""
        process = subprocess.Popen(
            [self.server.binaries / "psql", "--no-psqlrc", "-c", "SELECT pg_sleep(120)"],
            env={
                "PGHOST": str(self.server.folder),
                "PGPORT": str(self.server.port),
                "PGUSER": "superuser",
                "PGDATABASE": self.database,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        until(lambda: bool(self.server.rows("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")))
        return process

    # --- what there is

    def objects(self) -> list[str]:
        found = self.cloud.s3.list_objects_v2(Bucket=self.environment["BACKUP_BUCKET"]).get("Contents", [])
        return [entry["Key"] for entry in found]

    def dumps(self) -> list[str]:
        """Ids of complete dumps, oldest first."""
        return [key.split("/")[-2] for key in self.objects() if key.endswith("/manifest.json")]

    def body(self, name: str) -> bytes:
        key = self.environment["BACKUP_PREFIX"] + name
        return bytes(self.cloud.s3.get_object(Bucket=self.environment["BACKUP_BUCKET"], Key=key)["Body"].read())

    def put(self, name: str, body: bytes) -> str:
        """A newer version over what there is, as somebody with write access could make it."""
        key = self.environment["BACKUP_PREFIX"] + name
        answer = self.cloud.s3.put_object(Bucket=self.environment["BACKUP_BUCKET"], Key=key, Body=body)
        return str(answer["VersionId"])

    def manifest(self, dump: str) -> dict[str, Any]:
        return dict(json.loads(self.body(f"{dump}/manifest.json")))

    def evidence(self) -> dict[str, Any]:
        """The newest."""
        newest = max(key for key in self.objects() if "/evidence/" in key)
        return dict(json.loads(self.body(newest.removeprefix(self.environment["BACKUP_PREFIX"]))))

    def failed_checks(self) -> list[str]:
        return [check["name"] for check in self.evidence()["checks"] if not check["passed"]]

    def databases(self, pattern: str) -> list[str]:
        return self.server.rows(f"SELECT datname FROM pg_database WHERE datname LIKE '{pattern}' ORDER BY 1")

    def remove(self) -> None:
        """So that the next test finds no scratch or kept database of this one."""
        with self.connect("postgres", MASTER, MASTER_PASSWORD) as master:
            for (name,) in master.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE '%\\_\\_before\\_%'"
            ).fetchall():
                master.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for what another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
