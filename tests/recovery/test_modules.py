"""Installing and upgrading modules: what Odoo is asked for, and what is found out about what it did. Odoo itself is a double (`odoo_double`); its
exit code says little, as the real one's does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.recovery import odoo_double
from tests.recovery.tenant import Tenant
from tests.recovery.test_copy import configuration

from odoo_estate.odoo.module_job import odoo_command
from odoo_estate_modules.__main__ import main
from odoo_estate_modules.states import Module, problems, to_install


class Job:
    """One pod of the job: its three containers one after the other, as the kubelet runs them."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        self.tenant, self.folder = tenant, folder
        (folder / "odoo.conf").write_text(configuration(tenant, tenant.database))
        (folder / "bin").mkdir()
        script = folder / "bin" / "odoo"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {odoo_double.__file__} "$@"\n')
        script.chmod(0o755)
        self.waited: list[float] = []
        self.pods = 0

    def run(self, kind: str, modules: str, *, fault: str = "", not_before: str = "") -> list[int]:
        """The exit codes of the containers that ran."""
        self.pods += 1
        scratch = self.folder / f"pod-{self.pods}"
        scratch.mkdir()
        environment = {
            "DATABASE": self.tenant.database,
            "KIND": kind,
            "SERIES": "18.0",
            "MODULES": modules,
            "NOT_BEFORE": not_before,
            "ASK": str(scratch / "ask"),
            "ODOO_RC": str(self.folder / "odoo.conf"),
        }
        codes = [main(["before"], environment, self.waited.append)]
        if codes[-1] == 0:
            path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
            double = {"DOUBLE_RECORD": str(self.folder / "asked"), "DOUBLE_FAULT": fault}
            command = odoo_command("initialise" if kind == "initialise" else "upgrade")
            codes.append(subprocess.run(command, env={**environment, **double, "PATH": path}, check=False).returncode)
        if codes[-1] == 0:
            codes.append(main(["after"], environment))
        return codes

    def asked(self) -> list[list[str]]:
        file = self.folder / "asked"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def modules(self) -> dict[str, tuple[str, str]]:
        rows = self.tenant.sql("SELECT name, state, latest_version FROM ir_module_module")
        return {name: (state, version) for name, state, version in rows}


@pytest.fixture
def job(make_tenant: Callable[..., Tenant], tmp_path: Path) -> Job:
    """A tenant whose database Odoo has never been in."""
    tenant = make_tenant()
    tenant.sql("DROP TABLE ir_module_module")
    return Job(tenant, tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().err.splitlines()[-1]))


def test_an_empty_database_gets_base_and_the_contracts_modules_without_demonstration_data(job: Job) -> None:
    assert job.run("initialise", "sale,acme_pricing") == [0, 0, 0]
    (asked,) = job.asked()
    assert asked == [
        f"--database={job.tenant.database}", "--init=base,sale,acme_pricing", "--without-demo=all", "--stop-after-init",
        "--no-http", "--workers=0", "--max-cron-threads=0",
    ]  # fmt: skip
    assert {name for name, (state, _) in job.modules().items() if state == "installed"} == {
        "base",
        "sale",
        "acme_pricing",
    }


def test_initialising_twice_asks_odoo_for_nothing(job: Job) -> None:
    """With ``--init`` on an installed module Odoo writes its records over what the customer changed."""
    assert job.run("initialise", "sale") == [0, 0, 0]
    assert job.run("initialise", "sale") == [0, 0, 0]
    assert len(job.asked()) == 1


def test_an_initialisation_that_was_cut_off_goes_on_with_what_is_missing(job: Job) -> None:
    assert job.run("initialise", "sale,stock", fault="dies") == [0, 255]
    assert job.run("initialise", "sale,stock") == [0, 0, 0]
    assert job.asked()[-1][1] == "--init=stock"


def test_a_module_that_the_image_does_not_have_is_found_out_although_odoo_ends_well(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job.run("initialise", "sale,acme_missing") == [0, 0, 3]
    assert said(capsys)["reason"] == "acme_missing is unknown to this image"


@pytest.fixture
def installed(job: Job) -> Job:
    """With older versions than the image's, as before an upgrade."""
    assert job.run("initialise", "sale,acme_pricing") == [0, 0, 0]
    job.tenant.sql("UPDATE ir_module_module SET latest_version = '18.0.0.9' WHERE state = 'installed'")
    return job


def test_an_upgrade_says_which_versions_it_brought(installed: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert installed.run("upgrade", "sale") == [0, 0, 0]
    assert installed.asked()[-1] == [
        f"--database={installed.tenant.database}", "--update=sale", "--stop-after-init", "--no-http", "--workers=0",
        "--max-cron-threads=0",
    ]  # fmt: skip
    assert said(capsys)["changes"] == {"sale": "18.0.0.9 > 18.0.1.2"}


def test_all_modules_are_upgraded_through_base(installed: Job) -> None:
    assert installed.run("upgrade", "all") == [0, 0, 0]
    assert installed.asked()[-1][1] == "--update=base"
    assert installed.modules()["acme_pricing"] == ("installed", "18.0.2.0.0")


def test_what_is_not_installed_is_not_upgraded_and_odoo_is_not_even_asked(
    installed: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installed.run("upgrade", "sale,stock") == [3]
    assert "stock" in said(capsys)["reason"]
    assert len(installed.asked()) == 1


def test_a_module_that_odoo_skipped_fails_the_upgrade_although_odoo_ends_well(
    installed: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installed.run("upgrade", "all", fault="skips") == [0, 0, 3]
    assert "acme_pricing is still to upgrade" in said(capsys)["reason"]


def test_an_upgrade_that_died_in_the_middle_is_finished_by_the_next_pod(installed: Job) -> None:
    assert installed.run("upgrade", "sale,acme_pricing", fault="dies") == [0, 255]
    assert installed.modules()["acme_pricing"][0] == "to upgrade"
    assert installed.run("upgrade", "sale,acme_pricing") == [0, 0, 0]
    assert installed.modules()["acme_pricing"] == ("installed", "18.0.2.0.0")


def test_odoo_is_asked_once_the_last_pod_must_have_left(installed: Job) -> None:
    """The registry is in their memory: what they write goes by the old model."""
    later = datetime.now(UTC) + timedelta(seconds=120)
    assert installed.run("upgrade", "sale", not_before=f"{later:%Y-%m-%dT%H:%M:%SZ}") == [0, 0, 0]
    assert 110 < installed.waited[0] <= 120
    assert installed.run("upgrade", "sale", not_before="2026-01-01T00:00:00Z") == [0, 0, 0]
    assert len(installed.waited) == 1


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"KIND": "downgrade"}, "KIND"),
        ({"MODULES": ""}, "MODULES is empty"),
        ({"MODULES": "sale; rm -rf /"}, "MODULES"),
        ({"NOT_BEFORE": "soon"}, "NOT_BEFORE"),
        ({"DATABASE": "", "ASK": ""}, "DATABASE is not set; ASK is not set"),
    ],
)
def test_wrong_settings_are_all_named(changed: dict[str, str], names: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = {
        "DATABASE": "a",
        "SERIES": "18.0",
        "KIND": "upgrade",
        "MODULES": "sale",
        "ASK": "/x",
        "ODOO_RC": "/etc/odoo/odoo.conf",
    }
    assert main(["before"], {**given, **changed}) == 2
    assert names in said(capsys)["reason"]


def test_a_refused_login_tells_no_password(installed: Job, capsys: pytest.CaptureFixture[str]) -> None:
    conf = installed.folder / "odoo.conf"
    conf.write_text(conf.read_text().replace("login-Password-1", "wrong-Password-2"))
    assert installed.run("upgrade", "sale") == [4]
    conf.write_text("db_password = wrong-Password-2\n")
    assert installed.run("upgrade", "sale") == [2]
    assert "Password" not in capsys.readouterr().err


def test_a_module_that_an_upgrade_took_away_is_told() -> None:
    before = {"base": Module("installed", "1"), "sale": Module("installed", "1"), "stock": Module("installed", "1")}
    after = {"base": Module("installed", "2"), "sale": Module("uninstallable", "1")}
    assert problems(before, after, ["base"]) == [
        "sale was installed and is uninstallable",
        "stock was installed and is gone",
    ]
    assert to_install({}, ["sale", "base", "sale"]) == ["base", "sale"]


def test_another_series_is_a_migration_and_refused(installed: Job, capsys: pytest.CaptureFixture[str]) -> None:
    installed.tenant.sql("UPDATE ir_module_module SET latest_version = '17.0.1.3' WHERE name = 'base'")
    assert installed.run("upgrade", "all") == [3]
    assert "of Odoo 17.0, the image of 18.0" in said(capsys)["reason"]
