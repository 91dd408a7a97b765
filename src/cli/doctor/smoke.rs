//! `doctor --url`: a running server, asked as a reader asks it: is it ready, does it answer, do its
//! citations open, does it keep a conversation and forget it when told to.
//!
//! It leaves nothing behind, and takes one question from the limits, three at most.

use super::Finding;
use super::page::has_anchor;
use crate::cli::remote::{Answered, Remote, text};
use anyhow::{Context, bail, ensure};
use reqwest::{Method, Response, StatusCode, Url, header};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// For each thing that is looked at; an answer takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Titles of pages that are asked for until one is answered.
const TRIES: usize = 3;
/// A page that moved is followed this often, within its site.
const MAX_REDIRECTS: usize = 3;

/// Looks at everything, in the order in which a reader meets it.
pub async fn examine(remote: &Remote, question: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![
        Finding::new("health", patiently(health(remote)).await),
        Finding::new("readiness", patiently(readiness(remote)).await),
    ];
    match patiently(answer(remote, question)).await {
        Ok((answered, detail)) => {
            let body = &answered.body;
            findings.push(Finding::new::<anyhow::Error>("question", Ok(detail)));
            findings.push(Finding::new(
                "citations",
                patiently(citations(remote, body)).await,
            ));
            findings.push(limits(&answered));
            findings.push(Finding::new(
                "session",
                patiently(session(remote, body)).await,
            ));
        }
        Err(error) => {
            findings.push(Finding::new::<anyhow::Error>("question", Err(error)));
            let why = "there is no answer to look at";
            findings.extend(["citations", "limits", "session"].map(|w| Finding::skipped(w, why)));
        }
    }
    findings.push(metrics(remote).await);
    findings
}

async fn patiently<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let seconds = PATIENCE.as_secs();
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| anyhow::anyhow!("{error:#}")),
        Err(_) => bail!("it took longer than {seconds} s"),
    }
}

async fn health(remote: &Remote) -> anyhow::Result<String> {
    let response = remote.send(remote.request(Method::GET, "health")?).await?;
    ensure!(
        response.headers().contains_key("x-request-id"),
        "it answers without X-Request-Id"
    );
    let body = json(response).await?;
    ensure!(body["status"] == "healthy", "it says {}", body["status"]);
    let (version, environment) = (text(&body["version"]), text(&body["environment"]));
    Ok(format!("version {version}, {environment}"))
}

async fn readiness(remote: &Remote) -> anyhow::Result<String> {
    let body = json(remote.send(remote.request(Method::GET, "readyz")?).await?).await?;
    ensure!(body["status"] == "ready", "it says {}", body["status"]);
    ensure!(
        body["documents"].as_u64() > Some(0),
        "it has no documents to answer from"
    );
    Ok(format!(
        "{} documents, {} of {} chunks found by meaning",
        body["documents"], body["chunks_embedded"], body["chunks"]
    ))
}

/// The given question must be answered; without one, one of the site's own titles.
async fn answer(remote: &Remote, question: Option<&str>) -> anyhow::Result<(Answered, String)> {
    let questions = match question {
        Some(question) => vec![question.to_owned()],
        None => titles(remote).await?,
    };
    for question in &questions {
        let started = Instant::now();
        let body = json!({ "query": question });
        let mut pieces = 0_usize;
        let answered = remote
            .answer(&body, |_| {
                pieces += 1;
                Ok(())
            })
            .await?;
        let seconds = started.elapsed().as_secs_f64();
        if answered.body["abstained"] == true {
            forget(remote, &answered.body).await?;
            continue;
        }
        ensure!(pieces > 0, "the answer has no text");
        ensure!(!sources(&answered.body).is_empty(), "it cites nothing");
        let by = text(&answered.body["generator"]);
        let detail = format!("\"{question}\" is answered in {seconds:.2} s ({by})");
        return Ok((answered, detail));
    }
    bail!(
        "the documentation says nothing to \"{}\"; give another with --question",
        questions.join("\", \"")
    )
}

fn sources(body: &Value) -> &[Value] {
    body["sources"].as_array().map_or(&[][..], Vec::as_slice)
}

/// The first pages of the documentation, by their titles.
async fn titles(remote: &Remote) -> anyhow::Result<Vec<String>> {
    let response = remote
        .send(remote.request(Method::GET, "llms.txt")?)
        .await?;
    let list = response.text().await?;
    let titles: Vec<String> = list
        .lines()
        .filter_map(|line| Some(line.strip_prefix("- [")?.split_once("](")?.0.to_owned()))
        .take(TRIES)
        .collect();
    ensure!(!titles.is_empty(), "/llms.txt names no page");
    Ok(titles)
}

/// Every source is a page that opens, at a place that is on it.
async fn citations(remote: &Remote, body: &Value) -> anyhow::Result<String> {
    let sources = sources(body);
    for source in sources {
        let address = remote.page(text(&source["url"]))?;
        let page = open(remote, address.clone()).await?;
        if let Some(anchor) = address.fragment() {
            ensure!(
                has_anchor(&page, anchor),
                "{address}: the page opens, but has no such place"
            );
        }
    }
    Ok(format!("{} open where they point", sources.len()))
}

/// A page as a browser gets it: no key, and redirects followed within the site.
async fn open(remote: &Remote, address: Url) -> anyhow::Result<String> {
    let mut at = address.clone();
    for _ in 0..=MAX_REDIRECTS {
        let request = remote.client.get(at.clone());
        let response = request
            .header(header::ACCEPT, "text/html")
            .send()
            .await
            .with_context(|| format!("no answer from {at}"))?;
        let status = response.status();
        if let Some(location) = response.headers().get(header::LOCATION) {
            at = at.join(location.to_str()?)?;
            ensure!(
                at.origin() == address.origin(),
                "{address} leads away to {at}"
            );
            continue;
        }
        ensure!(status.is_success(), "{at} answers {status}");
        return Ok(response.text().await?);
    }
    bail!("{address} redirects without end")
}

/// The reader is told what is left, if there is a limit at all.
fn limits(answered: &Answered) -> Finding {
    let value = |name: &str| answered.headers.get(name)?.to_str().ok()?.parse().ok();
    let [limit, remaining, reset] = ["limit", "remaining", "reset"]
        .map(|name| value(&format!("x-ratelimit-{name}")) as Option<u64>);
    match (limit, remaining, reset) {
        (None, None, None) => Finding::skipped("limits", "none is set for us"),
        (Some(limit), Some(remaining), Some(reset)) if remaining < limit => {
            let detail = format!("{remaining} of {limit} questions left, all again in {reset} s");
            Finding::new::<anyhow::Error>("limits", Ok(detail))
        }
        _ => {
            let found = format!("limit {limit:?}, remaining {remaining:?}, reset {reset:?}");
            let error = anyhow::anyhow!("the X-RateLimit headers make no sense: {found}");
            Finding::new("limits", Err(error))
        }
    }
}

/// The conversation is there, is deleted, and is gone.
async fn session(remote: &Remote, body: &Value) -> anyhow::Result<String> {
    let at = format!("sessions/{}", text(&body["session_id"]));
    let kept = json(remote.send(remote.request(Method::GET, &at)?).await?).await?;
    let messages = kept["messages"].as_array().map_or(0, Vec::len);
    ensure!(messages == 2, "it keeps {messages} messages instead of 2");
    ensure!(
        kept["messages"][1]["content"] == body["answer"],
        "it keeps another answer than it gave"
    );
    forget(remote, body).await?;
    let gone = remote.try_send(remote.request(Method::GET, &at)?).await?;
    ensure!(
        gone.status() == StatusCode::NOT_FOUND,
        "deleted, it still answers {}",
        gone.status()
    );
    Ok("kept, read and deleted".to_owned())
}

async fn forget(remote: &Remote, body: &Value) -> anyhow::Result<()> {
    let at = format!("sessions/{}", text(&body["session_id"]));
    let request = remote.request(Method::DELETE, &at)?;
    remote.send(request).await.context("deleting it")?;
    Ok(())
}

/// Whoever may not see the figures need not.
async fn metrics(remote: &Remote) -> Finding {
    let looked = patiently(async {
        let response = remote
            .try_send(remote.request(Method::GET, "metrics")?)
            .await?;
        let status = response.status();
        Ok((status, response.text().await?))
    });
    match looked.await {
        Ok((
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND),
            _,
        )) => Finding::skipped("metrics", &format!("not for us ({status})")),
        Ok((status, text)) => Finding::new("metrics", counted(status, &text)),
        Err(error) => Finding::new("metrics", Err(error)),
    }
}

fn counted(status: StatusCode, text: &str) -> anyhow::Result<String> {
    ensure!(status.is_success(), "it answers {status}");
    let requests: f64 = text
        .lines()
        .filter(|line| line.starts_with("rag_http_requests_total"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum();
    ensure!(
        requests > 0.0,
        "no request is counted in rag_http_requests_total"
    );
    Ok(format!("{requests} requests counted"))
}

async fn json(response: Response) -> anyhow::Result<Value> {
    let address = response.url().clone();
    response
        .json()
        .await
        .with_context(|| format!("{address} answers no JSON: is it a rag-chatbot server?"))
}
