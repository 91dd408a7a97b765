//! The status page, written out.

use super::StatusReport;
use super::words::Words;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// Which troubles are whose.
const PARTS: [&[&str]; 4] = [
    &["starting", "indexing"],
    &["model_fails", "budget_spent"],
    &["database_fails"],
    &["index_fails"],
];

pub fn page(report: &StatusReport, words: &Words, site: &str) -> String {
    let Words {
        lang, dir, title, ..
    } = words;
    let site = escaped(site);
    let is_up = report.troubles.is_empty();
    let (class, headline) = if is_up {
        ("well", words.up)
    } else {
        ("ill", words.degraded)
    };
    let since = format!("{}{}{}", words.since[0], time(report.since), words.since[1]);
    let names = [
        words.search,
        words.answers,
        words.conversations,
        words.documentation,
    ];
    let parts: String = names
        .iter()
        .zip(PARTS)
        .map(|(name, troubles)| part(name, troubles, report, words))
        .collect();
    let median = match report.answer_seconds_median {
        Some(seconds) => format!("<bdi>{}</bdi> {}", short(seconds), words.seconds),
        None => words.nobody_asked.to_owned(),
    };
    let documents = report
        .documents
        .map_or_else(|| "0".to_owned(), |count| count.to_string());
    format!(
        r#"<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{headline} · {site}</title>
<link rel="stylesheet" href="_rag/admin/look.css">
<script type="module" src="_rag/admin/status.js"></script>
</head>
<body class="status">
<header class="bar"><a href="./">{site}</a><a href="status?lang={other}" hreflang="{other}" lang="{other}">{other_language}</a></header>
<main id="status">
<h1 class="sr">{title}</h1>
<section class="headline {class}"><span class="lamp" aria-hidden="true"></span><div><p class="state">{headline}</p><p class="since">{since}</p></div></section>
<ul class="parts">{parts}</ul>
{day}
<dl class="facts"><div><dt>{documents_name}</dt><dd>{documents}</dd></div><div><dt>{median_name}</dt><dd>{median}</dd></div></dl>
<p class="foot">{as_of} {at} · <a href="chat">{ask}</a></p>
</main>
</body>
</html>
"#,
        other = words.other_lang,
        other_language = words.other_language,
        day = day(report, words),
        documents_name = words.documents,
        median_name = words.median,
        as_of = words.as_of,
        at = time(report.at),
        ask = words.ask,
    )
}

fn part(name: &str, troubles: &[&str], report: &StatusReport, words: &Words) -> String {
    let found = report
        .troubles
        .iter()
        .find(|one| troubles.contains(&one.name));
    match found {
        None => format!(
            r#"<li class="well"><span>{name}</span><em>{}</em></li>"#,
            words.works
        ),
        Some(trouble) => format!(
            r#"<li class="ill"><span>{name}</span><em>{}</em></li>"#,
            (words.trouble)(trouble.name)
        ),
    }
}

/// One stripe for each quarter of an hour.
fn day(report: &StatusReport, words: &Words) -> String {
    let said = match report.well_ratio {
        None => words.nothing_known.to_owned(),
        Some(ratio) => {
            // Downwards: what failed for a moment has not worked all the time.
            let percent = (ratio * 1e4).floor() / 100.0;
            let [before, after] = words.well;
            format!("{before}<bdi>{percent}%</bdi>{after}")
        }
    };
    let mut stripes = String::new();
    for quarter in &report.last_24_hours {
        let class = match quarter {
            Some(true) => "well",
            Some(false) => "ill",
            None => "none",
        };
        write!(stripes, r#"<i class="{class}"></i>"#).expect("a string takes every write");
    }
    let Words {
        last_day,
        day_ago,
        now,
        ..
    } = words;
    format!(
        r#"<section class="day"><h2>{last_day}</h2><p>{said}</p><div class="stripes" aria-hidden="true">{stripes}</div><p class="ends" aria-hidden="true"><span>{day_ago}</span><span>{now}</span></p></section>"#
    )
}

fn time(at: Timestamp) -> String {
    let shown = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    format!(r#"<time datetime="{at}"><bdi>{shown}</bdi></time>"#)
}

/// Seconds, with two digits that count.
fn short(value: f64) -> String {
    let text = match value {
        value if value < 1.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
