"""haproxy, over its runtime socket: who gets which part of the readers, and who is ready."""

import csv
import io
import os
import socket


class Unreachable(Exception):
    """The socket doesn't answer, or refuses what it was told."""


class Proxy:
    def __init__(self, path, backend, weights):
        self.path, self.backend, self.weights = path, backend, weights

    def _say(self, command):
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(self.path)
                line.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: line.recv(65536), b"")).decode().strip()
        except OSError as error:
            raise Unreachable(f"haproxy doesn't answer at {self.path}: {error}") from error

    def _order(self, command):
        complaint = self._say(command)
        if complaint:
            raise Unreachable(f"haproxy refuses `{command}`: {complaint}")

    def look(self):
        """{side: {weight, up, status, open}}; `open` counts requests and streams that run."""
        table = self._say("show stat").removeprefix("# ")
        rows = [row for row in csv.DictReader(io.StringIO(table)) if row["pxname"] == self.backend]
        sides = {
            row["svname"]: {
                # Haproxy shows a drained server's weight as it was.
                "weight": 0 if row["status"].startswith(("MAINT", "DRAIN")) else int(row["weight"] or 0),
                # "UP 1/2": one check has failed, and one more would count.
                "up": row["status"].startswith(("UP", "DRAIN", "no check")),
                "status": row["status"],
                "open": int(row["scur"]),
            }
            for row in rows
            if row["svname"] not in ("FRONTEND", "BACKEND")
        }
        if not sides:
            raise Unreachable(f"haproxy has no backend {self.backend} with servers")
        return sides

    def share(self, weights):
        """The rising side first: at no moment has nobody a weight."""
        for side, weight in sorted(weights.items(), key=lambda item: -item[1]):
            self._order(f"set weight {self.backend}/{side} {weight}")
        self._keep()

    def admit(self, side):
        """Look whether it is ready, and give it its part."""
        self._order(f"set server {self.backend}/{side} state ready")
        self._keep()

    def dismiss(self, side):
        """Nothing new comes to it, not even from readers who were there; what runs goes on."""
        self._order(f"set server {self.backend}/{side} state maint")
        self._keep()

    def _keep(self):
        """For haproxy's next start, which would otherwise give every reader to blue."""
        if not self.weights:
            return
        state = self._say("show servers state")
        beside = f"{self.weights}.new"
        with open(beside, "w") as file:
            file.write(state + "\n")
        os.replace(beside, self.weights)
