//! What a metric is: its name, kind, unit, help, and the closed sets its labels' values come from.
//!
//! It does not know which metrics there are.

use metrics::Unit;

/// A metric as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub unit: Unit,
    /// One line, for `# HELP` and the handbook.
    pub help: &'static str,
    pub labels: &'static [Label],
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Counter,
    /// A counter of fractions: seconds of a processor, dollars.
    FloatCounter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

impl Kind {
    /// As Prometheus' text format has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter | Self::FloatCounter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A label with all the values it can have.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    pub name: &'static str,
    pub values: Values,
}

/// Where a label's values come from. Never from what somebody sent.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// These and no others.
    Set(&'static [&'static str]),
    /// The templates of the server's routes (`/sessions/{id}`), and `site` for all pages.
    Routes,
    /// Status codes that the server answers with.
    Statuses,
    /// What the settings name: a model, or this build's version.
    Settings,
}

impl Values {
    /// Every value, where they are known before the program runs.
    pub fn known(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Set(values) => Some(values),
            Self::Routes | Self::Statuses | Self::Settings => None,
        }
    }
}

impl Metric {
    /// Every combination of label values, where all of them are known; one empty one without labels.
    pub fn combinations(&self) -> Option<Vec<Vec<(&'static str, &'static str)>>> {
        let mut all = vec![Vec::new()];
        for label in self.labels {
            let values = label.values.known()?;
            all = all
                .iter()
                .flat_map(|begun: &Vec<_>| {
                    values.iter().map(|value| {
                        let mut longer = begun.clone();
                        longer.push((label.name, *value));
                        longer
                    })
                })
                .collect();
        }
        Some(all)
    }
}

/// Declares metrics: a constant with each one's name, and [`TABLE`](super::table::TABLE) of all.
macro_rules! metrics {
    ($( $constant:ident: $kind:expr, $unit:ident, $name:literal, $help:literal $(, $label:ident)*; )+) => {
        $(
            #[doc = $help]
            pub const $constant: &str = $name;
        )+

        /// Every metric of this program.
        pub const TABLE: &[Metric] = &[
            $( Metric {
                name: $name,
                kind: $kind,
                unit: Unit::$unit,
                help: $help,
                labels: &[$( $label ),*],
            }, )+
        ];
    };
}
pub(super) use metrics;
