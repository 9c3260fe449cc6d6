"""A real PostgreSQL, S3 and KMS simulated over HTTP, and tenants in them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from tests.odoo.conftest import postgres  # noqa: F401 the fixture
from tests.odoo.postgres_server import Server
from tests.recovery.tenant import Cloud, Tenant


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield Cloud(f"http://{host}:{port}")
    finally:
        server.stop()


@pytest.fixture
def make_tenant(
    postgres: Server,  # noqa: F811
    cloud: Cloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Tenant]]:
    """Each tenant has its own roles, database, prefix and scratch folder; the last one's settings are the environment's."""
    made: list[Tenant] = []

    def make(name: str = "", **settings: str) -> Tenant:
        tenant = Tenant.make(postgres, cloud, tmp_path / f"tenant-{len(made)}", name, settings)
        made.append(tenant)
        tenant.enter(monkeypatch)
        return tenant

    yield make
    for tenant in made:
        tenant.remove()


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()
