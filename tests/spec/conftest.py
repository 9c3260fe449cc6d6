"""A small valid estate on disk that each test spoils in one way."""

from datetime import date
from pathlib import Path

import pytest

from odoo_estate.errors import BadInput, Problem
from odoo_estate.spec.loader import Documents, load

TODAY = date(2026, 12, 1)

ESTATE = """\
estate: harbour
operator:
  name: Harbour ERP Hosting GmbH
  cost_center: CC-1000
mode: single-account
accounts:
  production: "210000000006"
home_region: eu-central-1
residency:
  eu:
    description: European Union
    regions: [eu-central-1, eu-west-1]
domains:
  platform: erp.harbour.example
contacts:
  operations: ops@harbour.example
  security: sec@harbour.example
  billing: bill@harbour.example
cells:
  eu-1:
    slot: 0
    region: eu-central-1
    residency: eu
    band: cell-m
    recovery:
      region: eu-west-1
      dr_class: pilot-light
partners:
  brightline:
    name: Brightline Commerce Ltd
    brand: Brightline
    domain: brightline.example
    cost_center: CC-2100
    contact: service@brightline.example
    service_classes: [starter, business]
    max_tenants: 3
"""

CUSTOMER = """\
customer: lumen
name: Lumen Lighting
partner: brightline
service_class: business
residency: eu
odoo: "18.0"
domains: [erp.lumen.example]
workload:
  users: 20
  orders_per_day: 200
  integrations:
    edi:
      kind: edi
      requests_per_hour: 60
  storage:
    database_gib: 5
    filestore_gib: 8
environments:
  production: {}
  staging: {}
windows:
  maintenance:
    day: sun
    start: "02:00"
    hours: 4
    timezone: Europe/Berlin
backup:
  retention: standard-1y
"""


class Desk:
    """An estate's directory with what a test does to it."""

    ESTATE = ESTATE
    CUSTOMER = CUSTOMER

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.reset()

    def reset(self) -> None:
        self.write("estate.yaml", ESTATE)
        self.write("customers/lumen.yaml", CUSTOMER)

    def write(self, name: str, content: str | bytes) -> None:
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.directory / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def line_of(self, name: str, text: str) -> int:
        lines = (self.directory / name).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def load(self) -> Documents:
        return load(self.directory, today=TODAY)

    def problems(self) -> tuple[Problem, ...]:
        """Everything that is refused; the files are as they were before, whatever happens."""
        before = {file: file.read_bytes() for file in sorted(self.directory.rglob("*")) if file.is_file()}
        with pytest.raises(BadInput) as refused:
            self.load()
        assert refused.value.exit_code == 2
        assert before == {file: file.read_bytes() for file in sorted(self.directory.rglob("*")) if file.is_file()}
        for problem in refused.value.problems:
            assert problem.file and problem.line >= 1 and problem.message, problem
            assert all(character.isprintable() or character == "\n" for character in str(problem)), problem
        return refused.value.problems

    def problem(self) -> Problem:
        """The only thing that is refused."""
        problems = self.problems()
        assert len(problems) == 1, "\n".join(map(str, problems))
        return problems[0]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "estate")
