//! A documentation's own questions: each with the page and heading that answers it. This is how a
//! docs team gates its site.

use super::measures::Scores;
use super::run::{Grain, SetReport};
use super::set::EvalError;
use crate::index::Index;
use crate::retrieval::{Scope, Search};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Sections looked at per question.
const DEPTH: usize = 20;

/// A question and where its answer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub question: String,
    /// `/docs/page` or `/docs/page#heading`.
    pub url: String,
}

/// Reads lines of `question<TAB>url`; empty lines and lines starting with `#` are skipped.
pub fn read_questions(path: &Path) -> Result<Vec<Expected>, EvalError> {
    let wrong = |text: String| EvalError::Set(format!("{}: {text}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut questions = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (question, url) = line.split_once('\t').ok_or_else(|| {
            wrong(format!(
                "line {}: `question<TAB>url#anchor` expected",
                number + 1
            ))
        })?;
        questions.push(Expected {
            question: question.trim().to_owned(),
            url: url.trim().to_owned(),
        });
    }
    if questions.is_empty() {
        return Err(wrong("no questions".to_owned()));
    }
    Ok(questions)
}

/// The addresses that are no page or heading of the documentation: their questions cannot succeed.
pub async fn unknown_addresses(
    index: &dyn Index,
    questions: &[Expected],
) -> Result<Vec<String>, EvalError> {
    let pages: HashMap<&str, &str> = index
        .documents()
        .iter()
        .map(|d| (d.route.trim_end_matches('/'), d.id.as_str()))
        .collect();
    let mut unknown = Vec::new();
    for Expected { url, .. } in questions {
        let (page, anchor) = url.split_once('#').unwrap_or((url, ""));
        let known = match pages.get(page.trim_end_matches('/')) {
            Some(id) if !anchor.is_empty() => {
                let stored = index.sections(id).await?;
                let mut sections = stored.iter().flat_map(|stored| &stored.sections);
                sections.any(|section| section.anchor.as_deref() == Some(anchor))
            }
            Some(_) => true,
            None => false,
        };
        if !known && !unknown.contains(url) {
            unknown.push(url.clone());
        }
    }
    Ok(unknown)
}

/// Asks every question: one report for sections (of the questions that name one), one for pages.
pub async fn ask_documentation(
    search: &dyn Search,
    questions: &[Expected],
) -> Result<Vec<SetReport>, EvalError> {
    let (mut sections, mut pages) = (Scores::default(), Scores::default());
    for expected in questions {
        let found = search
            .search(&expected.question, &Scope::default(), DEPTH)
            .await?;
        let urls: Vec<String> = found.passages.iter().map(|p| p.url()).collect();
        if expected.url.contains('#') {
            add(
                &mut sections,
                urls.iter().map(String::as_str),
                &expected.url,
            );
        }
        add(
            &mut pages,
            urls.iter().map(|url| page_of(url)),
            page_of(&expected.url),
        );
    }
    let report = |grain, scores| SetReport {
        name: "documentation".to_owned(),
        grain,
        scores,
        baselines: Vec::new(),
    };
    let mut reports = vec![report(Grain::Page, pages)];
    if sections.questions > 0 {
        reports.insert(0, report(Grain::Section, sections));
    }
    Ok(reports)
}

fn add<'u>(scores: &mut Scores, urls: impl Iterator<Item = &'u str>, expected: &str) {
    let mut seen = HashSet::new();
    let ranking: Vec<&str> = urls.filter(|url| seen.insert(*url)).collect();
    scores.add(&ranking, &HashMap::from([(expected.to_owned(), 1.0)]));
}

fn page_of(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}
