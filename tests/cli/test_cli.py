"""The command as a reader meets it: exit codes, messages, JSON, and what it does not load."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from odoo_estate.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "stacks"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STACKS, tmp_path / "stacks"))


def spoil(file: Path, old: str, new: str) -> int:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def snapshot(directory: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file()}


def test_the_root_estate_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--estate", str(STACKS)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("harbour: no problems in 8 customers, 9 tenants, 2 cells")
    assert captured.err == ""


def test_check_as_json_counts_what_it_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--estate", str(STACKS)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["estate"], answer["customers"], answer["problems"]) == ("harbour", 8, [])


def test_bad_input_is_exit_code_2_with_the_line_and_touches_nothing(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = spoil(estate / "customers/medsupply.yaml", "retention: long-10y", "retention: platinum")
    before = snapshot(estate)
    assert main(["check", "--estate", str(estate)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f'{estate}/customers/medsupply.yaml:{line}: backup.retention: "platinum" is not a retention class\n'
        "  allowed: long-7y, long-10y\n"
        "  do: use one of these\n"
        "\n1 problem; nothing was touched\n"
    )
    assert snapshot(estate) == before


def test_bad_input_as_json(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = spoil(estate / "customers/lumen.yaml", "service_class: starter", "service_class: startr")
    assert main(["explain", "lumen", "--json", "--estate", str(estate)]) == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem == {
        "file": f"{estate}/customers/lumen.yaml",
        "line": line,
        "field": "service_class",
        "message": '"startr" is not a service class; did you mean "starter"?',
        "value": "startr",
        "allowed": ["starter", "business"],
        "remedy": "use one of these",
    }


def test_a_decision_that_is_refused_is_reported_at_its_line(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = spoil(estate / "customers/lumen.yaml", "service_class: starter", "service_class: starter\nregulation: [gdp]")
    assert main(["check", "--estate", str(estate)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"{estate}/customers/lumen.yaml:{line}: service_class: the contract needs dedicated (regulated: gdp)"
    )
    assert "  do: " in error


@pytest.mark.parametrize("version", ["17.0", "20.0"])
def test_an_environment_neither_goes_back_nor_jumps_to_what_is_not_supported(
    estate: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        spoil(estate / "customers/balticpaper.yaml", "  staging: {}\n", f'  staging:\n    version: "{version}"\n') + 1
    )
    before = snapshot(estate)
    assert main(["check", "--estate", str(estate)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{estate}/customers/balticpaper.yaml:{line}: environments.staging.version: ")
    assert snapshot(estate) == before


def test_an_estate_that_does_not_exist_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--estate", str(tmp_path / "nowhere")]) == 2
    assert "there is no such directory" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["medsupply", "nordfood", "balticpaper", "lumen", "eu-1", "med-1"])
def test_explain_names_reason_entitlement_and_next_step_and_is_stable(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", name, "--estate", str(STACKS)]) == 0
    first = capsys.readouterr().out
    assert main(["explain", name, "--estate", str(STACKS)]) == 0
    assert capsys.readouterr().out == first
    assert first.startswith(f"{name}: ")
    assert "budgets; the tightest is" in first
    if name not in ("eu-1", "med-1"):
        assert "placement" in first
        assert "from service_classes." in first
        assert "next " in first


def test_a_misspelt_name_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "medsuply", "--estate", str(STACKS)]) == 2
    assert 'did you mean "medsupply"?' in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check"], ["explain", "medsupply"], ["explain", "eu-1"]])
def test_commands_without_resources_never_load_the_sdk(arguments: list[str]) -> None:
    program = (
        "import sys; from odoo_estate.cli import main; code = main(sys.argv[1:]); "
        "loaded = [name for name in sys.modules if name.split('.')[0] in ('pulumi', 'pulumi_aws', 'pulumi_kubernetes', 'grpc')]; "
        "sys.exit(code or bool(loaded))"
    )
    command = [sys.executable, "-c", program, *arguments, "--estate", str(STACKS)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_every_listed_command_exists() -> None:
    from importlib import import_module

    for name in COMMANDS:
        module = import_module(f"odoo_estate.commands.{name}")
        assert callable(module.run) and callable(module.add_arguments)


def test_a_new_customer_is_valid_as_it_is_written(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--estate", str(estate), "--partner", "brightline", "--name", 'Acme: "Tools" & Söhne # GmbH']
    assert main(["new", "customer", "acme", *arguments]) == 0
    assert "customers/acme.yaml is written" in capsys.readouterr().out
    assert main(["check", "--estate", str(estate)]) == 0
    assert main(["explain", "acme", "--estate", str(estate)]) == 0
    assert "Söhne" in capsys.readouterr().out


def test_a_new_customer_is_told_which_instance_has_room(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(estate / "estate.yaml", "    band: cell-m\n", "    band: cell-m\n    databases: {spare: pg-m}\n")
    for file in (estate / "customers").glob("*.yaml"):
        if "service_class: business" in file.read_text(encoding="utf-8"):
            file.write_text(file.read_text(encoding="utf-8") + "database: main\n", encoding="utf-8")
    arguments = ["new", "customer", "acme", "--service-class", "business", "--users", "60", "--estate", str(estate)]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "main (has room: " in said and "spare (has room: " in said
    chosen = said.partition("`database: ")[2].partition("`")[0]
    assert chosen in {"main", "spare"}
    assert main([*arguments, "--database", chosen]) == 0
    assert f"database: {chosen}" in (estate / "customers/acme.yaml").read_text(encoding="utf-8")


def test_a_new_customer_fits_into_what_aws_raised_its_quotas_to(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = spoil(estate / "estate.yaml", "on-demand-vcpus: 320", "on-demand-vcpus: 280")
    before = snapshot(estate)
    arguments = ["--service-class", "premium", "--users", "320", "--estate", str(estate)]  # nodes of its own
    assert main(["new", "customer", "acme", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{estate}/estate.yaml:{line}: quotas.production.eu-central-1.on-demand-vcpus: ")
    assert "tenant.acme.production 32" in said
    assert snapshot(estate) == before


def test_a_new_customer_never_overwrites_one(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(estate)
    assert main(["new", "customer", "lumen", "--estate", str(estate)]) == 2
    assert "lumen exists already" in capsys.readouterr().err
    assert snapshot(estate) == before


@pytest.mark.parametrize("name", ["../evil", "Acme", "a b", "x" * 64, "acme\nname: other", "{}", "$(id)", "-"])
def test_a_new_customer_needs_a_proper_id(estate: Path, name: str) -> None:
    before = snapshot(estate.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(estate)
        assert main(["new", "customer", "--estate", str(estate), "--", name]) == 2
    assert snapshot(estate.parent) == before


@pytest.mark.parametrize(
    "options",
    [
        ["--service-class", "gold"],
        ["--partner", "nobody"],
        ["--residency", "mars"],
        ["--odoo", "9.0"],
        ["--users", "0"],
        ["--service-class", "regulated"],
    ],
)
def test_a_new_customer_that_would_not_be_valid_is_not_left_behind(
    estate: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(estate)
    assert main(["new", "customer", "acme", *options, "--estate", str(estate)]) == 2
    assert "  do: " in capsys.readouterr().err
    assert snapshot(estate) == before


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "odoo_estate", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)


def test_a_missing_command_is_bad_input_without_traceback() -> None:
    done = subprocess.run([sys.executable, "-m", "odoo_estate", "chekc"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"name: [\nruntime: python\n", b"name: l\xffmen\n", b"", b"- a\n"], ids=repr)
def test_a_project_file_that_is_none_is_bad_input_with_its_line(
    estate: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (estate.parent / "Pulumi.yaml").write_bytes(content)
    assert main(["preview", "tenant.lumen.production", "--estate", str(estate)]) == 2
    assert f"{estate.parent}/Pulumi.yaml:" in capsys.readouterr().err


def test_a_folder_that_is_no_policy_pack_is_refused_before_any_stack(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--all", "--policy-pack", str(estate), "--estate", str(estate)]) == 2
    assert "is no policy pack" in capsys.readouterr().err
