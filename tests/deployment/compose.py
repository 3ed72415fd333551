"""docker-compose.yml as a container engine reads it: interpolated, checked by the format's own schema."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema.validators import validator_for
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"

# $$, ${NAME}, ${NAME:-default}, ${NAME:?what to do}
_PLACE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")


class Unset(Exception):
    """A value without which nothing starts; the text begins with its name."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, as far as its processes go. `needs` has the condition on each service that must come first."""

    name: str
    image: str
    command: list[str]
    environ: dict[str, str]
    needs: dict[str, str]
    check: list[str]  # the words of its health check
    profiles: list[str]
    replicas: int

    @property
    def is_ours(self) -> bool:
        return self.image.startswith("hanmaru:")


def read_file(path: Path) -> Any:
    """A YAML file as plain values."""
    return YAML(typ="safe").load(path.read_text("utf-8"))


def find_faults(document: Any) -> list[str]:
    """What the format does not allow, by the schema of the Compose Specification."""
    text = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json").read_text("utf-8")
    schema = json.loads(text)
    faults = validator_for(schema)(schema).iter_errors(document)
    return [f"{each.json_path}: {each.message}" for each in faults]


def read_services(environ: Mapping[str, str], *profiles: str) -> dict[str, Service]:
    """The services of the file that start with these profiles, each after what it needs. Raises Unset."""
    document = interpolate(read_file(COMPOSE), environ)
    found = {name: _read_service(name, each) for name, each in document["services"].items()}
    chosen = {name: each for name, each in found.items() if not each.profiles or {*each.profiles} & {*profiles}}
    order = TopologicalSorter({name: each.needs for name, each in chosen.items()}).static_order()
    return {name: chosen[name] for name in order}


def interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    """`value` with every place filled. Raises Unset."""
    if isinstance(value, dict):
        return {name: interpolate(each, environ) for name, each in value.items()}
    if isinstance(value, list):
        return [interpolate(each, environ) for each in value]
    return _PLACE.sub(lambda place: _fill(place, environ), value) if isinstance(value, str) else value


def _fill(place: re.Match[str], environ: Mapping[str, str]) -> str:
    name = place["name"]
    if name is None:
        return "$"
    given = environ.get(name, "")
    if not given and place["kind"] == "?":
        raise Unset(f"{name}: {place['rest']}")
    return given or (place["rest"] if place["kind"] == "-" else "")


def _read_service(name: str, of: Mapping[str, Any]) -> Service:
    kind, *words = of["healthcheck"]["test"] if "healthcheck" in of else ("NONE",)
    return Service(
        name=name,
        image=of["image"],
        command=list(of.get("command", [])),
        environ={key: str(each) for key, each in of.get("environment", {}).items()},
        needs={each: how["condition"] for each, how in of.get("depends_on", {}).items()},
        check=["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words,
        profiles=of.get("profiles", []),
        replicas=of.get("deploy", {}).get("replicas", 1),
    )


def list_required(document: Any) -> Iterator[str]:
    """The names without a value of which nothing starts."""
    for place in _PLACE.finditer(json.dumps(document)):
        if place["kind"] == "?":
            yield place["name"]
