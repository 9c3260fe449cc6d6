"""Finds the rules by folder, and which of them concern a resource."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Rule, StackCheck

_ROOT = Path(__file__).parent


class DuplicateRule(Exception):
    """Two rules claim one id."""


class Registry:
    """A set of rules with unique ids, indexed by resource type."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.id))
        self.by_id: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.id in self.by_id:
                raise DuplicateRule(
                    f"{rule.id} is claimed by {self.by_id[rule.id].module} and {rule.module}; "
                    "every rule needs an id of its own, and a shipped rule cannot be replaced"
                )
            self.by_id[rule.id] = rule
        self.stack_rules: tuple[tuple[Rule, StackCheck], ...] = tuple(
            (rule, rule.stack_check) for rule in self.rules if rule.stack_check is not None
        )
        self._for: dict[tuple[str, bool], tuple[Rule, ...]] = {}

    def concerning(self, resource: Resource) -> tuple[Rule, ...]:
        """The resource rules that apply to this resource."""
        key = (resource.type, resource.taggable)
        found = self._for.get(key)
        if found is None:
            found = self._for[key] = tuple(
                rule for rule in self.rules if rule.resource_check is not None and rule.concerns(resource)
            )
        return found

    def with_rules(self, extra: Iterable[Rule]) -> "Registry":
        """These rules and ``extra``; an id that is taken is refused, so nothing shipped can be replaced."""
        return Registry((*self.rules, *extra))

    def only(self, wanted: Iterable[Rule]) -> "Registry":
        """A part of these rules."""
        ids = {rule.id for rule in wanted}
        return Registry(rule for rule in self.rules if rule.id in ids)


@cache
def shipped() -> Registry:
    """All rules of this package: every file in every folder below it."""
    return Registry(rule for module in _modules() for rule in rules_of(module))


def groups() -> dict[str, str]:
    """Group name (the folder) to what it is about (its docstring), in the order of their names."""
    found = {}
    for info in pkgutil.iter_modules([str(_ROOT)]):
        if info.ispkg:
            module = importlib.import_module(f"odoo_estate_policies.{info.name}")
            found[info.name] = (module.__doc__ or "").strip()
    return found


def rules_in(folder: Path) -> tuple[Rule, ...]:
    """The rules of a partner's own folder, one rule a file."""
    found: list[Rule] = []
    for file in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"partner_rules.{file.stem}", file)
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.extend(rules_of(module))
    return tuple(found)


def rules_of(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module defines itself (not those it imports)."""
    return (value for value in vars(module).values() if isinstance(value, Rule) and value.module == module.__name__)


def _modules() -> Iterator[ModuleType]:
    for group in groups():
        for info in pkgutil.iter_modules([str(_ROOT / group)]):
            yield importlib.import_module(f"odoo_estate_policies.{group}.{info.name}")
