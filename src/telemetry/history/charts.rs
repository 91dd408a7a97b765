//! The four dashboards: which charts, and what their lines are made of. The same as those for
//! Grafana in `deploy/grafana`, for whoever has none.

use super::moments::{Moments, Window};
use super::signal::Signal;
use jiff::Timestamp;

/// Points of a line: more than a chart on a page has room for.
const MAX_POINTS: u32 = 120;

pub struct Dashboard {
    pub id: &'static str,
    pub title: &'static str,
    pub charts: &'static [Chart],
}

pub struct Chart {
    pub title: &'static str,
    /// `per_minute`, `seconds`, `ratio`, `of_whole` (a ratio to be seen as a part of 1), `bytes`,
    /// `count`, `usd_per_hour`.
    pub unit: &'static str,
    pub lines: &'static [Line],
}

pub struct Line {
    pub name: &'static str,
    of: Of,
}

/// What a line shows of a stretch of time.
enum Of {
    PerMinute(Signal),
    PerHour(Signal),
    /// By how much one grew, of another.
    Share(Signal, Signal),
    /// One's part of both.
    Portion(Signal, Signal),
    Quantile(f64, Signal),
    Level(Signal),
    /// One gauge as a part of another.
    LevelShare(Signal, Signal),
    /// What is missing to the whole.
    UsedShare(Signal, Signal),
    /// Processor seconds a second, of the processors there are.
    CpuShare,
}

const fn line(name: &'static str, of: Of) -> Line {
    Line { name, of }
}

use Of::{CpuShare, Level, LevelShare, PerHour, PerMinute, Portion, Quantile, Share, UsedShare};
use Signal as S;

pub static DASHBOARDS: [Dashboard; 4] = [
    Dashboard {
        id: "main",
        title: "Main",
        charts: &[
            Chart {
                title: "Requests",
                unit: "per_minute",
                lines: &[
                    line("all", PerMinute(S::Requests)),
                    line("failed", PerMinute(S::Failed)),
                ],
            },
            Chart {
                title: "Time to a finished answer",
                unit: "seconds",
                lines: &[
                    line("median", Quantile(0.5, S::AnswerTime)),
                    line("95 of 100", Quantile(0.95, S::AnswerTime)),
                ],
            },
            Chart {
                title: "Answers",
                unit: "per_minute",
                lines: &[
                    line("answered", PerMinute(S::Answered)),
                    line("unanswered", PerMinute(S::Abstained)),
                ],
            },
            Chart {
                title: "Ratings",
                unit: "per_minute",
                lines: &[
                    line("up", PerMinute(S::RatedUp)),
                    line("down", PerMinute(S::RatedDown)),
                ],
            },
            Chart {
                title: "Active conversations",
                unit: "count",
                lines: &[line("conversations", Level(S::Sessions))],
            },
            Chart {
                title: "Cost",
                unit: "usd_per_hour",
                lines: &[line("spent", PerHour(S::CostUsd))],
            },
        ],
    },
    Dashboard {
        id: "performance",
        title: "Performance",
        charts: &[
            Chart {
                title: "Finding passages",
                unit: "seconds",
                lines: &[
                    line("median", Quantile(0.5, S::RetrievalTime)),
                    line("95 of 100", Quantile(0.95, S::RetrievalTime)),
                ],
            },
            Chart {
                title: "Stages of a search, 95 of 100",
                unit: "seconds",
                lines: &[
                    line("embedding", Quantile(0.95, S::EmbedTime)),
                    line("words", Quantile(0.95, S::WordsTime)),
                    line("vectors", Quantile(0.95, S::VectorsTime)),
                ],
            },
            Chart {
                title: "Writing the answer, 95 of 100",
                unit: "seconds",
                lines: &[
                    line("first token", Quantile(0.95, S::FirstTokenTime)),
                    line("whole text", Quantile(0.95, S::GenerationTime)),
                ],
            },
            Chart {
                title: "Time to a response's head",
                unit: "seconds",
                lines: &[
                    line("median", Quantile(0.5, S::ResponseTime)),
                    line("95 of 100", Quantile(0.95, S::ResponseTime)),
                ],
            },
            Chart {
                title: "Answers that were remembered",
                unit: "of_whole",
                lines: &[line(
                    "of first questions",
                    Portion(S::Remembered, S::NotRemembered),
                )],
            },
            Chart {
                title: "Waiting",
                unit: "count",
                lines: &[
                    line("texts to embed", Level(S::EmbeddingQueue)),
                    line("answers", Level(S::GenerationQueue)),
                    line("writes", Level(S::WriteQueue)),
                ],
            },
        ],
    },
    Dashboard {
        id: "errors",
        title: "Errors",
        charts: &[
            Chart {
                title: "Requests that failed",
                unit: "ratio",
                lines: &[
                    line("our fault", Share(S::Failed, S::Requests)),
                    line("refused", Share(S::Refused, S::Requests)),
                ],
            },
            Chart {
                title: "Questions that ended in an error",
                unit: "per_minute",
                lines: &[line("errors", PerMinute(S::QueryErrors))],
            },
            Chart {
                title: "Calls of the model's server that failed",
                unit: "per_minute",
                lines: &[
                    line("writing", PerMinute(S::GeneratorFailures)),
                    line("embedding", PerMinute(S::EmbedderFailures)),
                ],
            },
            Chart {
                title: "Turned away",
                unit: "per_minute",
                lines: &[
                    line("by limits", PerMinute(S::Limited)),
                    line(
                        "without a key that counts",
                        PerMinute(S::CredentialsRefused),
                    ),
                    line("by full queues", PerMinute(S::QueueRefusals)),
                ],
            },
            Chart {
                title: "Chat database",
                unit: "per_minute",
                lines: &[
                    line("busy", PerMinute(S::DatabaseBusy)),
                    line("failed", PerMinute(S::DatabaseFailures)),
                ],
            },
            Chart {
                title: "Log",
                unit: "per_minute",
                lines: &[
                    line("errors", PerMinute(S::ErrorLines)),
                    line("warnings", PerMinute(S::WarningLines)),
                ],
            },
        ],
    },
    Dashboard {
        id: "resources",
        title: "Resources",
        charts: &[
            Chart {
                title: "Processors",
                unit: "of_whole",
                lines: &[line("used", CpuShare)],
            },
            Chart {
                title: "Memory",
                unit: "of_whole",
                lines: &[line("of the limit", LevelShare(S::Memory, S::MemoryLimit))],
            },
            Chart {
                title: "Resident memory",
                unit: "bytes",
                lines: &[line("resident", Level(S::Memory))],
            },
            Chart {
                title: "Disk of the state folder",
                unit: "of_whole",
                lines: &[line("used", UsedShare(S::DiskFree, S::DiskSize))],
            },
            Chart {
                title: "Chat database",
                unit: "bytes",
                lines: &[
                    line("database", Level(S::DatabaseSize)),
                    line("write-ahead log", Level(S::LogSize)),
                ],
            },
            Chart {
                title: "Open",
                unit: "count",
                lines: &[
                    line("connections", Level(S::Connections)),
                    line("streams", Level(S::Streams)),
                    line("files", Level(S::OpenFiles)),
                ],
            },
        ],
    },
];

/// A dashboard's lines as numbers.
pub struct Drawn {
    pub step_s: u32,
    /// Where each stretch of time ends.
    pub times: Vec<Timestamp>,
    /// By chart and line; `None` where nothing is known.
    pub values: Vec<Vec<Vec<Option<f64>>>>,
}

pub fn drawn(dashboard: &Dashboard, moments: &Moments, minutes: u32, now: Timestamp) -> Drawn {
    let every_s = super::EVERY.as_secs() as u32;
    let seconds = minutes * 60;
    let step_s = seconds
        .div_ceil(MAX_POINTS)
        .max(every_s)
        .next_multiple_of(every_s);
    let step_ms = i64::from(step_s) * 1000;
    // Stretches keep their ends, so that lines do not tremble while time goes on.
    let end_ms = now.as_millisecond() / step_ms * step_ms;
    let count = seconds.div_ceil(step_s);
    let ends: Vec<i64> = (0..count)
        .rev()
        .map(|back| end_ms - i64::from(back) * step_ms)
        .collect();
    let windows: Vec<Window<'_>> = ends
        .iter()
        .map(|end| moments.between(end - step_ms, *end))
        .collect();
    let values_of = |line: &Line| windows.iter().map(|window| line.of.over(window)).collect();
    Drawn {
        step_s,
        times: ends
            .iter()
            .filter_map(|ms| Timestamp::from_millisecond(*ms).ok())
            .collect(),
        values: dashboard
            .charts
            .iter()
            .map(|chart| chart.lines.iter().map(values_of).collect())
            .collect(),
    }
}

impl Of {
    fn over(&self, window: &Window<'_>) -> Option<f64> {
        if window.is_empty() {
            return None;
        }
        match *self {
            PerMinute(signal) => window.rate(signal).map(|rate| rate * 60.0),
            PerHour(signal) => window.rate(signal).map(|rate| rate * 3600.0),
            Share(part, of) => window.share(part, of),
            Portion(one, other) => {
                let both = window.grew(one) + window.grew(other);
                (both > 0.0).then(|| window.grew(one) / both)
            }
            Quantile(part, signal) => window.quantile(part, signal),
            Level(signal) => window.level(signal),
            LevelShare(part, of) => Some(window.level(part)? / positive(window.level(of)?)?),
            UsedShare(free, size) => {
                Some(1.0 - window.level(free)? / positive(window.level(size)?)?)
            }
            CpuShare => Some(window.rate(S::Cpu)? / positive(window.level(S::CpuLimit)?)?),
        }
    }
}

fn positive(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}
