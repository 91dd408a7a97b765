"""rollout.toml, read and checked."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


class Wrong(Exception):
    """A setting or an order that makes no sense; the message says which."""


def seconds(text):
    """"30m" → 1800."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(text))
    if not found:
        raise Wrong(f"{text!r} is no duration; write 500ms, 15s, 30m or 2h")
    return float(found[1]) * UNITS[found[2]]


@dataclass
class Side:
    name: str
    url: str
    start: str | None
    stop: str | None


@dataclass
class Bound:
    """The part of failed requests that is too much, over so many seconds."""

    above: float
    over: float


@dataclass
class Slower:
    """How much slower is too slow."""

    factor: float
    over: float
    floor: float
    min_questions: int


class Settings:
    def __init__(self, file):
        file = Path(file)
        try:
            raw = tomllib.loads(file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Wrong(f"{file}: {error}") from error
        here = file.resolve().parent
        try:
            self.haproxy = str(here / raw.pop("haproxy"))
            weights = raw.pop("weights", None)
            self.weights = weights and here / weights
            self.backend = raw.pop("backend")
            self.prometheus = raw.pop("prometheus").rstrip("/")
            self.record = here / raw.pop("record")
            self.steps = raw.pop("steps")
            self.hold = seconds(raw.pop("hold"))
            self.min_requests = raw.pop("min_requests")
            self.look_every = seconds(raw.pop("look_every"))
            self.ready_within = seconds(raw.pop("ready_within"))
            self.drain = seconds(raw.pop("drain"))
            self.errors = [Bound(bound["above"], seconds(bound["over"])) for bound in raw.pop("errors")]
            slower = raw.pop("slower")
            self.slower = Slower(slower["factor"], seconds(slower["over"]), seconds(slower["floor"]), slower["min_questions"])
            self.sides = {
                name: Side(name, side["url"].rstrip("/"), side.get("start"), side.get("stop"))
                for name, side in raw.pop("sides").items()
            }
            self.smoke_test = raw.pop("smoke")["test"]
        except KeyError as missing:
            raise Wrong(f"{file}: {missing} is missing") from missing
        if raw:
            raise Wrong(f"{file}: nothing here is called {', '.join(raw)}")
        if set(self.sides) != {"blue", "green"}:
            raise Wrong(f"{file}: there are two sides, blue and green")
        if self.steps != sorted(set(self.steps)) or not self.steps or self.steps[0] <= 0 or self.steps[-1] != 100:
            raise Wrong(f"{file}: steps rise to 100 percent")

    def other(self, side):
        return "green" if side == "blue" else "blue"
