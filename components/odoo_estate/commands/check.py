"""``estate check``: everything is read, validated, and decided; nothing is built."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from odoo_estate.decide import compile_estate
from odoo_estate.decide.quotas import tightest
from odoo_estate.spec.loader import load

SUMMARY = "validate the estate, the catalog and every contract, and compute all plans"


def add_arguments(parser: ArgumentParser) -> None:
    """`estate check` has the common options only."""


def run(args: Namespace) -> int:
    """Raises `BadInput` with every problem; says what was checked when there is none."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate), today=today)
    plan = compile_estate(documents, today=today)
    kinds = [stack.kind for stack in plan.stacks.values()]
    counts = {
        "customers": len(documents.customers),
        "tenants": kinds.count("tenant"),
        "cells": kinds.count("cell"),
        "stacks": len(kinds),
        "decisions": sum(len(stack.decisions) for stack in plan.stacks.values()),
        "budgets": sum(len(stack.budgets) for stack in plan.stacks.values()),
    }
    if args.json:
        taken = [asdict(one) for one in plan.quotas]
        print(json.dumps({"estate": plan.estate, **counts, "problems": [], "quotas": taken}, indent=2))
    else:
        print(f"{plan.estate}: no problems in {', '.join(f'{count} {what}' for what, count in counts.items())}")
        for line in tightest(plan.quotas, documents.catalog):
            print(f"  {line}")
    return 0
