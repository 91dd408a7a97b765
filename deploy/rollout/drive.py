"""One rollout: the new side gets more and more readers for as long as nothing speaks against it."""

import shlex
import subprocess
import time
import urllib.error
import urllib.request

from judge import NoFigures
from proxy import Unreachable
from settings import Wrong

# How soon an order is seen, and how often something is asked that is about to change.
BLINK = 0.2


class Drive:
    def __init__(self, settings, proxy, judge, record):
        self.settings, self.proxy, self.judge, self.record = settings, proxy, judge, record

    def start(self):
        """True if the new side has all readers at the end."""
        sides = self.proxy.look()
        old = max(sides, key=lambda side: sides[side]["weight"])
        new = self.settings.other(old)
        if not sides[old]["up"]:
            raise Wrong(f"{old} has the readers and isn't ready: repair that first")
        if sides[new]["weight"]:
            raise Wrong("both sides have readers: `rollout resume` goes on, `rollout back` takes them back")
        self.record.set(phase="preparing", old=old, new=new, step=0, paused=False, reason=None, served_since=None, old_p95=None)
        self.record.note(f"from {old} to {new}")
        self.proxy.share({new: 0, old: 100})
        reason = self._prepare(new)
        if reason:
            self._go_back(f"{new} gets no reader: {reason}")
            return False
        return self._walk()

    def resume(self):
        """After whoever drove was ended."""
        if self.record["phase"] != "step":
            raise Wrong("there is nothing to go on with")
        self.record.note("going on")
        return self._walk()

    def back(self, reason):
        """By hand, also after the rollout: the old side is started again where it has been stopped."""
        old = self.record["old"]
        if not _is_ready(self.settings.sides[old].url):
            self._run(self.settings.sides[old].start, old)
            self._wait_until_ready(old)
        self.proxy.admit(old)
        self._wait(lambda: self.proxy.look()[old]["up"], f"haproxy doesn't find {old} ready")
        self._go_back(reason)

    def _prepare(self, new):
        """Why it may have no reader; None if it may."""
        try:
            self._run(self.settings.sides[new].start, new)
            self._wait_until_ready(new)
            self._run(self.settings.smoke_test, new)
            self.proxy.admit(new)
            self._wait(lambda: self.proxy.look()[new]["up"], "haproxy doesn't find it ready")
            # What Prometheus knew of the process before this one is gone after one look.
            time.sleep(self.settings.look_every)
            self._wait(lambda: self._is_watched(new), "Prometheus has no figures of it")
            self.record.set(born=self.judge.born(new))
        except (Wrong, NoFigures) as error:
            return str(error)
        return None

    def _walk(self):
        steps = self.settings.steps
        old, new = self.record["old"], self.record["new"]
        for step in range(self.record["step"], len(steps)):
            percent = steps[step]
            self.proxy.share({new: percent, old: 100 - percent})
            now = time.time()
            self.record.set(phase="step", step=step, percent=percent, step_since=now)
            if not self.record["served_since"]:
                self.record.set(served_since=now)
            self.record.note(f"{new} has {percent} % of new readers")
            reason = self._hold(old, new)
            if reason:
                self._go_back(reason)
                return False
        self._retire(old)
        self.record.set(phase="done")
        self.record.note(f"done: {new} has all readers, {old} none")
        return True

    def _hold(self, old, new):
        """Until the step has passed: None, or the reason to go back."""
        while True:
            reason = self._listen(self.settings.look_every)
            if reason:
                return reason
            reason = self._look(old, new)
            if reason:
                return reason
            if not self.record["paused"] and not self.record["waits_for"]:
                return None

    def _listen(self, span):
        """Orders, for so long; the reason if one of them is to go back."""
        until = time.monotonic() + span
        while time.monotonic() < until:
            order = self.record.take_order()
            if order.get("do") == "back":
                return order["reason"]
            if order.get("do") in ("pause", "resume"):
                paused = order["do"] == "pause"
                # After a pause the step is held anew.
                self.record.set(paused=paused, step_since=time.time())
                self.record.note("paused; still watching" if paused else "going on")
            time.sleep(BLINK)
        return None

    def _look(self, old, new):
        """The reason to go back; otherwise notes what the step still waits for."""
        try:
            sides = self.proxy.look()
        except Unreachable as error:
            # It may be starting anew, with the weights that it had.
            self.record.set(waits_for=str(error))
            return None
        reason = None
        blind = None
        if not sides[new]["up"]:
            reason = f"{new} isn't ready any more ({sides[new]['status']})"
        try:
            reason = reason or self._judge(old, new)
        except NoFigures as error:
            blind = str(error)
        if reason and not sides[old]["up"]:
            self.record.note(f"{reason}; but {old} isn't ready either, so readers stay where they are")
            reason = None
            blind = f"{old} to be ready"
        self.record.set(waits_for=blind or self._waits_for(new))
        return reason

    def _judge(self, old, new):
        born = self.judge.born(new)
        if born and born != (self.record["born"] or born):
            return f"{new} has ended and started again"
        # With all readers gone, the old side's last figures are those to compare with.
        self.record.set(old_p95=self.judge.p95(old, self.settings.slower.over) or self.record["old_p95"])
        reason = self.judge.complaint(new, self.record["old_p95"], self.record.age("served_since"))
        return reason and f"{new}: {reason}"

    def _waits_for(self, new):
        left = self.settings.hold - self.record.age("step_since")
        if left > 0:
            return f"{left:.0f} s to pass"
        answered = self.judge.requests(new, max(self.record.age("step_since"), 1))
        if answered < self.settings.min_requests:
            return f"more requests: {answered:.0f} of {self.settings.min_requests}"
        return None

    def _go_back(self, reason):
        old, new = self.record["old"], self.record["new"]
        self.record.set(phase="going back", reason=reason)
        self.proxy.share({old: 100, new: 0})
        self.record.note(f"back to {old}: {reason}")
        self._retire(new)
        self.record.set(phase="back", percent=0)
        self.record.note(f"{old} has all readers, {new} none")

    def _retire(self, side):
        """Nothing new comes, what runs is finished, and then it may end."""
        self.proxy.dismiss(side)
        until = time.monotonic() + self.settings.drain
        while (left := self.proxy.look()[side]["open"]) and time.monotonic() < until:
            time.sleep(BLINK)
        if left:
            self.record.note(f"{left} requests still run on {side}")
        try:
            self._run(self.settings.sides[side].stop, side)
        except Wrong as error:
            self.record.note(str(error))

    def _run(self, command, side):
        if not command:
            return
        line = command.format(url=shlex.quote(self.settings.sides[side].url), side=side)
        patience = self.settings.ready_within
        try:
            done = subprocess.run(line, shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience)
        except subprocess.TimeoutExpired:
            raise Wrong(f"`{line}` took longer than {patience:.0f} s") from None
        for said in done.stdout.splitlines():
            self.record.note(f"  {said}")
        if done.returncode:
            raise Wrong(f"`{line}` ended with {done.returncode}")

    def _wait_until_ready(self, side):
        url = self.settings.sides[side].url
        self._wait(lambda: _is_ready(url), f"{url}/readyz isn't ready")

    def _wait(self, condition, otherwise):
        until = time.monotonic() + self.settings.ready_within
        while not condition():
            if time.monotonic() > until:
                raise Wrong(f"{otherwise} after {self.settings.ready_within:.0f} s")
            time.sleep(BLINK)

    def _is_watched(self, side):
        try:
            return self.judge.is_watched(side)
        except NoFigures:
            return False


def _is_ready(url):
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
