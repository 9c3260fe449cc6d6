"""The rehearsed AWS: accounts and regions, default tags, names, references, replacement, protection."""
# ruff: noqa: ARG002, PLR0917  # the protocol sets the signatures

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.provider import shape as shapes
from sandbox.provider.aws import references, table
from sandbox.provider.aws.kind import Kind
from sandbox.provider.aws.place import DEFAULT_ACCOUNT, Minted, Place
from sandbox.provider.cloud import Cloud, Draft, Record
from sandbox.provider.difference import UPDATE, changes, matches
from sandbox.provider.faults import refuse_lost
from sandbox.provider.kept import Kept
from sandbox.provider.refusal import Refused, aws_error
from sandbox.provider.server import Autoname, Difference
from sandbox.provider.wire import UNKNOWN, Properties, Secret, is_known, plain, strings

_ROLE_ACCOUNT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/")
_NOUNS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _structured(config: Properties, key: str) -> Any:
    """A nested provider setting; SDKs send it as JSON text."""
    value = plain(config.get(key))
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


class Aws(Kept):
    """One configured provider: an account and a default region."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.version = shapes.installed_version("aws")
        self._account = DEFAULT_ACCOUNT
        self._assumed = ""
        self._region: Any = ""
        self._default_tags: Any = {}

    # -- configuration

    def configure(self, config: Properties) -> None:
        """Account from the assumed role or the allowed accounts, region, default tags."""
        self._region = plain(config.get("region")) or ""
        refuse_lost(self._region, "configuring AWS provider")
        roles = _structured(config, "assumeRoles") or []
        first = roles[0] if roles and isinstance(roles, list) and isinstance(roles[0], dict) else {}
        role = first.get("roleArn") or first.get("role_arn")  # the bridge takes both spellings
        allowed = _structured(config, "allowedAccountIds") or []
        if isinstance(role, str) and (match := _ROLE_ACCOUNT.match(role)):
            self._account = match[1]
            self._assumed = role
        elif allowed and isinstance(allowed, list) and isinstance(allowed[0], str):
            self._account = allowed[0]
        forbidden = _structured(config, "forbiddenAccountIds") or []
        if (isinstance(allowed, list) and allowed and self._account not in allowed and is_known(allowed)) or (
            self._account in forbidden
        ):
            raise Refused(f"AWS account ID not allowed: {self._account}")
        tags = _structured(config, "defaultTags")
        self._default_tags = UNKNOWN if tags is UNKNOWN else (tags or {}).get("tags") or {}

    def config_difference(self, old: Properties, new: Properties) -> set[str]:
        """A changed account or region moves no resource by itself; the resources' own differences say so."""
        return set()

    def _place(self, shape: shapes.Shape | None, inputs: Properties) -> Place:
        regional = shape is None or "region" in shape.inputs
        region = (plain(inputs.get("region")) or self._region) if regional else ""
        return Place(self._account, "" if region is UNKNOWN else str(region))

    # -- check

    def check(
        self, urn: str, token: str, old: Properties, new: Properties, name: Autoname
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """Region present, default tags applied, name made where none was given."""
        self.recognise(urn, token, old)
        shape = shapes.of(token, self.cloud)
        kind = table.kind_of(token, shape)
        inputs = {k: v for k, v in new.items() if k != "__defaults" and v is not None}
        failures: list[tuple[str, str]] = []
        regional = shape is not None and "region" in shape.inputs
        if regional and not inputs.get("region") and not self._region:
            failures.append(
                ("region", f"{token} is regional: give it a region, or its provider one (the sandbox has no default)")
            )
        defaults = self._autonamed(urn, token, kind, shape, old, inputs, name)
        if shape.taggable if shape else "tags" in inputs:
            self._apply_default_tags(inputs)
        physical = plain(inputs.get(kind.name)) if kind.name else None
        if kind.name and isinstance(physical, str) and len(physical) > kind.longest:
            failures.append(
                (kind.name, f"{physical!r} has {len(physical)} characters, the service allows {kind.longest}")
            )
        return {**inputs, "__defaults": defaults}, failures

    def _autonamed(
        self,
        urn: str,
        token: str,
        kind: Kind,
        shape: shapes.Shape | None,
        old: Properties,
        inputs: Properties,
        name: Autoname,
    ) -> list[str]:
        key = kind.name
        if key is None or not kind.autoname or shape is None or key not in shape.inputs or key in shape.required:
            return []
        if key in inputs or any(f"{stem}Prefix" in inputs for stem in (key, "name", "bucket", "identifier")):
            return []
        if key in (old.get("__defaults") or []) and key in old:
            inputs[key] = old[key]
            return [key]
        fifo = ".fifo" if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True else ""
        room = kind.longest - len(kind.prefix) - len(fifo)
        made = self.autoname(urn, token, name, self._place(shape, inputs).scope, room)
        if made is None:
            return []
        if name.enforced:
            inputs[key] = made
        else:
            inputs[key] = f"{kind.prefix}{made.lower() if kind.lower else made}{fifo}"
        return [key]

    def _apply_default_tags(self, inputs: Properties) -> None:
        """As the official provider does before Check: `tagsAll` is the union, the resource's own win; `tags` stay its own."""
        own = inputs.get("tags")
        hidden = isinstance(own, Secret)
        bare = own.value if isinstance(own, Secret) else own
        if bare is UNKNOWN or self._default_tags is UNKNOWN:
            inputs["tagsAll"] = UNKNOWN
            return
        union = {**self._default_tags, **(bare or {})}
        if union:
            inputs["tagsAll"] = Secret(union) if hidden else union

    # -- diff

    def diff(
        self, urn: str, token: str, identity: str, old: Properties, state: Properties, new: Properties
    ) -> Difference:
        """Changed inputs, and which of them the service can only honour with a new thing."""
        shape = shapes.of(token, self.cloud)
        kind = table.kind_of(token, shape)
        place = self._place(shape, new)
        record = self.locate(token, identity, state)
        if record:
            self.known_by_engine(record)
        computed = shape.computed if shape else {}
        changed = {
            path: how
            for path, how in changes(old, new).items()
            if not (how == "DELETE" and path in computed)  # left to the service, which keeps what it has
        }
        replacing = {path for path in changed if any(matches(path, pattern) for pattern in kind.replaces)}
        moved = plain(state.get("region"))
        if place.region and isinstance(moved, str) and moved and moved != place.region:
            changed["region"] = UPDATE
            replacing.add("region")
        same_name = (
            kind.name is not None
            and kind.autoname
            and kind.name in new
            and kind.name not in (new.get("__defaults") or [])
            and old.get(kind.name) == new[kind.name]
        )
        return Difference(changed, replacing, delete_first=bool(replacing) and same_name)

    # -- making things

    def _name(self, kind: Kind, inputs: Properties, minted: Minted) -> str:
        if kind.name is None:
            return ""
        given = plain(inputs.get(kind.name))
        if isinstance(given, str):
            return given.lower() if kind.lower else given
        for stem in (kind.name, "name", "bucket", "identifier"):
            prefix = plain(inputs.get(f"{stem}Prefix"))
            if isinstance(prefix, str):
                return f"{prefix}{minted['digits26_suffix']}"
        return minted.fill(f"{kind.prefix}terraform-{{digits26_suffix}}")

    def _vpc_of(self, inputs: Properties) -> str:
        for _, text in strings(inputs):
            if text.startswith("subnet-") and (subnet := self.cloud.named(text)):
                return str(plain(subnet.inputs.get("vpcId", "")))
        return ""

    def _minted(
        self, token: str, kind: Kind, place: Place, inputs: Properties, seed: str, previous: Record | None
    ) -> Minted:
        minted = Minted(seed, place, inputs, "")
        minted["name"] = name = self._name(kind, inputs, minted)
        given = minted["in"]
        before = previous.outputs if previous else {}
        minted.update(
            noun=_NOUNS.sub(" ", kind.api.partition(":")[2]).lower(),
            path=given["path"] or "/",
            url=given["url"].removeprefix("https://"),
            service=given["awsServiceName"].split(".")[0].title(),
            primary=given["primaryKeyArn"].rsplit("/", 1)[-1],
            kms=minted.fill("mrk-{hex32}" if inputs.get("multiRegion") is True else "{uuid}"),
            record="_".join(
                part for part in (given["zoneId"], given["name"].lower(), given["type"], given["setIdentifier"]) if part
            ),
            group=given["groupName"] or "default",
            slash_name=name if name.startswith("/") else f"/{name}",
            version=before.get("latestVersion") or before.get("version") or 0,
            sg=minted.fill("sg-{hex17_cluster}"),
            balancer="net" if given["loadBalancerType"] == "network" or "/net/" in given["loadBalancerArn"] else "app",
        )
        if any(text.startswith("subnet-") for _, text in strings(inputs)):
            minted["vpc"] = self._vpc_of(inputs)
        arn = kind.arn
        if arn and not arn.startswith("arn:"):
            service = _ARN_SERVICE.get(
                token.split(":")[1].split("/", maxsplit=1)[0], token.split(":")[1].split("/", maxsplit=1)[0]
            )
            arn = f"arn:{{partition}}:{service}:{{region}}:{{account}}:{arn}"
        if "{arn}" in kind.id:
            minted["arn"] = minted.fill(arn)
            minted["id"] = minted.fill(kind.id)
        else:
            minted["id"] = minted.fill(kind.id) if kind.id else name or minted["hex17"]
            minted["arn"] = minted.fill(arn) if arn else minted["in"]["arn"]
        return minted

    def draft(self, urn: str, token: str, inputs: Properties, seed: str, previous: Record | None) -> Draft:
        """Refuse what AWS would refuse, then decide what the new or changed thing looks like."""
        shape = shapes.of(token, self.cloud)
        kind = table.kind_of(token, shape)
        place = self._place(shape, inputs)
        given = {k: v for k, v in inputs.items() if k != "__defaults"}
        minted = self._minted(token, kind, place, given, seed, previous)
        identity = previous.id if previous else minted["id"]
        subject = f"{'updating' if previous else 'creating'} {_label(kind)} ({minted['name'] or identity})"
        refuse_lost(place.region, subject)
        self._refuse(kind, place, given, subject, previous)
        named = list(self._named_references(kind, place, given, subject))
        outputs = self._outputs(token, kind, shape, given, minted, place)
        scope = place.scope
        labels = (
            [f"{token}|{scope}|{minted['name']}", f"{token}|{scope}|{identity}"]
            if minted["name"]
            else [f"{token}|{scope}|{identity}"]
        )
        if "/bucket" in token and token.startswith("aws:s3/bucket"):
            labels.append(f"aws:s3/bucket:Bucket|{minted['name']}" if kind.name == "bucket" else f"{token}|{identity}")
        minted_here = [
            text
            for _, text in strings({k: v for k, v in outputs.items() if k not in given or k == "vpcConfig"})
            if references.is_minted(text) and text not in {t for _, t in strings(given)}
        ]
        taken = {}
        if kind.unique:
            holder = {"region": scope, "account": f"{place.account}/global", "aws": "aws"}[kind.unique_in]
            code, _, message = minted.fill(kind.taken).partition(": ")
            taken[f"{token}|{holder}|{minted.fill(kind.unique)}"] = _error(kind, "Create", subject, 409, code, message)
        return Draft(
            scope=scope,
            token=token,
            id=identity,
            outputs=outputs,
            identifiers=[
                *labels,
                *(str(plain(outputs[name])) for name in kind.known_as if name in outputs),
                *filter(None, [minted["arn"]]),
                *minted_here,
            ],
            references=[*((path, value) for path, _, value in references.found(given)), *named],
            taken=taken,
        )

    def _refuse(self, kind: Kind, place: Place, given: Properties, subject: str, previous: Record | None) -> None:
        operation = "Modify" if previous else "Create"
        problem = (
            references.foreign_key(given, place)
            or references.unreplicable(given, place)
            or next(references.missing(given, place, self.cloud, self._assumed), None)
        )
        if problem is None and previous:
            problem = kind.refuse_change(plain(previous.inputs), plain(given))
        if problem:
            code, _, message = problem.partition(": ")
            raise Refused(_error(kind, operation, subject, 400, code, message))

    def _named_references(self, kind: Kind, place: Place, given: Properties, subject: str) -> Any:
        for path, target in kind.refers.items():
            for value in references.at(given, path):
                if value.startswith(("arn:", "default", "alias/aws/")) or value == "p-FullAWSAccess":
                    continue
                wanted = (
                    f"{target}|{value}"
                    if target.startswith("aws:s3/bucket:")
                    else f"{target}|{self._scope_of(target, place)}|{value}"
                )
                if not self.cloud.exists(wanted) and not self.cloud.exists(value):
                    noun = target.rsplit(":", 1)[1]
                    message = f"{noun} {value} not found [{path}, account {place.account}, {place.region or 'global'}]"
                    raise Refused(_error(kind, "Create", subject, 404, f"{noun}NotFoundFault", message))
                yield path, wanted

    def _scope_of(self, token: str, place: Place) -> str:
        shape = shapes.of(token, self.cloud)
        regional = shape is None or "region" in shape.inputs
        return Place(place.account, place.region if regional else "").scope

    def _outputs(
        self, token: str, kind: Kind, shape: shapes.Shape | None, given: Properties, minted: Minted, place: Place
    ) -> Properties:
        outputs = dict(given)
        if shape and shape.taggable:
            outputs.setdefault("tagsAll", given.get("tags") or {})
        if shape and "region" in shape.outputs and place.region:
            outputs["region"] = place.region
        if (shape is None or "arn" in shape.outputs) and minted["arn"]:
            outputs["arn"] = minted["arn"]
        if shape is None or "vpcId" in shape.outputs:
            vpc = minted.get("vpc")
            if vpc:
                outputs.setdefault("vpcId", vpc)
        for name, template in kind.outputs.items():
            if name in given and not (callable(template) and isinstance(plain(given[name]), dict)):
                continue
            value = minted.fill_all(template)
            if value is not None:
                outputs[name] = value
        if kind.name and minted["name"] and (shape is None or kind.name in shape.outputs):
            outputs[kind.name] = (
                minted["name"] if plain(given.get(kind.name)) is None or kind.lower else given[kind.name]
            )
        for name, annotation in (shape.computed if shape else {}).items():
            if name not in outputs:
                value = table.made_up(name, annotation, minted)
                if value is not None:
                    outputs[name] = value
        return outputs

    def preview_outputs(self, urn: str, token: str, inputs: Properties, state: Properties | None) -> Properties:
        """Inputs, and unknowns for what AWS will say; an update keeps what it already said."""
        shape = shapes.of(token, self.cloud)
        kind = table.kind_of(token, shape)
        given = {k: v for k, v in inputs.items() if k != "__defaults"}
        if state is not None:
            counted = {k: UNKNOWN for k in ("latestVersion",) if k in kind.outputs}
            return {**state, **given, **counted}
        unknown: Properties = dict.fromkeys((*(shape.computed if shape else ()), *kind.outputs), UNKNOWN)
        if shape and "arn" in shape.outputs:
            unknown["arn"] = UNKNOWN
        place = self._place(shape, inputs)
        if shape and "region" in shape.outputs and place.region:
            unknown["region"] = place.region
        return {**unknown, **given}

    # -- looking things up, letting them go

    def locate(self, token: str, identity: str, state: Properties) -> Record | None:
        """The record behind an id; an imported id may end in `@region`."""
        shape = shapes.of(token, self.cloud)
        bare, _, region = identity.partition("@") if "@" in identity and "://" not in identity else (identity, "", "")
        place = self._place(shape, {"region": region} if region else state)
        return self.cloud.find(place.scope, token, identity) or self.cloud.find(place.scope, token, bare)

    def region_of(self, token: str, state: Properties) -> str:
        return self._place(shapes.of(token, self.cloud), state).region

    def refuse_delete(self, record: Record) -> None:
        """Deletion protection, missing final snapshot, and everything that still uses the thing."""
        shape = shapes.of(record.token, self.cloud)
        kind = table.kind_of(record.token, shape)
        subject = f"deleting {_label(kind)} ({record.id})"
        inputs = plain(record.inputs)
        problem = kind.guard(inputs, record.id) if kind.guard else None
        if problem is None and (snapshot := self._final_snapshot(record)) and self.cloud.is_taken(snapshot):
            problem = f"DBSnapshotAlreadyExists: Cannot create the snapshot because {inputs['finalSnapshotIdentifier']} already exists."
        if problem is None and kind.held and kind.held_by and not _emptied(inputs):
            users = [r for _, r in self.cloud.referring(record) if r.token in kind.held_by]
            users = [r for r in users if not _is_its_own_rule(r, record)]
            if users:
                account = record.scope.split("/")[0]
                name = plain(record.outputs.get(kind.name)) if kind.name else record.id
                message = kind.held.format(id=record.id, name=name, account=account, noun="")
                problem = f"{message} (used by {', '.join(sorted(r.id for r in users)[:5])})"
        if problem:
            code, _, message = problem.partition(": ")
            raise Refused(_error(kind, "Delete", subject, 400, code, message))

    def _final_snapshot(self, record: Record) -> str | None:
        inputs = plain(record.inputs)
        if not record.token.startswith("aws:rds/") or inputs.get("skipFinalSnapshot") is True:
            return None
        named = inputs.get("finalSnapshotIdentifier")
        return f"aws:rds/snapshot:Snapshot|{record.scope}|{named}" if named else None

    def after_delete(self, record: Record) -> dict[str, str]:
        """Secrets wait out their recovery window, final snapshots stay, a cluster takes its objects with it."""
        kept: dict[str, str] = {}
        kind = table.kind_of(record.token, shapes.of(record.token, self.cloud))
        if snapshot := self._final_snapshot(record):
            kept[snapshot] = "DBSnapshotAlreadyExists: a snapshot with this identifier already exists."
        if (blocked := kind.keeps_name(plain(record.inputs))) and kind.name:
            name = plain(record.outputs.get(kind.name))
            kept[f"{record.token}|{record.scope}|{name}"] = f"creating {_label(kind)} ({name}): {blocked}"
        if record.token == "aws:eks/cluster:Cluster":
            for thing in self.cloud.under(str(record.outputs.get("endpoint")), "kubernetes:%"):
                self.cloud.remove(thing)
        return kept

    def doing(self, verb: str, token: str, subject: str) -> str:
        """`creating RDS DB Instance (name)`."""
        return f"{verb} {_label(table.kind_of(token, shapes.of(token, self.cloud)))} ({subject})"

    # -- data sources

    def invoke(self, token: str, args: Properties) -> Properties:
        """The few facts about account and region that need no cloud."""
        region = str(plain(args.get("region")) or self._region)
        place = Place(self._account, region)
        match token.rsplit(":", 1)[-1]:
            case "getCallerIdentity":
                arn = f"arn:{place.partition}:sts::{place.account}:assumed-role/sandbox/rehearsal"
                return {"accountId": place.account, "arn": arn, "id": place.account, "userId": "AROASANDBOX:rehearsal"}
            case "getRegion":
                return {
                    "region": region,
                    "name": region,
                    "id": region,
                    "description": region,
                    "endpoint": f"ec2.{region}.{place.dns_suffix}",
                }
            case "getPartition":
                return {
                    "partition": place.partition,
                    "dnsSuffix": place.dns_suffix,
                    "id": place.partition,
                    "reverseDnsPrefix": "com.amazonaws",
                }
            case "getAvailabilityZones":
                names = [f"{region}{letter}" for letter in "abc"]
                return {"names": names, "zoneIds": names, "id": region, "groupNames": [region], "region": region}
        raise Refused(
            f"{token}: the sandbox rehearses resources, not data sources; take the value from the plan or from the "
            "resource's own outputs"
        )


_ARN_SERVICE = {
    "alb": "elasticloadbalancing", "lb": "elasticloadbalancing", "efs": "elasticfilesystem", "ebs": "ec2", "vpc": "ec2",
    "cfg": "config", "budgets": "budgets", "cloudwatch": "logs", "accessanalyzer": "access-analyzer",
}  # fmt: skip


def _label(kind: Kind) -> str:
    service, _, noun = kind.api.partition(":")
    return f"{service} {_NOUNS.sub(' ', noun)}"


def _error(kind: Kind, verb: str, subject: str, status: int, code: str, message: str) -> str:
    service, _, noun = kind.api.partition(":")
    return aws_error(subject, service, f"{verb}{noun}", status, code, message)


def _emptied(inputs: Properties) -> bool:
    """`forceDestroy` empties a bucket or a vault first."""
    return inputs.get("forceDestroy") is True


def _is_its_own_rule(user: Record, group: Record) -> bool:
    """A security group's own rules go with it; rules of other groups that name it hold it."""
    return "Rule" in user.token and plain(user.inputs.get("securityGroupId")) == group.id
