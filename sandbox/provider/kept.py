"""What every rehearsed cloud does alike: keep things under their URN, and find the half-made one again.

A creation is idempotent by its URN (which holds project and stack). A thing whose creation was never seen through,
because provider, engine or runner died, stays unsettled. The next creation for the same URN takes it over instead of
making a second, unless the engine shows in this run that it knows the thing. A thing settles when the run that made it
ends in order, or when the engine addresses it in a later one; from then on it is never taken over, so a name that
`retain_on_delete` left behind is refused as the real service would.
"""
# ruff: noqa: ARG002, PLR0917  # the protocol sets the signatures

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any

from sandbox.provider.cloud import Cloud, Draft, Record
from sandbox.provider.faults import Operation, refuse_lost
from sandbox.provider.server import Autoname
from sandbox.provider.wire import Properties, is_known, to_text


def digest(*parts: str) -> str:
    """64 hexadecimal digits that are always the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Kept(ABC):
    """Create, read, update and delete over the shared cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._known: set[int] = set()

    @abstractmethod
    def draft(self, urn: str, token: str, inputs: Properties, seed: str, previous: Record | None) -> Draft:
        """Decide id, outputs, names and references of a thing."""

    @abstractmethod
    def preview_outputs(self, urn: str, token: str, inputs: Properties, state: Properties | None) -> Properties:
        """Outputs as far as they are known before anything is made."""

    @abstractmethod
    def locate(self, token: str, identity: str, state: Properties) -> Record | None:
        """The record behind an id, if it exists."""

    def region_of(self, token: str, state: Properties) -> str:
        """The region of a thing, which may be lost; empty: of none."""
        return ""

    @abstractmethod
    def refuse_delete(self, record: Record) -> None:
        """Raise `Refused` where the service would not let go of it."""

    def after_delete(self, record: Record) -> dict[str, str]:
        """Names that stay taken once it is gone; also the place to take things down with it."""
        return {}

    @abstractmethod
    def doing(self, verb: str, token: str, subject: str) -> str:
        """How errors of this provider begin."""

    def known_by_engine(self, record: Record) -> None:
        """The engine has shown that it knows this thing."""
        self._known.add(record.seq)
        if not record.settled:
            self.cloud.settle(record.seq)

    def recognise(self, urn: str, token: str, old: Properties) -> None:
        """Old inputs sent along tell which of the things of a URN the engine knows."""
        if old:
            text = to_text(old)
            for record in self.cloud.of_urn(urn, token):
                if record.seq not in self._known and to_text(record.inputs) == text:
                    self.known_by_engine(record)

    def half_made(self, record: Record) -> bool:
        """Whether a creation was begun here and never seen through."""
        return not record.settled and record.seq not in self._known and not self.cloud.is_mine(record)

    def autoname(self, urn: str, token: str, name: Autoname, place: str, longest: int) -> str | None:
        """Logical name and 7 hexadecimal digits, or what the engine proposes; nothing where naming is disabled."""
        if name.disabled:
            return None
        if name.proposed:
            return name.proposed
        stem = name.logical[: longest - 8]
        used = {
            text
            for record in self.cloud.of_urn(urn, token)
            if not self.half_made(record)
            for text in (record.id, *(str(v) for v in record.inputs.values() if isinstance(v, str)))
        }
        attempt = 0
        while (proposal := f"{stem}-{digest(place, urn, str(attempt))[:7]}") in used:
            attempt += 1
        return proposal

    def create(self, urn: str, token: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """Make it, or see its interrupted creation through."""
        if preview:
            return "", self.preview_outputs(urn, token, inputs, None)
        operation = Operation(self.cloud, self.doing("creating", token, urn.split("::", 3)[3]))
        with self.cloud.change():
            made = self.cloud.of_urn(urn, token)
            half = next((record for record in made if self.half_made(record)), None)
            if half:
                draft = self.draft(urn, token, inputs, half.seed, None)
                if draft.scope != half.scope:
                    half = None
            if half:
                self.cloud.replace(half, draft, inputs)
                self._known.add(half.seq)
            else:
                seeds = {record.seed for record in made}
                number = next(n for n in range(len(made) + 1) if f"{urn}#{n}" not in seeds)
                draft = self.draft(urn, token, inputs, f"{urn}#{number}", None)
                self.cloud.add(draft, urn, f"{urn}#{number}", inputs)
        operation.written()
        return draft.id, draft.outputs

    def read(
        self, urn: str, token: str, identity: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """What the cloud holds now."""
        refuse_lost(self.region_of(token, state), identity)
        record = self.locate(token, identity, state)
        if record is None:
            return None
        self.known_by_engine(record)
        return record.id, record.outputs, record.inputs

    def update(
        self, urn: str, token: str, identity: str, state: Properties, new: Properties, preview: bool
    ) -> Properties:
        """Change it in place."""
        if preview:
            return self.preview_outputs(urn, token, new, state)
        operation = Operation(self.cloud, self.doing("updating", token, identity))
        refuse_lost(self.region_of(token, state), identity)
        record = self.locate(token, identity, state)
        if record is None:
            raise self.gone(token, identity)
        self.known_by_engine(record)
        with self.cloud.change():
            draft = self.draft(urn, token, new, record.seed, record)
            self.cloud.replace(record, draft, new)
        operation.written()
        return draft.outputs

    def gone(self, token: str, identity: str) -> Exception:
        """The error for updating what does not exist any more."""
        from sandbox.provider.refusal import Refused

        return Refused(f"{self.doing('updating', token, identity)}: couldn't find resource; run pulumi refresh")

    def delete(self, urn: str, token: str, identity: str, state: Properties) -> None:
        """Unmake it; what is already gone is fine."""
        operation = Operation(self.cloud, self.doing("deleting", token, identity))
        refuse_lost(self.region_of(token, state), identity)
        with self.cloud.change():
            record = self.locate(token, identity, state)
            if record is None:
                return
            self.refuse_delete(record)
            self.cloud.remove(record, self.after_delete(record))
        operation.written()

    def close(self) -> None:
        """The run ended in order: the engine knows all that was made in it."""
        self.cloud.settle()


def known(value: Any) -> bool:
    """Whether a value is there and wholly known."""
    return value is not None and is_known(value)
