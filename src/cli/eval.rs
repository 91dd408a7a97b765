//! `eval`: measures retrieval on labelled question sets, or on the documentation itself.

use crate::app::{self, App};
use crate::config::Config;
use crate::embedding;
use crate::eval::{self, AbstentionReport, Arm, Evaluator, Judged, Query, Scores, Set, SetReport};
use anyhow::Context;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of one question set or of several (corpus.jsonl, queries.jsonl, qrels.tsv)
    #[arg(value_name = "DIR", required_unless_present = "questions")]
    sets: Option<PathBuf>,
    /// Ask these questions of the documentation given with --data: lines of `question<TAB>url#anchor`
    #[arg(long, value_name = "FILE", conflicts_with = "sets")]
    questions: Option<PathBuf>,
    /// Also measure abstention: these questions (JSON lines with `_id` and `text`) have no answer in
    /// the set's corpus, or in the documentation
    #[arg(long, value_name = "FILE")]
    unanswerable: Option<PathBuf>,
    /// Write what abstention is decided from, for every question, to this file, as JSON lines
    #[arg(long, value_name = "FILE", requires = "unanswerable")]
    signals: Option<PathBuf>,
    /// The measures as JSON
    #[arg(long)]
    json: bool,
    /// Also measure words alone, vectors alone and plain reciprocal rank fusion
    #[arg(long)]
    baseline: bool,
    /// Exit with 1 if a set's nDCG@10 is lower than this (0–1)
    #[arg(long, value_name = "NDCG")]
    fail_under: Option<f64>,
    /// Write every candidate's scores to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

pub async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let mut abstention = Abstention::new(arguments)?;
    let reports = match (&arguments.questions, &arguments.sets) {
        (Some(file), _) => on_documentation(file, config, &mut abstention).await?,
        (None, Some(folder)) => {
            tokio::task::block_in_place(|| on_sets(arguments, folder, config, &mut abstention))?
        }
        (None, None) => anyhow::bail!("name a folder of question sets, or --questions FILE"),
    };
    let abstention = abstention.reports;
    if arguments.json {
        let all = serde_json::json!({ "sets": reports, "abstention": abstention });
        println!("{all}");
    } else {
        print_table(&reports);
        print_abstention(&abstention);
    }
    let floor = arguments.fail_under.unwrap_or(f64::MIN);
    let low: Vec<&SetReport> = reports
        .iter()
        .filter(|r| r.scores.ndcg_at_10 < floor)
        .collect();
    for report in &low {
        let (name, found) = (&report.name, report.scores.ndcg_at_10);
        eprintln!("rag-chatbot: {name}: nDCG@10 {found:.4} is under {floor}");
    }
    Ok(ExitCode::from(u8::from(!low.is_empty())))
}

/// Questions without an answer, and what came of asking them.
struct Abstention {
    others: Vec<Query>,
    signals: Option<Box<dyn Write>>,
    reports: Vec<AbstentionReport>,
}

impl Abstention {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let others = match &arguments.unanswerable {
            Some(file) => eval::read_queries(file)?,
            None => Vec::new(),
        };
        Ok(Self {
            others,
            signals: created(arguments.signals.as_deref())?,
            reports: Vec::new(),
        })
    }

    fn add(&mut self, name: &str, judged: &[Judged]) -> anyhow::Result<()> {
        if let Some(out) = &mut self.signals {
            eval::write_signals(out.as_mut(), name, judged).context("cannot write the signals")?;
        }
        self.reports.push(AbstentionReport::of(name, judged));
        Ok(())
    }
}

/// The file to write to, where one is wanted.
fn created(path: Option<&Path>) -> anyhow::Result<Option<Box<dyn Write>>> {
    let Some(path) = path else { return Ok(None) };
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Some(Box::new(BufWriter::new(file))))
}

fn on_sets(
    arguments: &Arguments,
    folder: &Path,
    config: &Config,
    abstention: &mut Abstention,
) -> anyhow::Result<Vec<SetReport>> {
    let embedder = embedding::open(&app::embedding_options(config))?;
    let mut evaluator = Evaluator::new(embedder, &config.state.join("eval"))
        .with_baselines(arguments.baseline)
        .with_trace(created(arguments.trace.as_deref())?);
    let mut reports = Vec::new();
    for path in eval::find_sets(folder)? {
        let set = Set::read(&path)?;
        let bar = progress_bar(&set.name);
        let found = evaluator.run(&set, &mut |done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        reports.extend(found);
        if !abstention.others.is_empty() {
            let judged = evaluator.abstention(&set, &abstention.others)?;
            abstention.add(&set.name, &judged)?;
        }
    }
    Ok(reports)
}

async fn on_documentation(
    file: &Path,
    config: &Config,
    abstention: &mut Abstention,
) -> anyhow::Result<Vec<SetReport>> {
    let questions = eval::read_questions(file)?;
    let app = App::open(config).await?;
    let library = std::sync::Arc::clone(app.library());
    tokio::task::spawn_blocking(move || library.refresh()).await??;
    if let Some(index) = app.library().index() {
        for address in eval::unknown_addresses(index.as_ref(), &questions).await? {
            eprintln!(
                "rag-chatbot: {}: there is no {address} in the documentation; what expects it counts as not found",
                file.display()
            );
        }
    }
    let search = app.search().as_ref();
    if !abstention.others.is_empty() {
        let judged = eval::judge_documentation(search, &questions, &abstention.others).await?;
        abstention.add("documentation", &judged)?;
    }
    Ok(eval::ask_documentation(search, &questions).await?)
}

fn progress_bar(name: &str) -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta}")
        .expect("the template is valid");
    indicatif::ProgressBar::new(0)
        .with_style(style)
        .with_prefix(name.to_owned())
}

fn print_abstention(reports: &[AbstentionReport]) {
    for report in reports {
        println!(
            "{}: of {} answerable questions {:.1} % are refused, of {} unanswerable ones {:.1} %; \
             AUC {:.4}",
            report.name,
            report.answerable,
            100.0 * report.refused_answerable,
            report.unanswerable,
            100.0 * report.refused_unanswerable,
            report.auc
        );
    }
}

fn print_table(reports: &[SetReport]) {
    let row = |name: &str, grain: &str, by: &str, s: &Scores| {
        println!(
            "{name:24} {grain:9} {by:16} {:8.4} {:8.4} {:8.4} {:9}",
            s.ndcg_at_10, s.recall_at_5, s.mrr_at_10, s.questions
        );
    };
    println!(
        "{:24} {:9} {:16} {:>8} {:>8} {:>8} {:>9}",
        "set", "grain", "by", "nDCG@10", "Rec@5", "MRR@10", "questions"
    );
    for report in reports {
        let grain = report.grain.name();
        row(&report.name, grain, Arm::Hybrid.name(), &report.scores);
        for (arm, scores) in &report.baselines {
            row("", "", arm.name(), scores);
        }
    }
}
