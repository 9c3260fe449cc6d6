"""A change that takes away safety from what stands is refused before it is made: in the pull request, and by the update itself."""

import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.changes import CHANGES, before
from tests.faults.command import assert_refused, estate
from tests.faults.spoiling import PROJECT, Estate, Fault, copied
from tests.preview.repository import Repository

from sandbox import environment as sandbox_environment

STACKS = ("tenant.nordfood.production", "tenant.iberica.production")
STAND_IN = '''
"""Of a tenant's stack its own database, and what it says that it holds: all that these faults are about."""
import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

from odoo_estate.decide import compile_stack
from odoo_estate.held import OUTPUT, held
from odoo_estate.spec.loader import load

plan = compile_stack(load(Path(os.environ["ODOO_ESTATE_DIR"])), pulumi.get_stack())
provider = aws.Provider("aws", region=plan.target.region)
if plan.own_database:
    aws.rds.Instance(
        os.environ.get("LOGICAL_NAME", "database"),
        identifier=plan.own_database.identifier,
        engine="postgres",
        engine_version=plan.own_database.engine_version,
        instance_class=plan.own_database.instance_class,
        allocated_storage=plan.own_database.storage_gib,
        username="postgres",
        manage_master_user_password=True,
        skip_final_snapshot=True,
        opts=pulumi.ResourceOptions(provider=provider, protect=True),
    )
pulumi.export(OUTPUT, held(plan).as_json())
'''


# --- in the pull request -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", CHANGES, ids=str)
def test_a_pull_request_is_told_first_and_loud(fault: Fault, tmp_path: Path) -> None:
    changed = copied(tmp_path / "clone")
    before(changed)
    repository = Repository(changed.project, changed.directory)
    repository.git("init", "--quiet")
    repository.commit()
    fault.spoil(changed)
    text = repository.since("HEAD", *STACKS[:1] if fault.number != 11 else ())
    assert text.code == 2, text.out
    assert text.out.startswith("REFUSED: ")
    fault.assert_said(text.out.replace(f"{changed.project}{os.sep}", ""))


@pytest.mark.parametrize("fault", [one for one in CHANGES if one.number == 10][:1], ids=str)
def test_the_comment_and_the_json_say_it_too(fault: Fault, tmp_path: Path) -> None:
    changed = copied(tmp_path / "clone")
    repository = Repository(changed.project, changed.directory)
    repository.git("init", "--quiet")
    repository.commit()
    fault.spoil(changed)
    comment = repository.since("HEAD", "--markdown")
    assert comment.code == 2
    assert comment.out.index("> [!CAUTION]") < comment.out.index("lowered from premium to business")
    assert comment.out.index("lowered from premium to business") < comment.out.index("<details>")
    document = repository.since("HEAD", "--json")
    assert document.code == 2
    assert any("lowered from premium to business" in one["message"] for one in document.document["refusals"])


# --- by the update -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """An estate whose landing zone is up, with stand-ins for two tenants; everything through the real engine."""

    estate: Estate
    sandbox: Path
    variables: dict[str, str]

    def pulumi(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.estate.project / "stand-in",
            env={**environment, **self.variables, "ODOO_ESTATE_DIR": str(self.estate.directory), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def everything(self) -> tuple[dict[str, bytes], list[tuple[object, ...]]]:
        """Every stack's state and everything in the cloud."""
        states = self.sandbox / "state/.pulumi/stacks"
        found = {str(file.relative_to(states)): file.read_bytes() for file in sorted(states.rglob("*.json"))}
        with sqlite3.connect(self.sandbox / "cloud.sqlite") as cloud:
            return found, cloud.execute("SELECT token, id, urn, inputs, outputs FROM record ORDER BY seq").fetchall()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Standing:
    project = tmp_path_factory.mktemp("standing")
    root = copied(project / "before")
    before(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODOO_ESTATE_SANDBOX", str(project / "sandbox"))
        variables = sandbox_environment.environment(root.project)
    stand_in = root.project / "stand-in"
    stand_in.mkdir()
    (stand_in / "__main__.py").write_text(STAND_IN, encoding="utf-8")
    (stand_in / "Pulumi.yaml").write_text("name: odoo-estate\nruntime: python\n", encoding="utf-8")
    made = Standing(root, project / "sandbox", variables)
    said = estate(root, "up", "landing-zone", variables=variables)
    assert said.code == 0, said.err
    for stack in STACKS:
        assert made.pulumi("stack", "init", stack).returncode == 0
        up = made.pulumi("up", "--yes", "--skip-preview", "--stack", stack)
        assert up.returncode == 0, up.stdout + up.stderr
    return made


@pytest.mark.engine
@pytest.mark.parametrize("fault", CHANGES, ids=str)
def test_an_update_refuses_it_before_any_stack_is_touched(fault: Fault, standing: Standing, tmp_path: Path) -> None:
    changed = Estate(tmp_path / "project")
    shutil.copytree(standing.estate.directory, changed.directory)
    (changed.project / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    fault.spoil(changed)
    earlier = standing.everything()
    said = estate(changed, "up", "--all", variables=standing.variables)
    assert_refused(said)
    fault.assert_said(said.err)
    assert standing.everything() == earlier


@pytest.mark.engine
def test_bad_input_touches_no_stack_that_stands(standing: Standing, tmp_path: Path) -> None:
    changed = Estate(tmp_path / "project")
    shutil.copytree(standing.estate.directory, changed.directory)
    (changed.project / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    changed.replace("customers/lumen.yaml", "users: 8", "users: many")
    earlier = standing.everything()
    for arguments in (("up", "--all"), ("refresh", "--all"), ("destroy", "--all", "--yes")):
        assert_refused(estate(changed, *arguments, variables=standing.variables))
    assert standing.everything() == earlier


@pytest.mark.engine
def test_a_renamed_component_does_not_replace_the_database(standing: Standing) -> None:
    """Fault 11 by a program's mistake: the name in the program changes, no alias is shipped, the engine is asked all the same."""
    cloud = standing.everything()[1]
    asked = standing.pulumi("up", "--yes", "--skip-preview", "--stack", STACKS[0], LOGICAL_NAME="primary")
    assert asked.returncode != 0
    assert "protected" in asked.stdout + asked.stderr or "already exists" in asked.stdout + asked.stderr
    databases = [one for one in standing.everything()[1] if one[0] == "aws:rds/instance:Instance"]
    assert databases == [one for one in cloud if one[0] == "aws:rds/instance:Instance"] and len(databases) == 1
