"""The recipe of Odoo's image: everything in it is known by digest or checksum, and archives are what was reviewed."""

import hashlib
import importlib.util
import io
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.decide.contracts import catalog

from odoo_estate.spec.modules import ApprovedModules

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "images" / "odoo"
DOCKERFILE = (IMAGE / "Dockerfile").read_text(encoding="utf-8")
SERIES = "18.0"


def instructions() -> list[str]:
    """The Dockerfile's instructions, with continued lines joined and comments left out."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    return [one.strip() for one in "\n".join(lines).replace("\\\n", " ").splitlines() if one.strip()]


def test_every_stage_begins_with_a_digest_and_the_last_with_the_catalogs() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.MULTILINE))
    stages = [one.split()[1] for one in instructions() if one.startswith("FROM ")]
    assert set(stages) == {"${BASE}", "${BUILD}"} and stages[-1] == "${BASE}"
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", arguments[key]) for key in ("BASE", "BUILD"))
    assert arguments["BASE"] == catalog().versions.odoo[SERIES].image
    assert arguments["BUILD"] in (ROOT / "images" / "recovery" / "Dockerfile").read_text(encoding="utf-8")


def test_it_runs_without_root_as_the_catalogs_user() -> None:
    version = catalog().versions.odoo[SERIES]
    users = [one.split()[1] for one in instructions() if one.startswith("USER ")]
    assert users[-1] == f"{version.uid}:{version.gid}"
    assert instructions()[-1].startswith("CMD ["), "no shell between the kubelet and Odoo"


def test_nothing_is_installed_that_has_no_hash() -> None:
    for one in instructions():
        assert not one.startswith("ADD "), "fetches without a checksum"
        fetching = one.replace("purge --yes --auto-remove curl", "")
        assert not re.search(r"\b(curl|wget|git)\b", fetching), one
        for command in re.findall(r"pip install [^&]*", one):
            assert "--require-hashes" in command and "--only-binary :all:" in command
    for lock in IMAGE.glob("*.lock"):
        entries = re.split(r"\n(?=[A-Za-z])", re.sub(r"(?m)^\s*#.*\n", "", lock.read_text(encoding="utf-8")).strip())
        assert all(re.search(r"^\S+==\S+.*--hash=sha256:[0-9a-f]{64}", one, re.DOTALL) for one in entries), lock.name


def test_everything_that_the_recipe_copies_is_there() -> None:
    for one in instructions():
        if one.startswith("COPY ") and "--from=" not in one:
            for name in one.split()[1:-1]:
                assert (IMAGE / name).is_file() or (ROOT / "stacks" / name).is_file(), name


def test_what_odoo_loads_on_every_server_is_in_the_image() -> None:
    held = set(re.findall(r"^odoo-addon-([a-z-]+)==", (IMAGE / f"addons-{SERIES}.lock").read_text(), re.MULTILINE))
    held = {one.replace("-", "_") for one in held} | set(approved().modules)
    wanted = set(catalog().versions.odoo[SERIES].server_wide_modules) - {"base", "web"}
    assert wanted | {"dbfilter_from_header", "fs_attachment"} <= held


def approved() -> ApprovedModules:
    return ApprovedModules.model_validate(yaml.safe_load((ROOT / "stacks" / "modules.yaml").read_text()))


def test_the_workflow_scans_signs_and_stores_no_secret() -> None:
    text = (ROOT / ".github" / "workflows" / "images.yaml").read_text(encoding="utf-8")
    assert "${{ secrets." not in text
    job = yaml.safe_load(text)["jobs"]["odoo"]
    steps = " ".join(f"{one.get('uses', '')} {one.get('run', '')}" for one in job["steps"])
    order = [steps.index(one) for one in ("docker build", "sbom-action", "scan-action", "docker push", "cosign sign")]
    assert order == sorted(order)
    assert job["permissions"] == {"contents": "read", "id-token": "write"}


# --- the modules -------------------------------------------------------------------------------------------------------


def fetcher() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_modules", IMAGE / "fetch_modules.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


FETCH = fetcher()


def archive(version: str = "18.0.1.0.0", folder: str = "stock_lots", **more: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(f"{folder}/__manifest__.py", f"{{'name': 'Lots', 'version': {version!r}}}")
        for name, text in more.items():
            made.writestr(name, text)
    return content.getvalue()


def linked() -> bytes:
    content = io.BytesIO(archive())
    with zipfile.ZipFile(content, "a") as made:
        link = zipfile.ZipInfo("stock_lots/passwords")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    return content.getvalue()


def run(folder: Path, content: bytes, *, sha256: str = "", version: str = "18.0.1.0.0") -> tuple[int, Path]:
    entry = {"source": "https://modules.example/x.zip", "sha256": sha256 or hashlib.sha256(content).hexdigest()}
    listed = folder / "modules.yaml"
    listed.write_text(yaml.safe_dump({"modules": {"stock_lots": {version: entry}}}), encoding="utf-8")
    fetch: Callable[[str], bytes] = lambda _: content  # noqa: E731
    return FETCH.main([str(listed), "--series", SERIES, "--into", str(folder / "modules")], fetch), folder / "modules"


def test_a_reviewed_module_is_unpacked_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        status, into = run(tmp_path, archive(**{"stock_lots/models.py": "x = 1"}))
        assert status == 0
        assert (into / "stock_lots" / "models.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (archive(version="18.0.1.0.1"), "its manifest says version"),
        (archive(folder="other"), "lies outside"),
        (archive(**{"../escaped.py": "x"}), "lies outside"),
        (archive(**{"/escaped.py": "x"}), "lies outside"),
        (archive(**{"stock_lots/../../escaped.py": "x"}), "lies outside"),
        (linked(), "lies outside"),
        (b"no archive", "not a zip"),
    ],
)
def test_an_archive_that_is_something_else_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
) -> None:
    status, into = run(tmp_path, content)
    assert status == 3
    assert why in capsys.readouterr().err
    assert not list(into.iterdir())
    assert not list(tmp_path.rglob("escaped.py"))


def test_a_changed_archive_is_refused_by_its_checksum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = run(tmp_path, archive(), sha256="0" * 64)
    assert status == 3
    assert "reviewed was 000" in capsys.readouterr().err


def test_the_newest_approved_version_of_the_series_is_taken() -> None:
    versions = {"18.0.1.9.0": {}, "18.0.1.10.0": {}, "19.0.1.0.0": {}}
    assert FETCH.newest({"a": versions, "b": {"17.0.1.0.0": {}}}, SERIES) == {"a": ("18.0.1.10.0", {})}


def test_a_list_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "modules.yaml").write_text("modules: [a]", encoding="utf-8")
    assert FETCH.main([str(tmp_path / "modules.yaml"), "--series", SERIES, "--into", str(tmp_path / "x")]) == 2
