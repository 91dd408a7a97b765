//! The handbook's page of metrics, alerts and log fields says what the program has, in both languages.
//!
//! `RAG_WRITE_PAGES=1 cargo test --release --test it watching` writes the tables anew.

use rag_chatbot::telemetry::logs::{EVENTS, FIELDS, Named};
use rag_chatbot::telemetry::metrics::{Label, Metric, TABLE, Values};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ENGLISH: &str = "docs/docs/operations/figures.md";
const URDU: &str = "docs/i18n/ur/docusaurus-plugin-content-docs/current/operations/figures.md";

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A language of the handbook.
struct Tongue {
    page: &'static str,
    /// What is said elsewhere than in the code, by name.
    meanings: BTreeMap<String, String>,
    metrics: &'static str,
    alerts: &'static str,
    fields: &'static str,
    events: &'static str,
    /// For label values that are not known before the program runs.
    route: &'static str,
    status: &'static str,
    setting: &'static str,
    comma: &'static str,
}

fn tongues() -> [Tongue; 2] {
    let urdu = include_str!("watching.ur.tsv").lines().map(|line| {
        let (name, meaning) = line.split_once('\t').expect("a name and its meaning");
        (name.to_owned(), meaning.to_owned())
    });
    [
        Tongue {
            page: ENGLISH,
            meanings: BTreeMap::new(),
            metrics: "| Metric | Kind | Labels | Meaning |",
            alerts: "| Alert | Severity | After | Meaning |",
            fields: "| Field | Meaning |",
            events: "| `event` | Meaning |",
            route: "the route's template",
            status: "the status code",
            setting: "as the settings name it",
            comma: ", ",
        },
        Tongue {
            page: URDU,
            meanings: urdu.collect(),
            metrics: "| Metric | قسم | Labels | مطلب |",
            alerts: "| Alert | شدت | کتنی دیر بعد |",
            fields: "| Field | مطلب |",
            events: "| `event` | مطلب |",
            route: "route کا سانچہ",
            status: "status code",
            setting: "جیسا settings میں ہے",
            comma: "، ",
        },
    ]
}

impl Tongue {
    fn meaning<'a>(&'a self, name: &str, english: &'a str) -> &'a str {
        if self.page == ENGLISH {
            return english;
        }
        let known = self.meanings.get(name);
        known.unwrap_or_else(|| panic!("say in tests/it/watching.ur.tsv what `{name}` means"))
    }

    fn label(&self, label: &Label) -> String {
        let values = match label.values {
            Values::Set(values) => {
                let quoted = values.iter().map(|value| format!("`{value}`"));
                quoted.collect::<Vec<_>>().join(self.comma)
            }
            Values::Routes => self.route.to_owned(),
            Values::Statuses => self.status.to_owned(),
            Values::Settings => self.setting.to_owned(),
        };
        format!("`{}`: {values}", label.name)
    }

    fn metric(&self, metric: &Metric) -> String {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| self.label(label))
            .collect();
        format!(
            "| `{}` | {} | {} | {} |\n",
            metric.name,
            metric.kind.name(),
            labels.join("; "),
            self.meaning(metric.name, metric.help)
        )
    }

    fn named(&self, named: &Named) -> String {
        format!(
            "| `{}` | {} |\n",
            named.name,
            self.meaning(named.name, named.help)
        )
    }

    fn alert(&self, alert: &Alert) -> String {
        let Alert {
            name,
            severity,
            after,
            summary,
            page,
        } = alert;
        let row = format!("| [`{name}`]({page}) | {severity} | {after} |");
        match self.page {
            ENGLISH => format!("{row} {summary} |\n"),
            _ => format!("{row}\n"),
        }
    }

    fn tables(&self) -> [(&'static str, String); 4] {
        let table = |head: &str, rows: String| {
            let line = "|---".repeat(head.matches('|').count() - 1);
            format!("{head}\n{line}|\n{rows}")
        };
        [
            (
                "metrics",
                table(
                    self.metrics,
                    TABLE.iter().map(|metric| self.metric(metric)).collect(),
                ),
            ),
            (
                "alerts",
                table(
                    self.alerts,
                    alerts().iter().map(|alert| self.alert(alert)).collect(),
                ),
            ),
            (
                "fields",
                table(
                    self.fields,
                    FIELDS.iter().map(|field| self.named(field)).collect(),
                ),
            ),
            (
                "events",
                table(
                    self.events,
                    EVENTS.iter().map(|event| self.named(event)).collect(),
                ),
            ),
        ]
    }
}

/// An alert as `deploy/prometheus` has it.
struct Alert {
    name: String,
    severity: String,
    after: String,
    summary: String,
    page: String,
}

fn alerts() -> Vec<Alert> {
    let mut files: Vec<_> = std::fs::read_dir(root("deploy/prometheus"))
        .expect("the rules are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    let mut alerts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let rules: Value = serde_saphyr::from_str(&text).expect("YAML");
        let groups = rules["groups"].as_array().into_iter().flatten();
        let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
        for rule in rules.filter(|rule| rule["alert"].is_string()) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let notes = &rule["annotations"];
            let runbook = [text(&notes["runbook_url"]), text(&notes["runbook"])].concat();
            let (_, page) = runbook
                .rsplit_once("/docs/operations/")
                .expect("a page of the handbook");
            // `runbooks/disk-full`, or `state#backup`.
            let (file, heading) = page.split_once('#').unwrap_or((page, ""));
            let heading = if heading.is_empty() {
                ""
            } else {
                &page[file.len()..]
            };
            alerts.push(Alert {
                name: text(&rule["alert"]),
                severity: text(&rule["labels"]["severity"]),
                after: text(&rule["for"]),
                summary: text(&notes["summary"]),
                page: format!("./{file}.md{heading}"),
            });
        }
    }
    assert!(!alerts.is_empty());
    alerts
}

#[test]
fn the_page_lists_every_metric_alert_field_and_event() {
    let writes = std::env::var_os("RAG_WRITE_PAGES").is_some();
    for tongue in tongues() {
        let mut page = read(tongue.page);
        for (name, table) in tongue.tables() {
            let begin = format!("{{/* {name}: made by tests/it/watching.rs */}}\n\n");
            let end = format!("\n{{/* end of {name} */}}");
            let (before, rest) = page.split_once(&begin).expect("the table has its place");
            let (held, after) = rest.split_once(&end).expect("the table has its end");
            assert!(
                writes || held == table,
                "{} is stale; RAG_WRITE_PAGES=1 cargo test --release --test it watching\n{table}",
                tongue.page
            );
            page = [before, &begin, &table, &end, after].concat();
        }
        if writes {
            std::fs::write(root(tongue.page), page).expect("written");
        }
    }
}

#[test]
fn no_meaning_is_left_over() {
    let metrics = TABLE.iter().map(|metric| metric.name);
    let words = FIELDS.iter().chain(&EVENTS).map(|named| named.name);
    let names: Vec<&str> = metrics.chain(words).collect();
    for tongue in tongues() {
        let over = tongue
            .meanings
            .keys()
            .find(|name| !names.contains(&name.as_str()));
        assert_eq!(over, None, "tests/it/watching.ur.tsv");
    }
}

#[test]
fn the_process_has_the_alerts_of_prometheus_but_for_its_own_end() {
    use rag_chatbot::telemetry::history::{RULES, Severity};
    let deployed: Vec<_> = alerts()
        .into_iter()
        .filter(|alert| alert.name != "ServiceDown")
        .map(|alert| (alert.name, alert.severity, alert.after, alert.summary))
        .collect();
    let own = RULES.iter().map(|rule| {
        let severity = match rule.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        };
        (
            rule.name.to_owned(),
            severity.to_owned(),
            format!("{}m", rule.holds_for_s / 60),
            rule.summary.to_owned(),
        )
    });
    let mut own: Vec<_> = own.collect();
    let mut deployed = deployed;
    own.sort();
    deployed.sort();
    assert_eq!(own, deployed);
}
