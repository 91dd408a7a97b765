//! One event as one line of JSON: time, level, target and message first, then its fields.
//!
//! The request that is being handled puts its id on every line that is written for it.

use crate::telemetry::request;
use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

const REQUEST_ID: &str = "request_id";

pub struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Lines of the `log` crate carry their own target and level in fields.
        let normal = event.normalized_metadata();
        let about = normal.as_ref().unwrap_or_else(|| event.metadata());
        let now = jiff::Timestamp::now();
        write!(
            line,
            r#"{{"timestamp":"{now:.3}","level":"{}","target":"#,
            about.level()
        )?;
        quote(&mut line, about.target())?;
        let mut fields = Fields {
            line: &mut line,
            has_request_id: false,
            outcome: Ok(()),
        };
        event.record(&mut fields);
        let has_request_id = fields.has_request_id;
        fields.outcome?;
        if !has_request_id {
            request::with_current(|request| {
                line.write_str(",\"request_id\":")?;
                quote(&mut line, &request.id)
            })
            .unwrap_or(Ok(()))?;
        }
        line.write_str("}\n")
    }
}

struct Fields<'a, 'w> {
    line: &'a mut Writer<'w>,
    has_request_id: bool,
    outcome: fmt::Result,
}

impl Fields<'_, '_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let name = field.name();
        if self.outcome.is_err() || name.starts_with("log.") {
            return;
        }
        self.has_request_id |= name == REQUEST_ID;
        self.outcome = (|| {
            self.line.write_char(',')?;
            quote(self.line, name)?;
            self.line.write_char(':')?;
            value(self.line)
        })();
    }
}

impl Visit for Fields<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON knows no infinity.
        self.write(field, |line| match value.is_finite() {
            true => write!(line, "{value}"),
            false => line.write_str("null"),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, |line| write!(line, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |line| quote(line, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, |line| {
            line.write_char('"')?;
            write!(Escaped(line), "{value:?}")?;
            line.write_char('"')
        });
    }
}

fn quote(line: &mut Writer<'_>, text: &str) -> fmt::Result {
    line.write_char('"')?;
    Escaped(line).write_str(text)?;
    line.write_char('"')
}

/// Writes into a JSON string.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain_from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..0x20 => "",
                _ => continue,
            };
            self.0.write_str(&text[plain_from..at])?;
            match escape {
                "" => write!(self.0, "\\u{byte:04x}")?,
                escape => self.0.write_str(escape)?,
            }
            plain_from = at + 1;
        }
        self.0.write_str(&text[plain_from..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .expect("not poisoned")
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(tell: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(layer.event_format(Json));
        tracing::subscriber::with_default(subscriber, tell);
        let bytes = written.0.lock().expect("not poisoned").clone();
        let text = String::from_utf8(bytes).expect("UTF-8");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
            .collect()
    }

    #[test]
    fn whatever_is_told_is_one_line_of_json() {
        let nasty = "a \"quote\"\\ \n\r\t\u{1} اردو";
        let told = lines(|| {
            tracing::warn!(
                text = nasty,
                debug = ?nasty,
                number = -3,
                ratio = f64::NAN,
                yes = true,
                none = None::<&str>,
                "it is {}", "said"
            );
        });
        assert_eq!(told.len(), 1);
        let line = &told[0];
        assert_eq!(line["text"], nasty);
        assert_eq!(line["debug"], format!("{nasty:?}"));
        assert_eq!(
            (&line["number"], &line["yes"]),
            (&(-3).into(), &true.into())
        );
        assert!(line["ratio"].is_null() && line.get("none").is_none());
        assert_eq!(line["message"], "it is said");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["target"], module_path!());
        let at = line["timestamp"].as_str().expect("a time");
        assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
        assert!(line.get("request_id").is_none());
    }

    #[test]
    fn a_line_written_for_a_request_has_its_id_once() {
        let request = request::Request::new("r-7".to_owned());
        let told = lines(|| {
            request::on_the_spot(&request, || {
                tracing::info!("one");
                tracing::info!(request_id = "own", "two");
            });
        });
        assert_eq!(told[0]["request_id"], "r-7");
        assert_eq!(told[1]["request_id"], "own");
    }
}
