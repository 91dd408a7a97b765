//! What is measured: every metric's declaration, and what is shown of all of them at `/metrics`.
//!
//! Metrics are declared in [`table`] and recorded where they happen, by their names' constants.

mod declare;
mod floats;
mod table;

pub use declare::{Kind, Label, Metric, Values};
pub use floats::{add as add_to_float_counter, set as set_float_counter};
pub use table::*;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

/// Samples of histograms are kept one by one until they are counted into their buckets; so often
/// that is done, also where nobody ever reads the figures. The exporter's own interval.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Everything that was measured, from the start of the process on.
#[derive(Clone)]
pub struct Figures {
    handle: PrometheusHandle,
}

impl Figures {
    /// The figures in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        floats::render(&mut text);
        text
    }

    /// Counts what was recorded since the last time.
    pub fn count(&self) {
        self.handle.run_upkeep();
    }
}

/// Starts collecting. One recorder per process: a second call returns the same figures.
pub fn start() -> &'static Figures {
    static FIGURES: OnceLock<Figures> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let mut builder = PrometheusBuilder::new();
        for metric in TABLE {
            if let Kind::Histogram(bounds) = metric.kind {
                let named = Matcher::Full(metric.name.to_owned());
                builder = builder
                    .set_buckets_for_metric(named, bounds)
                    .expect("the buckets are not empty");
            }
        }
        let recorder = builder.build_recorder();
        let figures = Figures {
            handle: recorder.handle(),
        };
        metrics::set_global_recorder(recorder).expect("no other recorder is set in this process");
        TABLE.iter().for_each(register);
        metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
        figures
    })
}

/// Counts samples now and then for as long as the runtime lives.
pub fn spawn_counting(figures: &Figures) -> tokio::task::JoinHandle<()> {
    let figures = figures.clone();
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(COUNT_EVERY);
        loop {
            clock.tick().await;
            figures.count();
        }
    })
}

/// Describes a metric. What counts is there from the start, at zero, where all its labels' values
/// are known: a series that appears with its first event hides that event from `rate()`.
fn register(metric: &Metric) {
    let begun = metric.combinations().unwrap_or_default();
    match metric.kind {
        Kind::Counter => {
            metrics::describe_counter!(metric.name, metric.unit, metric.help);
            for labels in begun {
                metrics::counter!(metric.name, &labels).increment(0);
            }
        }
        Kind::FloatCounter => {}
        Kind::Gauge => metrics::describe_gauge!(metric.name, metric.unit, metric.help),
        Kind::Histogram(_) => {
            metrics::describe_histogram!(metric.name, metric.unit, metric.help);
            for labels in begun {
                // Registered by being asked for.
                let _no_sample_yet = metrics::histogram!(metric.name, &labels);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_tell_kind_and_unit() {
        let mut names = BTreeSet::new();
        for metric in TABLE {
            let name = metric.name;
            assert!(names.insert(name), "{name} is declared twice");
            let counts = matches!(metric.kind, Kind::Counter | Kind::FloatCounter);
            assert_eq!(counts, name.ends_with("_total"), "{name}");
            let unit = match metric.unit {
                metrics::Unit::Seconds => "_seconds",
                metrics::Unit::Bytes => "_bytes",
                metrics::Unit::Milliseconds => "_ms",
                _ => "",
            };
            let stem = name.strip_suffix("_total").unwrap_or(name);
            assert!(stem.ends_with(unit), "{name} is in {unit}");
            assert!(
                name.starts_with("rag_") || name.starts_with("process_"),
                "{name}"
            );
            assert!(
                !metric.help.is_empty() && !metric.help.ends_with('.'),
                "{name}"
            );
        }
    }

    #[test]
    fn buckets_rise() {
        for metric in TABLE {
            if let Kind::Histogram(bounds) = metric.kind {
                assert!(bounds.is_sorted_by(|a, b| a < b), "{}", metric.name);
            }
        }
    }

    #[test]
    fn a_series_without_events_is_shown_from_the_start() {
        let text = start().render();
        for line in [
            "rag_upstream_failures_total{upstream=\"generator\",kind=\"timed_out\"} ",
            "rag_query_stage_duration_seconds_bucket{stage=\"embed\",le=\"0.5\"} ",
            "# TYPE rag_model_cost_usd_total counter",
            "# HELP rag_backup_failures_total Backups that failed",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
