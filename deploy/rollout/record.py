"""What a rollout has done and why, in files that outlive it: record.json, history.jsonl, and an order."""

import fcntl
import json
import os
import time
from datetime import UTC, datetime

# Phases in which readers are shared, or about to be.
OPEN = ("preparing", "step", "going back")
LOOKING_S = 1.0


class Record:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.is_now = json.loads((folder / "record.json").read_text())
        except FileNotFoundError:
            self.is_now = {"phase": "none"}

    def __getitem__(self, name):
        return self.is_now.get(name)

    def set(self, **fields):
        """Whole on the disk, or not at all."""
        self.is_now |= fields
        beside = self.folder / "record.json.new"
        beside.write_text(json.dumps(self.is_now, indent=1) + "\n")
        os.replace(beside, self.folder / "record.json")

    def note(self, text):
        """A line for people and for the review afterwards."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        print(f"{at} {text}", flush=True)
        with open(self.folder / "history.jsonl", "a") as file:
            file.write(json.dumps({"at": at, "text": text}) + "\n")

    def hold(self):
        """Whoever drives holds this lock, so that nobody else does; False if somebody else has it."""
        self._lock = open(self.folder / "lock", "w")
        # Somebody may just be looking whether it is held.
        until = time.monotonic() + LOOKING_S
        while not _locked(self._lock, fcntl.LOCK_EX):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        (self.folder / "order").unlink(missing_ok=True)
        return True

    def is_driven(self):
        with open(self.folder / "lock", "w") as lock:
            return not _locked(lock, fcntl.LOCK_SH)

    def order(self, **order):
        """For whoever drives."""
        beside = self.folder / "order.new"
        beside.write_text(json.dumps(order))
        os.replace(beside, self.folder / "order")

    def take_order(self):
        try:
            order = json.loads((self.folder / "order").read_text())
        except FileNotFoundError:
            return {}
        (self.folder / "order").unlink()
        return order

    def age(self, since):
        return time.time() - self[since] if self[since] else 0.0


def _locked(file, how):
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
