"""Prometheus, asked about one side: does it fail, is it slow, has it started again?"""

import json
import math
import urllib.error
import urllib.parse
import urllib.request


class NoFigures(Exception):
    """Prometheus doesn't answer."""


class Judge:
    def __init__(self, settings):
        self.settings = settings

    def ask(self, query):
        """The one number that a query has for its answer; None where there is none."""
        url = f"{self.settings.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
            raise NoFigures(f"Prometheus doesn't answer at {self.settings.prometheus}: {error}") from error
        value = float(found[0]["value"][1]) if found else math.nan
        return None if math.isnan(value) else value

    def requests(self, side, over):
        """As readers got them: haproxy also counts what a dying process never answered."""
        return self.ask(f"sum(increase({self._responses(side)}[{_span(over)}]))") or 0.0

    def failed_part(self, side, over):
        """Of requests, by their status, or of questions, which can also fail within a stream."""
        span = _span(over)
        failed = self.ask(f"sum(increase({self._responses(side, code='5xx')}[{span}]))") or 0.0
        requests = self.requests(side, over)
        wrong = f'rag_query_errors_total{{side="{side}",code=~"internal|not_ready|overloaded"}}'
        lost = self.ask(f"sum(increase({wrong}[{span}]))") or 0.0
        answered = self.ask(f'sum(increase(rag_query_duration_seconds_count{{side="{side}"}}[{span}]))') or 0.0
        return max(_part(failed, requests), _part(lost, lost + answered))

    def p95(self, side, over):
        """Seconds; None if fewer questions were answered than say anything."""
        span = _span(over)
        count = self.ask(f'sum(increase(rag_query_duration_seconds_count{{side="{side}"}}[{span}]))') or 0.0
        if count < self.settings.slower.min_questions:
            return None
        buckets = f'rate(rag_query_duration_seconds_bucket{{side="{side}"}}[{span}])'
        return self.ask(f"histogram_quantile(0.95, sum by (le) ({buckets}))")

    def is_watched(self, side):
        """Prometheus reads its figures."""
        return self.ask(f'min(up{{side="{side}"}})') == 1

    def born(self, side):
        """When its process began; None if it doesn't say."""
        return self.ask(f'max(process_start_time_seconds{{side="{side}"}})')

    def complaint(self, new, old_p95, served_s):
        """Why the new side may not stay; None if nothing is wrong. `served_s`: it has had readers so long."""
        for bound in self.settings.errors:
            if served_s < bound.over:
                continue
            part = self.failed_part(new, bound.over)
            if part > bound.above:
                return f"{part:.1%} of requests failed over {_span(bound.over)}, more than {bound.above:.0%}"
        slower = self.settings.slower
        if served_s >= slower.over and old_p95:
            p95 = self.p95(new, slower.over)
            if p95 and p95 > slower.floor and p95 > slower.factor * old_p95:
                return (
                    f"95 % of answers took {p95:.3f} s over {_span(slower.over)}, "
                    f"more than {slower.factor} times the old side's {old_p95:.3f} s"
                )
        return None

    def _responses(self, side, code=None):
        wanted = {"proxy": self.settings.backend, "server": side} | ({"code": code} if code else {})
        labels = ",".join(f'{name}="{value}"' for name, value in wanted.items())
        return f"haproxy_server_http_responses_total{{{labels}}}"


def _part(some, all_of_them):
    return some / all_of_them if all_of_them else 0.0


def _span(seconds):
    """As Prometheus writes durations."""
    return f"{round(seconds / 60)}m" if seconds >= 60 and seconds % 60 == 0 else f"{round(seconds * 1000)}ms"
