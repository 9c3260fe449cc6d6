"""Fetches an estate's approved modules for an image: the newest approved version of each in one Odoo series, by checksum.

An image holds one version of a module. Nothing is unpacked that is not exactly what was reviewed: the archive's checksum is compared first, and
then that it holds the module in the version that the list says, and writes nowhere else.

Exit codes: 0 all modules are there, 2 bad input, 3 a checksum or an archive is not what the list says, 4 an archive cannot be fetched.
"""

import argparse
import ast
import hashlib
import io
import shutil
import stat
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

MAX_BYTES = 100 * 1024 * 1024
"""Of an archive, and of what it unpacks to: a module is code and a few images."""
SECONDS = 60


class NotWhatWasReviewed(Exception):
    """An archive differs from its entry in the list."""


def download(source: str) -> bytes:
    """What lies at an https address."""
    if not source.startswith("https://"):
        raise ValueError(f"{source} is not fetched by https")
    with urllib.request.urlopen(source, timeout=SECONDS) as answer:
        content: bytes = answer.read(MAX_BYTES + 1)
    return content


def newest(modules: Mapping[str, Mapping[str, Any]], series: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Module to its newest version of the series, and that version's entry."""
    found = {}
    for name, versions in modules.items():
        fitting = [one for one in versions if one.startswith(f"{series}.")]
        if fitting:
            version = max(fitting, key=lambda one: [int(part) for part in one.split(".")])
            found[name] = (version, versions[version])
    return found


def unpack(name: str, version: str, content: bytes, sha256: str, into: Path) -> None:
    """Raises `NotWhatWasReviewed`; then nothing of the module was written."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise NotWhatWasReviewed(f"{name} {version}: the archive's checksum is {digest}, reviewed was {sha256}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise NotWhatWasReviewed(f"{name} {version}: {error}") from error
    with archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
            raise NotWhatWasReviewed(f"{name} {version}: unpacks to more than {MAX_BYTES} bytes")
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            link = stat.S_ISLNK(member.external_attr >> 16)
            if path.is_absolute() or ".." in path.parts or path.parts[:1] != (name,) or link:
                raise NotWhatWasReviewed(f"{name} {version}: {member.filename!r} lies outside the module's folder")
        try:
            manifest = ast.literal_eval(archive.read(f"{name}/__manifest__.py").decode())
        except (KeyError, SyntaxError, ValueError) as error:
            raise NotWhatWasReviewed(f"{name} {version}: no readable {name}/__manifest__.py") from error
        if manifest.get("version") != version:
            raise NotWhatWasReviewed(f"{name} {version}: its manifest says version {manifest.get('version')!r}")
        shutil.rmtree(into / name, ignore_errors=True)
        archive.extractall(into)


def main(arguments: list[str], fetch: Callable[[str], bytes] = download) -> int:
    parser = argparse.ArgumentParser(prog="fetch_modules.py", description=__doc__.partition("\n")[0])
    parser.add_argument("list", type=Path)
    parser.add_argument("--series", required=True, help="e.g. 18.0")
    parser.add_argument("--into", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    try:
        modules = yaml.safe_load(chosen.list.read_text(encoding="utf-8"))["modules"]
        wanted = newest(modules, chosen.series)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        print(f"{chosen.list}: not a list of approved modules: {error}", file=sys.stderr)
        return 2
    chosen.into.mkdir(parents=True, exist_ok=True)
    for name, (version, entry) in sorted(wanted.items()):
        try:
            unpack(name, version, fetch(entry["source"]), entry["sha256"], chosen.into)
        except NotWhatWasReviewed as error:
            print(error, file=sys.stderr)
            return 3
        except (OSError, ValueError) as error:
            print(f"{name} {version}: {entry['source']} cannot be fetched: {error}", file=sys.stderr)
            return 4
        print(f"{name} {version} {entry['sha256']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
