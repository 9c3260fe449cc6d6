"""Serves components to the engine, and tells before anything is made what is wrong with their inputs.

The SDK's own host hands inputs on as they come: outputs where plain values are declared, numbers as floats, names that nobody declared.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import ComponentDefinition, PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

PACKAGE = "odoo-estate"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: Mapping[PropertyType, tuple[str, Callable[[Any], bool]]] = {
    PropertyType.STRING: ("a string", lambda value: isinstance(value, str)),
    PropertyType.BOOLEAN: ("true or false", lambda value: isinstance(value, bool)),
    PropertyType.INTEGER: ("a whole number", lambda value: _is_number(value) and value == int(value)),
    PropertyType.NUMBER: ("a number", _is_number),
    PropertyType.ARRAY: ("a list", lambda value: isinstance(value, list)),
    PropertyType.OBJECT: ("a map", lambda value: isinstance(value, dict)),
}

Problem = tuple[str, str]
"""Path of the input and what is wrong with it."""


class Package(ComponentProvider):
    """The SDK's component provider, with strict inputs."""

    def __init__(self, components: Sequence[type[pulumi.ComponentResource]]) -> None:
        super().__init__(list(components), PACKAGE)

    def map_inputs(self, inputs: pulumi.Inputs, component_def: ComponentDefinition) -> pulumi.Inputs:
        """The inputs by their Python names; whole numbers as ``int``.

        Raises:
            pulumi.InputPropertiesError: every problem: missing, unknown, or not plain where a plain value is declared.
        """
        properties = component_def.inputs
        problems = list(self._problems(inputs, properties, component_def.name))
        if problems:
            details = [InputPropertyErrorDetails(property_path=path, reason=reason) for path, reason in problems]
            raise pulumi.InputPropertiesError(f"{component_def.name} cannot be made from these inputs", details)
        whole = {name for name, declared in properties.items() if declared.type is PropertyType.INTEGER}
        given: dict[str, Any] = dict(inputs)
        given |= {name: int(given[name]) for name in whole if given.get(name) is not None}
        return super().map_inputs(given, component_def)

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """What a component says about its inputs reaches the user as such, without a traceback."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.InputPropertyError | pulumi.InputPropertiesError):
                raise error.inner from None
            raise

    def _problems(
        self, given: Mapping[str, Any], declared: Mapping[str, PropertyDefinition], owner: str, path: str = ""
    ) -> Iterator[Problem]:
        for name in sorted(given.keys() - declared.keys()):
            yield f"{path}{name}", f"is no input of {owner}; allowed: {', '.join(declared)}"
        for name, definition in declared.items():
            if given.get(name) is not None:
                yield from self._value_problems(given[name], definition, f"{path}{name}")
            elif not definition.optional:
                yield f"{path}{name}", f"is missing; {owner} needs it"

    def _value_problems(self, value: Any, declared: PropertyDefinition, path: str) -> Iterator[Problem]:
        if not declared.plain:
            return
        if isinstance(value, pulumi.Output):
            yield (
                path,
                "is an output or a secret, but decides what is made: pass a plain value, such as a constant or configuration",
            )
            return
        type_definition = self.get_type_definition(declared) if declared.ref else None
        kind = type_definition.type if type_definition else declared.type
        if kind is None:
            return
        word, is_one = _KINDS[kind]
        if not is_one(value):
            yield path, f"is {value!r}; allowed: {word}"
        elif type_definition and type_definition.enum:
            allowed = [member.value for member in type_definition.enum]
            if value not in allowed:
                yield path, f"is {value!r}; allowed: {', '.join(map(str, allowed))}"
        elif type_definition:
            yield from self._problems(value, type_definition.properties, type_definition.name, f"{path}.")
        elif declared.items:
            for position, item in enumerate(value):
                yield from self._value_problems(item, declared.items, f"{path}[{position}]")
        elif declared.additional_properties:
            for key, item in value.items():
                yield from self._value_problems(item, declared.additional_properties, f"{path}.{key}")


def host(components: Sequence[type[pulumi.ComponentResource]]) -> None:
    """Serve ``components`` until the engine ends the process."""
    main(Package(components), sys.argv[1:])
