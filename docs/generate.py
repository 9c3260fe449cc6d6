"""Keeps the generated parts of the documentation equal to what the code says: `--check` or `--write`.

A generated part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->` in any Markdown file of the project.
"""

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from component_inputs import tables as component_inputs

from odoo_estate.cli import main as main_of_estate
from odoo_estate.package import COMPONENTS
from odoo_estate.package.provider import Package
from odoo_estate.spec.loader import load
from odoo_estate_policies.catalogue import table as rules_table

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- begin: (?P<name>[a-z-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


def service_classes() -> str:
    """The classes of the shipped catalog, one row each."""
    catalog = load(ROOT / "stacks").catalog
    rows = ["| class | tenancies | RPO | RTO | recovery points | DR | support |", "|---|---|---|---|---|---|---|"]
    for name, entry in catalog.service_classes.items():
        rows.append(
            f"| {name} | {', '.join(entry.tenancies)} | {_duration(entry.rpo_minutes)} | {_duration(entry.rto_minutes)} | "
            f"every {_duration(entry.backup.every_minutes)}, {', '.join(entry.backup.retention)} | "
            f"{', '.join(entry.dr_classes)} | {_duration(entry.support.response_minutes)}, {entry.support.hours} |"
        )
    return "\n".join(rows) + "\n"


def _duration(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def printed(blueprint: str, *arguments: str) -> Callable[[], str]:
    """What a command of `estate` prints for a blueprint."""

    def part() -> str:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            main_of_estate([*arguments, "--estate", str(ROOT / "blueprints" / blueprint / "stacks")])
        lines = [f"$ .venv/bin/estate {' '.join(arguments)}", *output.getvalue().rstrip().splitlines()]
        return "\n".join(["```text", *lines, "```", ""])

    return part


def package_inputs() -> str:
    """Inputs and outputs of the component package's components, from the schema that it serves."""
    schema = json.loads(Package(COMPONENTS).schema or "{}")
    parts = []
    for token, made in schema["resources"].items():
        rows = [
            f"### {token.rsplit(':', 1)[-1]}",
            "",
            made["description"],
            "",
            "| input | type | meaning |",
            "|---|---|---|",
        ]
        for name, declared in made["inputProperties"].items():
            required = "**" if name in made["requiredInputs"] else ""
            whose = declared.get("additionalProperties", declared)
            kind = _type(declared, schema) + ("" if whose.get("plain") else ", may be an output")
            rows.append(f"| {required}`{name}`{required} | {kind} | {declared['description']} |")
        rows += ["", "| output | type | meaning |", "|---|---|---|"]
        for name, declared in made["properties"].items():
            rows.append(f"| `{name}` | {_type(declared, schema)} | {declared['description']} |")
        parts.append("\n".join(rows))
    return "\n" + "\n\n".join(parts) + "\n\n"


def _type(declared: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in declared:
        named = schema["types"][declared["$ref"].removeprefix("#/types/")]
        if "enum" in named:
            return " or ".join(f"`{member['value']}`" for member in named["enum"])
        return "{" + ", ".join(f"`{name}`" for name in named["properties"]) + "}"
    if "items" in declared:
        return f"list of {_type(declared['items'], schema)}"
    if "additionalProperties" in declared:
        return f"map to {_type(declared['additionalProperties'], schema)}"
    return str(declared["type"])


PARTS: dict[str, Callable[[], str]] = {
    "service-classes": service_classes,
    "rules": rules_table,
    "package-inputs": package_inputs,
    "component-inputs": component_inputs,
    "managed-provider-check": printed("managed-provider", "check"),
    "managed-provider-preview": printed("managed-provider", "preview", "--all"),
    "white-label-partner-check": printed("white-label-partner", "check"),
    "white-label-partner-preview": printed("white-label-partner", "preview", "--all"),
}


def render(text: str) -> str:
    """The text with every generated part made anew."""
    return MARKED.sub(lambda match: match[1] + PARTS[match["name"]]() + match[3], text)


def main(arguments: list[str]) -> int:
    """Writes, or tells which files are out of date."""
    stale = []
    for file in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("blueprints/*/*.md"))):
        text = file.read_text(encoding="utf-8")
        fresh = render(text)
        if fresh == text:
            continue
        if "--write" in arguments:
            file.write_text(fresh, encoding="utf-8")
        else:
            stale.append(str(file.relative_to(ROOT)))
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make docs`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
