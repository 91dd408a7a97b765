//! `/admin/gaps`: what readers asked in vain, for those who write the documentation.

use super::Server;
use super::audit::note;
use super::caller::Admin;
use super::csv::{self, Cell};
use super::extract::{Body, Parameters};
use super::problem::{BodyRefusals, Code, KeyRefusals, Problem};
use crate::gaps::{Group, MAX_QUESTIONS, Page, Report, Wanted};
use crate::guard::audit::Action;
use crate::store::Gap;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which questions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GapParameters {
    #[serde(default)]
    #[param(inline, default = "open")]
    state: StateName,
}

/// Those still to be done, those said to be done and not asked since, or both.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateName {
    #[default]
    Open,
    Done,
    All,
}

/// What readers asked in vain: pages by how much is missing near them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gaps)]
pub struct GapsBody {
    #[schema(format = DateTime, value_type = String)]
    at: Timestamp,
    /// Different questions in this list, 1 000 at most.
    questions: usize,
    /// Whether questions that mean the same are together; not while the model cannot be asked.
    grouped_by_meaning: bool,
    pages: Vec<PageBody>,
}

/// What is missing near one page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GapPage)]
pub struct PageBody {
    /// `null` for questions that are near to nothing.
    url: Option<String>,
    title: Option<String>,
    #[serde(flatten)]
    counts: CountsBody,
    groups: Vec<GroupBody>,
}

/// Questions that mean the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GapGroup)]
pub struct GroupBody {
    /// The most frequent of them.
    question: String,
    #[serde(flatten)]
    counts: CountsBody,
    #[schema(format = DateTime, value_type = String)]
    first_at: Timestamp,
    #[schema(format = DateTime, value_type = String)]
    last_at: Timestamp,
    questions: Vec<QuestionBody>,
}

/// How often, and where it goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GapCounts)]
pub struct CountsBody {
    /// How often nothing was found.
    unanswered: u64,
    /// How many answers were rated down.
    down_voted: u64,
    /// Of both, those of the last seven days (UTC).
    this_week: u64,
    /// Those of the seven days before.
    last_week: u64,
}

/// One question, without personal data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GapQuestion)]
pub struct QuestionBody {
    /// For `POST /admin/gaps/done`.
    id: String,
    question: String,
    locale: String,
    #[serde(flatten)]
    counts: CountsBody,
    #[schema(format = DateTime, value_type = String)]
    first_at: Timestamp,
    #[schema(format = DateTime, value_type = String)]
    last_at: Timestamp,
    /// Addresses of the nearest sections.
    nearest: Vec<String>,
    /// When it was said to be done; it is open again when it is asked in vain after that.
    #[schema(format = DateTime, value_type = Option<String>)]
    done_at: Option<Timestamp>,
}

/// Questions that the documentation answers now, or does not after all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GapMarks)]
pub struct MarksBody {
    /// At most 1 000.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
    done: bool,
}

/// How many were marked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GapsMarked)]
pub struct MarkedBody {
    marked: u64,
}

/// Lists what readers asked in vain, grouped by the nearest page and by meaning.
#[utoipa::path(
    get, path = "/admin/gaps", operation_id = "list_gaps", tag = "operation", params(GapParameters), security(("key" = ["admin"])),
    responses(
        (status = 200, description = "The gaps; one question a line for `Accept: text/csv`",
            content((GapsBody = "application/json"), (String = "text/csv"))),
        KeyRefusals,
    )
)]
pub async fn list(
    State(server): State<Server>,
    Admin(caller): Admin,
    headers: HeaderMap,
    Parameters(asked): Parameters<GapParameters>,
) -> Result<Response, Problem> {
    let (wanted, name) = match asked.state {
        StateName::Open => (Wanted::Open, "open"),
        StateName::Done => (Wanted::Done, "done"),
        StateName::All => (Wanted::All, "all"),
    };
    let report = server.gaps.report(wanted).await?;
    note(&server, &caller, Action::GapsRead, name, "done").await;
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if csv::is_wanted(&headers) {
        let file = csv::response("documentation-gaps.csv", &table(&report));
        return Ok(([no_store], file).into_response());
    }
    Ok(([no_store], Json(GapsBody::new(report))).into_response())
}

/// Marks questions as done, or as open again.
#[utoipa::path(
    post, path = "/admin/gaps/done", operation_id = "mark_gaps", tag = "operation", request_body = MarksBody, security(("key" = ["admin"])),
    responses(
        (status = 200, description = "How many there were", body = MarkedBody),
        BodyRefusals,
        KeyRefusals,
    )
)]
pub async fn mark(
    State(server): State<Server>,
    Admin(caller): Admin,
    Body(body): Body<MarksBody>,
) -> Result<Json<MarkedBody>, Problem> {
    if body.ids.is_empty() || body.ids.len() > MAX_QUESTIONS as usize {
        return Err(Problem::new(
            Code::InvalidField,
            format!("`ids` holds 1 to {MAX_QUESTIONS} ids."),
        ));
    }
    let marked = server.gaps.mark(body.ids, body.done).await?;
    let object = format!("{marked} {}", if body.done { "done" } else { "open" });
    note(&server, &caller, Action::GapsMark, &object, "done").await;
    Ok(Json(MarkedBody { marked }))
}

/// One question a line, those of a group one after another.
fn table(report: &Report) -> Vec<Vec<Cell>> {
    let names = [
        "page",
        "page_title",
        "group",
        "question",
        "locale",
        "unanswered",
        "down_voted",
        "this_week",
        "last_week",
        "first_at",
        "last_at",
        "done_at",
        "id",
    ];
    let mut rows = vec![names.map(Cell::from).to_vec()];
    let mut number = 0;
    for page in &report.pages {
        for group in &page.groups {
            number += 1;
            for gap in &group.questions {
                rows.push(vec![
                    Cell::from(page.url.as_deref().unwrap_or_default()),
                    Cell::from(page.title.as_deref().unwrap_or_default()),
                    Cell::from(number),
                    Cell::from(gap.question.as_str()),
                    Cell::from(gap.locale.as_str()),
                    Cell::from(gap.unanswered),
                    Cell::from(gap.down_voted),
                    Cell::from(gap.this_week),
                    Cell::from(gap.last_week),
                    Cell::from(gap.first_at.to_string().as_str()),
                    Cell::from(gap.last_at.to_string().as_str()),
                    Cell::from(
                        gap.done_at
                            .map(|at| at.to_string())
                            .unwrap_or_default()
                            .as_str(),
                    ),
                    Cell::from(gap.id.as_str()),
                ]);
            }
        }
    }
    rows
}

impl GapsBody {
    fn new(report: Report) -> Self {
        let groups = report.pages.iter().flat_map(|page| &page.groups);
        Self {
            at: Timestamp::now(),
            questions: groups.map(|group| group.questions.len()).sum(),
            grouped_by_meaning: report.by_meaning,
            pages: report.pages.into_iter().map(PageBody::from).collect(),
        }
    }
}

impl From<Page> for PageBody {
    fn from(page: Page) -> Self {
        Self {
            url: page.url,
            title: page.title,
            counts: page.counts.into(),
            groups: page.groups.into_iter().map(GroupBody::from).collect(),
        }
    }
}

impl From<Group> for GroupBody {
    fn from(group: Group) -> Self {
        let questions: Vec<QuestionBody> = group
            .questions
            .into_iter()
            .map(QuestionBody::from)
            .collect();
        let question = questions.first().map(|first| first.question.clone());
        Self {
            question: question.unwrap_or_default(),
            counts: group.counts.into(),
            first_at: group.first_at,
            last_at: group.last_at,
            questions,
        }
    }
}

impl From<crate::gaps::Counts> for CountsBody {
    fn from(counts: crate::gaps::Counts) -> Self {
        Self {
            unanswered: counts.unanswered,
            down_voted: counts.down_voted,
            this_week: counts.this_week,
            last_week: counts.last_week,
        }
    }
}

impl From<Gap> for QuestionBody {
    fn from(gap: Gap) -> Self {
        Self {
            counts: CountsBody {
                unanswered: gap.unanswered,
                down_voted: gap.down_voted,
                this_week: gap.this_week,
                last_week: gap.last_week,
            },
            id: gap.id,
            question: gap.question,
            locale: gap.locale,
            first_at: gap.first_at,
            last_at: gap.last_at,
            nearest: gap.nearest,
            done_at: gap.done_at,
        }
    }
}
