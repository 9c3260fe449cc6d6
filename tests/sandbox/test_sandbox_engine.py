"""Finding or building the engine, and the environment it runs in."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from sandbox import engine, environment

ROOT = Path(__file__).resolve().parents[2]
FAKE_GO = """#!/bin/sh
case "$1" in
env) echo go1.99.0 ;;
build)
    sleep 0.5
    while [ "$1" != "-o" ]; do shift; done
    printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"; chmod +x "$2"; echo built >> "$BUILDS" ;;
esac
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine with neither pulumi nor a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("BUILDS", str(tmp_path / "builds"))
    monkeypatch.delenv("ODOO_ESTATE_SANDBOX", raising=False)
    return tmp_path


def test_an_installed_engine_is_used(bare):
    found = executable(bare / "bin" / "pulumi", "#!/bin/sh\necho v3.301.2\n")
    assert engine.ensure_engine() == found


def test_an_old_engine_is_named_and_passed_over(bare, capsys):
    executable(bare / "bin" / "pulumi", "#!/bin/sh\necho v3.100.0\n")
    executable(bare / "bin" / "go", FAKE_GO)
    assert engine.ensure_engine().is_relative_to(bare / "cache")
    assert "3.100.0, older than 3.250.0" in capsys.readouterr().err


def test_without_go_the_message_says_what_to_install(bare, monkeypatch):
    monkeypatch.setattr(engine.shutil, "which", lambda *_args, **_keywords: None)
    with pytest.raises(engine.Unavailable, match=r"Install Go 1\.26\.0 or later"):
        engine.ensure_engine()


def test_with_an_old_go_the_message_says_which_is_needed(bare):
    executable(bare / "bin" / "go", FAKE_GO.replace("go1.99.0", "go1.19.8"))
    with pytest.raises(engine.Unavailable, match=r"Go 1\.19\.8, the engine needs 1\.26\.0"):
        engine.ensure_engine()


def test_a_failed_build_leaves_nothing_that_looks_like_an_engine(bare):
    executable(bare / "bin" / "go", FAKE_GO.replace("sleep 0.5", "exit 1"))
    with pytest.raises(engine.Unavailable, match="Building the engine failed"):
        engine.ensure_engine()
    assert not list((bare / "cache").rglob("pulumi*"))


def test_two_at_once_build_one_engine(bare):
    executable(bare / "bin" / "go", FAKE_GO)
    running = [
        subprocess.Popen([ROOT / "sandbox" / "install"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60) for process in running]
    assert len({out for out, _ in answers}) == 1 and answers[0][0].strip().endswith("/pulumi")
    assert (bare / "builds").read_text(encoding="utf-8") == "built\n"


def test_the_environment_is_this_sandboxs_own(bare):
    executable(bare / "bin" / "pulumi", "#!/bin/sh\necho v3.301.2\n")
    one, two = (environment.environment(bare / name) for name in ("one", "two"))
    assert one["PATH"].split(os.pathsep)[0] == str(ROOT / "sandbox" / "bin")
    files = [Path(e["PULUMI_CONFIG_PASSPHRASE_FILE"]) for e in (one, two)]
    assert files[0].read_text(encoding="utf-8") != files[1].read_text(encoding="utf-8")
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert environment.environment(bare / "one") == one, "a second call changes nothing"


def test_an_estate_inside_a_project_shares_the_projects_sandbox(bare):
    (bare / "stacks").mkdir()
    (bare / "Pulumi.yaml").write_text("name: x\nruntime: python\n", encoding="utf-8")
    assert environment.sandbox_directory(bare / "stacks") == bare / ".estate" / "sandbox"


def test_a_foreign_passphrase_does_not_get_in_the_way(bare, monkeypatch):
    executable(bare / "bin" / "pulumi", "#!/bin/sh\necho v3.301.2\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of another project")
    made = environment.environment(bare)
    own = Path(made["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text(encoding="utf-8")
    assert made["PULUMI_CONFIG_PASSPHRASE"] == own


def test_the_shell_and_the_json_form_agree(bare):
    executable(bare / "bin" / "pulumi", "#!/bin/sh\necho v3.301.2\n")
    command = ROOT / "sandbox" / "env"
    text = subprocess.run([command, "--json"], cwd=bare, capture_output=True, text=True, check=True).stdout
    script = f'eval "$({command})"; echo "$PULUMI_BACKEND_URL|$PATH|${{PULUMI_CONFIG_PASSPHRASE-unset}}"'
    shell = subprocess.run(
        ["sh", "-c", script], cwd=bare, capture_output=True, text=True, check=True,
        env={**os.environ, "PULUMI_CONFIG_PASSPHRASE": "of another project"},
    ).stdout.strip()  # fmt: skip
    given = json.loads(text)
    assert shell == f"{given['PULUMI_BACKEND_URL']}|{given['PATH']}|unset"
