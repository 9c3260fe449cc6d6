"""A read replica of the test server, as RDS has it: the same certificate authority, the same roles, nothing may be written."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.ports import take_port
from tests.odoo.pooler import wait_for
from tests.odoo.postgres_server import Server, run


class Standby:
    """A running standby; ``caught_up`` waits until it has replayed what its primary has written."""

    def __init__(self, primary: Server, folder: Path) -> None:
        self.primary, self.server, self.data = (
            primary,
            replace(primary, folder=folder, port=take_port()),
            folder / "data",
        )
        source = f"host={primary.folder} port={primary.port} user=superuser"
        run(primary.binaries / "pg_basebackup", "-d", source, "-D", self.data, "-R", "--checkpoint=fast")
        options = " ".join(
            f"-c {key}={value}"
            for key, value in {
                "port": self.server.port,
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": folder,
                "ssl": "on",
                "ssl_cert_file": "tls.crt",
                "ssl_key_file": "tls.key",
            }.items()
        )
        run(primary.binaries / "pg_ctl", "-D", self.data, "-w", "-l", folder / "log", "-o", options, "start")

    def caught_up(self) -> None:
        (written,) = self.primary.rows("SELECT pg_current_wal_lsn()")
        wait_for(lambda: self.server.rows(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == ["t"])

    def stop(self) -> None:
        run(self.primary.binaries / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")


@contextmanager
def standby(primary: Server) -> Iterator[Standby]:
    with tempfile.TemporaryDirectory(prefix="standby-", dir="/tmp") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres")
        one = Standby(primary, Path(name))
        try:
            yield one
        finally:
            if (one.data / "postmaster.pid").exists():
                one.stop()
