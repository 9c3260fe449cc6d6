"""A private PostgreSQL server for the tests that need a real one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.ports import take_port
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD, Server, postgres_binaries, run


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the whole session, with a master user that is no superuser, as RDS has it."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server = Server(postgres_binaries(), folder, take_port())
        data = folder / "data"
        run(
            server.binaries / "initdb",
            "-D",
            data,
            "--username=superuser",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
        )
        server.authority.issue(data)
        (data / "tls.key").chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(data / "tls.key", "postgres")
        (data / "pg_hba.conf").write_text(
            "local all,replication superuser trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
        )
        settings = {
            "port": str(server.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": "tls.crt",
            "ssl_key_file": "tls.key",
            "max_connections": "100",
            "log_statement": "all",
        }
        options = " ".join(f"-c {key}={value}" for key, value in settings.items())
        run(server.binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            server.rows(
                f"CREATE ROLE {MASTER} LOGIN CREATEDB CREATEROLE PASSWORD '{MASTER_PASSWORD}';"
                # As rds_superuser has it, which is none (Amazon RDS user guide, 2026).
                f"ALTER DATABASE postgres OWNER TO {MASTER}; GRANT pg_signal_backend TO {MASTER};"
            )
            yield server
        finally:
            run(server.binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
