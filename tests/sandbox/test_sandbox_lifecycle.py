"""A program's life in the sandbox: up, up again, change, destroy."""

import contextlib
import json
import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

NETWORK = """
vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", opts=opts)
subnets = [
    aws.ec2.Subnet(f"s{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone, opts=opts)
    for i, zone in enumerate(("eu-central-1a", "eu-central-1b"))
]
group = aws.rds.SubnetGroup("group", subnet_ids=[s.id for s in subnets], opts=opts)
wall = aws.ec2.SecurityGroup("wall", vpc_id=vpc.id, opts=opts)
"""
DATABASE = """
import pulumi_random as random
password = random.RandomPassword("password", length=20)
database = aws.rds.Instance(
    "database", engine="ENGINE", instance_class="db.t4g.micro", allocated_storage=20, db_subnet_group_name=group.name,
    vpc_security_group_ids=[wall.id], username="odoo", password=password.result, skip_final_snapshot=True,
    tags={"tenant": "acme", "owner": "acme"}, opts=opts,
)
pulumi.export("endpoint", database.endpoint)
pulumi.export("arn", database.arn)
pulumi.export("tags", database.tags_all)
"""
WHOLE = NETWORK + DATABASE.replace("ENGINE", "postgres")


def things(project):
    path = project.variables["ODOO_ESTATE_SANDBOX"] + "/cloud.sqlite"
    with sqlite3.connect(path) as database:
        return [row[0] for row in database.execute("SELECT id FROM record")]


def test_a_program_comes_up_stays_unchanged_and_leaves_nothing_behind(project):
    project.program(WHOLE)
    project.up().assert_fine()
    outputs = project.outputs()
    assert outputs["endpoint"].endswith(".eu-central-1.rds.amazonaws.com:5432")
    assert outputs["arn"].startswith("arn:aws:rds:eu-central-1:444455556666:db:database-")
    assert outputs["tags"] == {"owner": "acme", "tenant": "acme"}

    assert "9 unchanged" in project.up("--expect-no-changes").assert_fine().text
    project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes").assert_fine()

    project.destroy().assert_fine()
    assert things(project) == []


def test_two_fresh_sandboxes_mint_the_same_values(project, tmp_path):
    project.program(WHOLE).up().assert_fine()
    first = project.outputs()
    project.destroy().assert_fine()
    project.up().assert_fine()
    assert project.outputs() == first


def test_a_change_of_engine_plans_a_replacement_of_the_database(project):
    project.program(WHOLE).up().assert_fine()
    project.program(NETWORK + DATABASE.replace("ENGINE", "mysql"))
    planned = project.planned()
    assert "replace" in planned["database"]
    assert "main" not in planned, "unchanged resources are no step"


def test_secrets_stand_nowhere_in_the_exported_state(project):
    body = (
        WHOLE
        + """
secret = aws.secretsmanager.Secret("admin", opts=opts)
aws.secretsmanager.SecretVersion("admin", secret_id=secret.id, secret_string=pulumi.Output.secret("hunter2hunter2"), opts=opts)
pulumi.export("password", password.result)
"""
    )
    project.program(body).up().assert_fine()
    drawn = json.loads(project.pulumi("stack", "output", "--json", "--show-secrets").assert_fine().text)["password"]
    assert len(drawn) == 20
    text = project.exported()
    assert drawn not in text and json.dumps(drawn)[1:-1] not in text
    assert "hunter2hunter2" not in text
    refreshed = project.pulumi("refresh", "--yes", "--skip-preview").assert_fine()
    assert drawn not in refreshed.text
    assert "hunter2hunter2" not in project.exported()


def test_two_stacks_come_up_side_by_side(project, another):
    project.program(NETWORK)
    another.program(NETWORK)
    running = [p.start("up", "--yes", "--skip-preview") for p in (project, another)]
    for process in running:
        text, _ = process.communicate(timeout=120)
        assert process.returncode == 0, text
    assert len(things(project)) == 10


def test_a_killed_engine_leaves_nothing_running_and_converges(project):
    slow = (
        WHOLE
        + """
import time
pulumi.export("late", database.arn.apply(lambda _: time.sleep(30)) if SLEEP else 0)
"""
    )
    project.program(slow.replace("SLEEP", "True"))
    process = project.start("up", "--yes", "--skip-preview")
    deadline = time.monotonic() + 60
    while not any(thing.startswith("db-") for thing in things_if_any(project)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    while running_in(project):
        assert time.monotonic() < deadline, f"still running: {running_in(project)}"
        time.sleep(0.2)
    process.stdout.close()
    project.pulumi("cancel", "--yes")
    project.program(slow.replace("SLEEP", "False"))
    project.up().assert_fine()
    assert len(things(project)) == 6
    project.up("--expect-no-changes").assert_fine()


def running_in(project):
    """Command lines of the processes that belong to this test's sandbox."""
    mark = f"ODOO_ESTATE_SANDBOX={project.variables['ODOO_ESTATE_SANDBOX']}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes() and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def things_if_any(project):
    try:
        return things(project)
    except sqlite3.OperationalError:
        return []


def test_what_a_program_prints_is_shown_and_its_errors_point_at_it(project):
    project.program("print('hello from the program')", head="")
    assert "hello from the program" in project.preview().assert_fine().text
    project.program("def price():\n    return 1 / 0\nprice()", head="")
    failed = project.preview().assert_failed("ZeroDivisionError", "__main__.py")
    assert "runpy" not in failed.text and "language/program.py" not in failed.text


def test_a_programs_own_virtual_environment_is_honoured(project, tmp_path):
    (project.folder / "Pulumi.yaml").write_text(
        "name: tiny\nruntime:\n  name: python\n  options:\n    virtualenv: venv\n", encoding="utf-8"
    )
    project.program("pulumi.export('python', sys.executable)", head="import pulumi, sys\n")
    project.preview().assert_failed("is no virtual environment")
    own = project.folder / "venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nOWN=1 exec "{sys.executable}" "$@"\n', encoding="utf-8")
    own.chmod(0o755)
    project.program("pulumi.export('own', os.environ.get('OWN'))", head="import os, pulumi\n")
    project.up().assert_fine()
    assert project.outputs() == {"own": "1"}
