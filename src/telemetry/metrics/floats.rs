//! Counters of fractions, such as dollars: the recorder's own counters hold whole numbers only.

use super::declare::Kind;
use super::table::TABLE;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A label's name and value; empty for none.
type Series = (&'static str, (&'static str, String));

static SUMS: Mutex<BTreeMap<Series, f64>> = Mutex::new(BTreeMap::new());

/// Adds to the counter `name`, under one label.
pub fn add(name: &'static str, label: (&'static str, &str), amount: f64) {
    *sums()
        .entry((name, (label.0, label.1.to_owned())))
        .or_default() += amount;
}

/// Sets a counter without labels that somebody else counts.
pub fn set(name: &'static str, total: f64) {
    sums().insert((name, ("", String::new())), total);
}

pub(super) fn render(text: &mut String) {
    let sums = sums();
    for metric in TABLE {
        if !matches!(metric.kind, Kind::FloatCounter) {
            continue;
        }
        let (name, help) = (metric.name, metric.help);
        let mut write = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).expect("a string takes every write");
        };
        write(format_args!(
            "# HELP {name} {help}\n# TYPE {name} counter\n"
        ));
        for ((_, (label, value)), sum) in sums.iter().filter(|((of, _), _)| *of == name) {
            if label.is_empty() {
                write(format_args!("{name} {sum}\n"));
            } else {
                let value = value
                    .replace('\\', r"\\")
                    .replace('"', "\\\"")
                    .replace('\n', r"\n");
                write(format_args!("{name}{{{label}=\"{value}\"}} {sum}\n"));
            }
        }
        write(format_args!("\n"));
    }
}

fn sums() -> MutexGuard<'static, BTreeMap<Series, f64>> {
    // A sum that a panic left behind is still the best there is.
    SUMS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::MODEL_COST;

    #[test]
    fn fractions_add_up_and_a_models_name_cannot_break_the_format() {
        add(MODEL_COST, ("model", "a \"test\""), 0.25);
        add(MODEL_COST, ("model", "a \"test\""), 0.5);
        let mut text = String::new();
        render(&mut text);
        let line = r#"rag_model_cost_usd_total{model="a \"test\""} 0.75"#;
        assert!(text.lines().any(|one| one == line), "{text}");
    }
}
