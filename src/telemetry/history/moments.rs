//! A day of moments, and sums, shares and quantiles over some of them.

use super::exposition::{Sample, samples};
use super::signal::{Kind, Signal};
use jiff::Timestamp;
use std::collections::VecDeque;

/// A day of them.
const MAX_MOMENTS: usize = 24 * 60 * 60 / super::EVERY.as_secs() as usize;
/// More bounds than any of our histograms has.
const MAX_BUCKETS: usize = 20;

const QUARTER_MS: i64 = 15 * 60 * 1000;

/// The kept moments, oldest first.
#[derive(Default)]
pub struct Moments {
    kept: VecDeque<Moment>,
    /// What the counters stood at when the last one was kept.
    totals: Option<Vec<f64>>,
    /// By signal; the upper bounds of its buckets, as its series name them.
    bounds: Vec<Vec<f64>>,
}

struct Moment {
    at_ms: i64,
    /// Since the moment before.
    span_s: f32,
    is_degraded: bool,
    values: Box<[f32]>,
}

/// Some of the moments.
pub struct Window<'a> {
    moments: Vec<&'a Moment>,
    bounds: &'a [Vec<f64>],
}

fn width(signal: Signal) -> usize {
    match signal.kind() {
        Kind::Spread => MAX_BUCKETS,
        _ => 1,
    }
}

/// Where a signal's numbers begin.
fn column(signal: Signal) -> usize {
    let before = Signal::ALL.iter().take_while(|one| **one != signal);
    before.map(|one| width(*one)).sum()
}

impl Moments {
    /// Keeps this moment, and forgets those that are older than a day.
    pub fn keep(&mut self, exposition: &str, is_degraded: bool, now: Timestamp) {
        let read = self.read(exposition);
        let before = self.totals.take();
        let at_ms = now.as_millisecond();
        // What counters stood at when we began to look happened at an unknown time.
        if let Some(before) = before {
            let span_s = match self.kept.back() {
                Some(last) => (at_ms - last.at_ms) as f32 / 1e3,
                None => super::EVERY.as_secs_f32(),
            };
            let mut values = Vec::with_capacity(read.len());
            for signal in Signal::ALL {
                for at in column(*signal)..column(*signal) + width(*signal) {
                    values.push(match signal.kind() {
                        Kind::Level | Kind::Most => read[at] as f32,
                        Kind::Count | Kind::Spread => grown(before[at], read[at]) as f32,
                    });
                }
            }
            if self.kept.len() == MAX_MOMENTS {
                self.kept.pop_front();
            }
            self.kept.push_back(Moment {
                at_ms,
                span_s: span_s.max(0.001),
                is_degraded,
                values: values.into(),
            });
        }
        self.totals = Some(read);
    }

    /// What every column stands at; `NaN` where a gauge is absent.
    fn read(&mut self, exposition: &str) -> Vec<f64> {
        let mut totals = Vec::new();
        for signal in Signal::ALL {
            let nothing = match signal.kind() {
                Kind::Level | Kind::Most => f64::NAN,
                Kind::Count | Kind::Spread => 0.0,
            };
            totals.extend(std::iter::repeat_n(nothing, width(*signal)));
        }
        self.bounds.resize(Signal::ALL.len(), Vec::new());
        for sample in samples(exposition) {
            for (number, signal) in Signal::ALL.iter().enumerate() {
                if !counts(*signal, &sample) {
                    continue;
                }
                let at = column(*signal);
                match signal.kind() {
                    Kind::Count => totals[at] += sample.value,
                    Kind::Level => totals[at] = zero_if_nan(totals[at]) + sample.value,
                    Kind::Most => totals[at] = totals[at].max(sample.value),
                    Kind::Spread => {
                        if let Some(bucket) = bucket(&mut self.bounds[number], &sample) {
                            totals[at + bucket] += sample.value;
                        }
                    }
                }
            }
        }
        totals
    }

    /// What a figure stood at when it was kept last: to the second, where the moments keep 24 bits,
    /// which of a time are two minutes.
    pub fn stands_at(&self, signal: Signal) -> Option<f64> {
        let value = self.totals.as_ref()?[column(signal)];
        (!value.is_nan()).then_some(value)
    }

    /// The moments of the last `seconds`.
    pub fn last(&self, seconds: u32, now: Timestamp) -> Window<'_> {
        let until = now.as_millisecond();
        self.between(until - i64::from(seconds) * 1000, until)
    }

    /// The moments after `from_ms` and up to `until_ms`.
    pub fn between(&self, from_ms: i64, until_ms: i64) -> Window<'_> {
        let first = self.kept.partition_point(|moment| moment.at_ms <= from_ms);
        let end = self.kept.partition_point(|moment| moment.at_ms <= until_ms);
        Window {
            moments: self.kept.range(first..end.max(first)).collect(),
            bounds: &self.bounds,
        }
    }

    /// What part of the time that is known all was well; `None` where nobody looked.
    pub fn well(&self) -> Option<f64> {
        let seconds = |one: &Moment| f64::from(one.span_s);
        let all = total(self.kept.iter().map(seconds));
        let well = self.kept.iter().filter(|one| !one.is_degraded);
        (all > 0.0).then(|| total(well.map(seconds)) / all)
    }

    pub fn quarters(&self, count: usize, now: Timestamp) -> Vec<Option<bool>> {
        let end = now.as_millisecond();
        let quarter = |back: usize| {
            let until = end - back as i64 * QUARTER_MS;
            let window = self.between(until - QUARTER_MS, until);
            let well = window.moments.iter().all(|moment| !moment.is_degraded);
            (!window.moments.is_empty()).then_some(well)
        };
        (0..count).rev().map(quarter).collect()
    }
}

fn counts(signal: Signal, sample: &Sample<'_>) -> bool {
    let name = match signal.kind() {
        Kind::Spread => sample.name.strip_suffix("_bucket"),
        _ => Some(sample.name),
    };
    let allowed = |(label, must): &(&str, super::signal::Must)| {
        sample.label(label).is_some_and(|value| must.allows(value))
    };
    name == Some(signal.metric()) && signal.labels().iter().all(allowed)
}

/// Which bucket a series of a histogram is; a new bound gets its place in the order of coming, which
/// is theirs.
fn bucket(bounds: &mut Vec<f64>, sample: &Sample<'_>) -> Option<usize> {
    let bound: f64 = sample.label("le")?.parse().ok()?;
    if let Some(known) = bounds.iter().position(|one| *one == bound) {
        return Some(known);
    }
    if bounds.len() == MAX_BUCKETS {
        return None;
    }
    bounds.push(bound);
    Some(bounds.len() - 1)
}

/// A counter that is smaller than before has begun anew.
fn grown(before: f64, after: f64) -> f64 {
    if after >= before {
        after - before
    } else {
        after
    }
}

fn zero_if_nan(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

impl Window<'_> {
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// Time that the moments stand for.
    pub fn seconds(&self) -> f64 {
        total(self.moments.iter().map(|one| f64::from(one.span_s)))
    }

    /// By how much a counter grew.
    pub fn grew(&self, signal: Signal) -> f64 {
        let at = column(signal);
        total(self.moments.iter().map(|one| f64::from(one.values[at])))
    }

    /// By how much it grew each second; `None` where there is no time.
    pub fn rate(&self, signal: Signal) -> Option<f64> {
        let seconds = self.seconds();
        (seconds > 0.0).then(|| self.grew(signal) / seconds)
    }

    /// One counter's part of another; `None` where that has not grown.
    pub fn share(&self, part: Signal, of: Signal) -> Option<f64> {
        let whole = self.grew(of);
        (whole > 0.0).then(|| self.grew(part) / whole)
    }

    /// What a gauge stood at in the end; `None` where it is absent.
    pub fn level(&self, signal: Signal) -> Option<f64> {
        let at = column(signal);
        let value = f64::from(self.moments.last()?.values[at]);
        (!value.is_nan()).then_some(value)
    }

    /// The value that this part (0–1) of a histogram's samples does not exceed, as
    /// `histogram_quantile` has it.
    pub fn quantile(&self, part: f64, signal: Signal) -> Option<f64> {
        let number = Signal::ALL.iter().position(|one| *one == signal)?;
        let bounds = self.bounds.get(number)?;
        let at = column(signal);
        let up_to = |bucket: usize| -> f64 {
            let values = self.moments.iter().map(|one| one.values[at + bucket]);
            total(values.map(f64::from))
        };
        let below: Vec<f64> = (0..bounds.len()).map(up_to).collect();
        let all = *below.last()?;
        if all <= 0.0 {
            return None;
        }
        let rank = part * all;
        let bucket = below.iter().position(|count| *count >= rank)?;
        // Beyond the last bound nothing is known but that.
        if bounds[bucket].is_infinite() {
            return bounds.get(bucket.checked_sub(1)?).copied();
        }
        let (start, before) = match bucket.checked_sub(1) {
            Some(previous) => (bounds[previous], below[previous]),
            None => (0.0, 0.0),
        };
        let within = below[bucket] - before;
        let part = if within > 0.0 {
            (rank - before) / within
        } else {
            1.0
        };
        Some(start + (bounds[bucket] - start) * part)
    }
}

/// The sum, which is 0 where there is nothing; that of the standard library is −0 then, and is read
/// as such.
fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn figures(answers: u32, slow: u32, sessions: u32) -> String {
        let all = answers + slow;
        format!(
            "rag_answers_total{{generator=\"quoting\",outcome=\"answered\"}} {all}\n\
             rag_http_requests_total{{route=\"/query\",status=\"200\"}} {answers}\n\
             rag_http_requests_total{{route=\"/query\",status=\"503\"}} {slow}\n\
             rag_http_requests_total{{route=\"/readyz\",status=\"503\"}} {all}\n\
             rag_query_duration_seconds_bucket{{le=\"0.1\"}} {answers}\n\
             rag_query_duration_seconds_bucket{{le=\"10\"}} {all}\n\
             rag_query_duration_seconds_bucket{{le=\"+Inf\"}} {all}\n\
             rag_active_sessions {sessions}\n"
        )
    }

    #[test]
    fn counters_are_kept_by_what_they_grew_and_gauges_as_they_stand() {
        let mut moments = Moments::default();
        // What was counted before we looked is not of this moment.
        moments.keep(&figures(100, 100, 9), false, at(0));
        moments.keep(&figures(190, 110, 7), false, at(15));
        moments.keep(&figures(190, 110, 3), true, at(30));
        let window = moments.last(60, at(30));
        assert_eq!(window.grew(Signal::Answered), 100.0);
        assert_eq!(window.share(Signal::Failed, Signal::Requests), Some(0.1));
        assert_eq!(window.level(Signal::Sessions), Some(3.0));
        assert_eq!(window.level(Signal::Memory), None);
        assert_eq!(moments.stands_at(Signal::Sessions), Some(3.0));
        assert_eq!(moments.stands_at(Signal::Memory), None);
        assert!((window.quantile(0.45, Signal::AnswerTime).expect("samples") - 0.05).abs() < 1e-6);
        let p95 = window.quantile(0.95, Signal::AnswerTime).expect("samples");
        assert!((p95 - 5.05).abs() < 1e-6, "{p95}");
        let quiet = moments.last(15, at(30));
        assert_eq!(quiet.share(Signal::Failed, Signal::Requests), None);
        assert_eq!(quiet.quantile(0.95, Signal::AnswerTime), None);
        assert_eq!(moments.quarters(2, at(30)), [None, Some(false)]);
        assert_eq!(moments.well(), Some(0.5));
    }

    #[test]
    fn nothing_is_zero_and_not_less() {
        let mut moments = Moments::default();
        moments.keep(&figures(100, 0, 0), true, at(0));
        moments.keep(&figures(200, 0, 0), true, at(15));
        let window = moments.last(15, at(100));
        for nothing in [
            moments.well().expect("known"),
            window.grew(Signal::Answered),
        ] {
            assert_eq!(nothing.to_string(), "0");
        }
    }

    #[test]
    fn a_counter_that_began_anew_does_not_run_backwards() {
        let mut moments = Moments::default();
        moments.keep(&figures(100, 0, 0), false, at(0));
        moments.keep(&figures(4, 0, 0), false, at(15));
        assert_eq!(moments.last(60, at(15)).grew(Signal::Answered), 4.0);
    }

    #[test]
    fn no_more_than_a_day_is_kept() {
        let mut moments = Moments::default();
        for number in 0..MAX_MOMENTS as i64 + 10 {
            moments.keep("rag_active_sessions 1\n", false, at(15 * number));
        }
        assert_eq!(moments.kept.len(), MAX_MOMENTS);
        assert_eq!(MAX_MOMENTS, 5760);
        let columns: usize = Signal::ALL.iter().map(|one| width(*one)).sum();
        let size_bytes = columns * size_of::<f32>() * MAX_MOMENTS;
        assert!(size_bytes < 8 << 20, "{size_bytes} bytes");
    }
}
