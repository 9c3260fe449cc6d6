"""What a run over many stacks did, as text for a terminal and as a file that stays."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

from odoo_estate.fleet.outcome import Outcome


def line(outcome: Outcome, done: int, total: int, width: int) -> str:
    """One line of progress."""
    counts = ", ".join(f"{count} {operation}" for operation, count in sorted(outcome.operations.items()) if count)
    text = f"[{done:>{len(str(total))}}/{total}] {outcome.stack:<{width}}  {outcome.verdict:<9}  {outcome.seconds:6.1f} s  {counts}"
    told = [
        *outcome.messages,
        *(f"refused by {finding.policy}: {finding.message}" for finding in outcome.findings if finding.mandatory),
    ]
    return "\n".join([text.rstrip(), *(indent(message, "      ") for message in told)])


def summary(outcomes: Sequence[Outcome], verb: str, seconds: float, policies: Sequence[str]) -> str:
    """The closing lines: stacks, resources, time and what the policies said."""
    failed = [outcome for outcome in outcomes if outcome.failed]
    changed = sum(outcome.verdict == "changed" for outcome in outcomes)
    mandatory = sum(finding.mandatory for outcome in outcomes for finding in outcome.findings)
    advisory = sum(not finding.mandatory for outcome in outcomes for finding in outcome.findings)
    lines = [
        f"stacks     {len(outcomes)} ({changed} changed, {len(outcomes) - changed - len(failed)} unchanged, {len(failed)} not done)",
        f"resources  {sum(outcome.resources for outcome in outcomes)}",
        f"time       {seconds:.0f} s for {verb}",
    ]
    if policies:
        lines.append(f"policies   {', '.join(policies)}: {mandatory} violations, {advisory} pieces of advice")
    return "\n".join(lines)


def write(directory: Path, outcomes: Sequence[Outcome], verb: str, seconds: float, policies: Sequence[str]) -> Path:
    """Writes the run's report as JSON and Markdown; returns the Markdown file's path."""
    directory.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC)
    stem = f"{moment:%Y%m%dT%H%M%SZ}-{verb}"
    record = {
        "verb": verb,
        "finished": moment.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "policies": list(policies),
        "stacks": [asdict(outcome) for outcome in outcomes],
    }
    (directory / f"{stem}.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    rows = [
        f"| {outcome.stack} | {outcome.verdict} | {outcome.resources} | {outcome.seconds:.1f} | "
        f"{', '.join(f'{count} {operation}' for operation, count in sorted(outcome.operations.items()))} |"
        for outcome in outcomes
    ]
    notes = [f"- **{outcome.stack}**: {message}" for outcome in outcomes for message in outcome.messages]
    findings = [
        f"- {'**violation**' if finding.mandatory else 'advice'} {outcome.stack}: {finding.message} (`{finding.urn}`)"
        for outcome in outcomes
        for finding in outcome.findings
    ]
    text = [
        f"# estate {verb}, {moment:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "```text",
        summary(outcomes, verb, seconds, policies),
        "```",
        "",
    ]
    text += ["| stack | result | resources | seconds | operations |", "|---|---|---:|---:|---|", *rows, ""]
    text += ["## Messages", "", *notes, ""] if notes else []
    text += ["## Policies", "", *findings, ""] if findings else []
    file = directory / f"{stem}.md"
    file.write_text("\n".join(text), encoding="utf-8")
    return file
