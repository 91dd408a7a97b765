//! The composition root: one line per part.
//!
//! Every part is made here from its own options, and nowhere else. Nothing is decided here.

mod demo;

use crate::answer::{self, Answerer, Generator, Metered, openai};
use crate::backup::{self, Backups};
use crate::config::{Config, LogFormat, OpenAi};
use crate::corpus::{self, Corpus};
use crate::embedding::{self, EmbeddingQueue};
use crate::gaps::Gaps;
use crate::guard::{self, Audit, Budget, Gate, Keys, Oidc, RateLimiter};
use crate::http::{self, Server, site};
use crate::index::Index;
use crate::ingest::{self, Library};
use crate::retrieval::{Retriever, Search, Snapshot};
use crate::secret::Secret;
use crate::store;
use crate::telemetry;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How long sentences may take to be scored by meaning: within the 500 ms of retrieval.
const SCORING_PATIENCE: Duration = Duration::from_millis(300);

/// How long a model's answer may wait for its passages, or one sentence, to be read by meaning: they
/// take some 100 and 2 ms, and readers' questions go before.
const CHECKING_PATIENCE: Duration = Duration::from_millis(500);

/// Expired conversations are invisible at once; this only frees their space.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);

/// A server that does not live as long is started again and again, and has other troubles.
const FIRST_BACKUP_AFTER: Duration = Duration::from_secs(60);

/// Listing a bucket costs a request; 4,500 of them in a month are two cents.
const LOOK_FOR_BACKUPS_EVERY: Duration = Duration::from_secs(10 * 60);

/// The parts, put together.
pub struct App {
    server: Server,
}

impl App {
    /// Opens everything; nothing is indexed yet.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let config = &with_demo(config)?;
        let figures = telemetry::metrics::start();
        telemetry::metrics::spawn_counting(figures);
        let site = site::Site::open(site_options(config, &discover(config)?.site)?)
            .context("the site's build cannot be read")?;
        let store = store::open(&store_options(config))?;
        let embedder = embedding::open(&embedding_options(config))?;
        let queue = EmbeddingQueue::start(Arc::clone(&embedder), &embedding_options(config))?;
        let library = Library::open(
            ingest::Options {
                corpus: corpus_options(config)?,
                state: config.index_state.clone(),
            },
            Arc::clone(&embedder),
        )?;
        let (generator, budget) = generator(config, &store).await?.unzip();
        let search: Arc<dyn Search> = Arc::new(Retriever::new(living(&library), queue.clone()));
        let limits = guard_options(config);
        let answerer = Answerer::new(answer::Parts {
            search: Arc::clone(&search),
            store: store.clone(),
            generator,
            scorer: Some(Arc::new(answer::ByMeaning::new(
                queue.clone(),
                SCORING_PATIENCE,
            ))),
            meanings: Some(answer::Meanings::new(queue.clone(), CHECKING_PATIENCE)),
            gate: Gate::new(limits.max_generations, limits.max_wait),
            options: answer::Options {
                site_name: site.title.clone(),
                strict: config.strict,
                embedding_model: embedder.identity().name.clone(),
                remember_for: Duration::from_secs(u64::from(config.answer_cache_hours) * 60 * 60),
                ..answer::Options::default()
            },
        });
        let keys = Keys::new(Arc::clone(&store.keys), config.admin_key.as_ref());
        let oidc = oidc_options(config, &site).map(Oidc::new).transpose();
        let oidc = oidc.map_err(anyhow::Error::msg)?;
        let audit = Audit::new(Arc::clone(&store.audit));
        let gaps = Gaps::new(Arc::clone(&store.gaps), Arc::clone(&library), queue.clone());
        let backups = Backups::open(backup_options(config))?;
        store::spawn_purge(store.clone(), config.audit_retention, PURGE_EVERY);
        store::spawn_rekey(store.clone());
        Ok(Self {
            server: Server {
                answerer,
                search,
                embeddings: queue,
                library,
                store,
                limiter: Arc::new(RateLimiter::new(&limits)),
                keys: Arc::new(keys),
                oidc: oidc.map(Arc::new),
                audit: Arc::new(audit),
                gaps: Arc::new(gaps),
                backups,
                site: Arc::new(site),
                budget,
                figures: figures.clone(),
                history: Arc::new(telemetry::history::History::new()),
                stood: Arc::new(http::Stood::since(jiff::Timestamp::now())),
                streams: Arc::new(Semaphore::new(config.max_streams)),
                stopping: CancellationToken::new(),
                options: Arc::new(http_options(config)),
            },
        })
    }

    /// The figures alone, for `--metrics-listen`.
    pub fn figures_router(&self) -> axum::Router {
        http::figures_router(self.server.clone())
    }

    pub fn router(&self) -> axum::Router {
        http::router(self.server.clone())
    }

    /// The Model Context Protocol for whoever started this process.
    pub fn agent(&self) -> http::mcp::Agent {
        http::mcp::local(self.server.clone())
    }

    pub fn library(&self) -> &Arc<Library> {
        &self.server.library
    }

    pub fn search(&self) -> &Arc<dyn Search> {
        &self.server.search
    }

    pub fn answerer(&self) -> &Answerer {
        &self.server.answerer
    }

    pub fn audit(&self) -> &Arc<Audit> {
        &self.server.audit
    }

    /// Who holds which key.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.server.keys
    }

    /// Brings the index up to date in the background and, with `watch`, keeps it so.
    pub fn start_indexing(&self, watch: bool) {
        self.server.library.spawn(watch);
    }

    /// Makes backups for as long as the process lives, as the settings say.
    pub fn start_backups(&self) {
        // Ended by the runtime.
        let _task = self.server.backups.spawn();
    }

    /// How the backups of this process are doing.
    pub fn backups(&self) -> &Arc<Backups> {
        &self.server.backups
    }

    /// Keeps the figures of the last 24 hours and looks at how the service stands, until it stops.
    pub fn start_looking(&self) {
        http::spawn_looking(self.server.clone());
    }

    /// Ends the streams that would go on for as long as the process does.
    pub fn hang_up(&self) {
        self.server.stopping.cancel();
    }

    /// Ends what runs in the background.
    pub fn stop(&self) {
        self.hang_up();
        self.server.backups.stop();
        self.server.library.stop();
    }

    /// URL path of the site.
    pub fn base(&self) -> &str {
        &self.server.site.base
    }
}

/// The chat model that writes answers, within its budget, if one is set.
async fn generator(
    config: &Config,
    store: &store::Store,
) -> anyhow::Result<Option<(Arc<dyn Generator>, Arc<Budget>)>> {
    let Some(set) = &config.openai else {
        return Ok(None);
    };
    let generator = openai::OpenAi::new(openai::Options {
        base_url: set.base_url.expose().to_owned(),
        api_key: set.api_key.clone(),
        model: set.model.clone(),
        price: price(config, set),
        ..openai::Options::default()
    })
    .map_err(anyhow::Error::msg)?;
    let budget = Budget::open(budget_limits(config), Arc::clone(&store.ledger)).await?;
    let metered = Metered::new(Arc::new(generator), Arc::clone(&budget));
    Ok(Some((Arc::new(metered), budget)))
}

/// What the model costs: as the settings say, or as its maker's list does.
fn price(config: &Config, set: &OpenAi) -> openai::Price {
    let own = config
        .model_prices
        .iter()
        .find(|(model, ..)| *model == set.model);
    if let Some((_, prompt_usd, completion_usd)) = own {
        return openai::Price {
            prompt_usd: *prompt_usd,
            completion_usd: *completion_usd,
        };
    }
    openai::Price::of(&set.model).unwrap_or_else(|| {
        tracing::warn!(
            model = set.model,
            "the price of this model is not known, so it counts as free and the budget in dollars \
             cannot hold it; say it with --model-prices"
        );
        openai::Price::FREE
    })
}

fn budget_limits(config: &Config) -> guard::budget::Limits {
    let budgets = config.budgets;
    guard::budget::Limits {
        usd_per_day: Some(budgets.usd_per_day).filter(|usd| *usd > 0.0),
        usd_per_month: Some(budgets.usd_per_month).filter(|usd| *usd > 0.0),
        tokens_per_day: Some(budgets.tokens_per_day).filter(|tokens| *tokens > 0),
        tokens_per_month: Some(budgets.tokens_per_month).filter(|tokens| *tokens > 0),
    }
}

/// The settings, with the demo where they name no documentation.
pub fn with_demo(config: &Config) -> anyhow::Result<Config> {
    let mut config = config.clone();
    if config.data.is_none() {
        let demo = demo::unpack(&config.state)?.context(
            "say where the documentation is with --data DIR (a folder, or the root of a Docusaurus \
             project); this binary was built without the demo site (make demo)",
        )?;
        config.data = Some(demo.data);
        config.index_state = demo.state;
    }
    Ok(config)
}

/// What retrieval sees of the library: the index that is living when a question comes.
fn living(library: &Arc<Library>) -> Snapshot {
    let library = Arc::clone(library);
    Arc::new(move || library.index().map(|index| index as Arc<dyn Index>))
}

/// The documentation as it lies in the folder, before anything is read.
pub fn discover(config: &Config) -> anyhow::Result<Corpus> {
    Ok(corpus::discover(&corpus_options(config)?)?)
}

fn corpus_options(config: &Config) -> anyhow::Result<corpus::Options> {
    let data = config.data.clone().context("no documentation is named")?;
    let mut options = corpus::Options::new(data);
    options.base_url = config.base_path.clone();
    options.makes_pages = config.site.is_none();
    Ok(options)
}

pub fn site_options(config: &Config, site: &corpus::Site) -> anyhow::Result<site::Options> {
    let build = match (&config.site, &site.build_dir) {
        (Some(named), _) if !named.is_dir() => {
            anyhow::bail!("--site {}: there is no such folder", named.display())
        }
        (Some(named), _) => site::Build::Folder(named.clone()),
        (None, Some(found)) => site::Build::Folder(found.clone()),
        (None, None) => site::Build::None,
    };
    Ok(site::Options {
        base: site.base_url.clone(),
        build,
        title: site.title.clone(),
        default_locale: site.default_locale.clone(),
        corpus: corpus_options(config)?,
        // Where a Docusaurus project keeps what is served as it is.
        media: site.root.join("static"),
    })
}

pub fn store_options(config: &Config) -> store::Options {
    store::Options {
        database_url: config.database_url.expose().to_owned(),
        state_dir: config.state.clone(),
        session_timeout: Duration::from_secs(u64::from(config.session_timeout_hours) * 60 * 60),
        retention: config.retention,
        keyring: config.keyring.clone(),
    }
}

pub fn backup_options(config: &Config) -> backup::Options {
    let set = &config.backups;
    backup::Options {
        store: store_options(config),
        state_dir: config.state.clone(),
        to: set.to.clone(),
        s3: set.s3.clone(),
        recipients: set.recipients.clone(),
        every: set.every,
        first_after: FIRST_BACKUP_AFTER,
        look_every: LOOK_FOR_BACKUPS_EVERY,
        keep: set.keep,
    }
}

pub fn embedding_options(config: &Config) -> embedding::Options {
    let mut options = embedding::Options {
        model_dir: config.model.clone(),
        embedder: config.embedder,
        engine: config.embed_engine,
        threads: config.embed_threads,
        ..embedding::Options::default()
    };
    if let Some(openai) = &config.openai {
        options.openai_base_url = openai.base_url.expose().to_owned();
        options.openai_api_key = openai.api_key.clone().unwrap_or_else(|| Secret::new(""));
    }
    options
}

fn oidc_options(config: &Config, site: &site::Site) -> Option<guard::oidc::Options> {
    let mut options = config.oidc.clone()?;
    if let Some(client) = &mut options.client {
        client.base.clone_from(&site.base);
    }
    Some(options)
}

fn guard_options(config: &Config) -> guard::Options {
    guard::Options {
        queries_per_minute: config.queries_per_minute,
        queries_per_day: config.queries_per_day,
        ..guard::Options::default()
    }
}

/// What is told of this process; `tells` is whether anything goes out of it.
pub fn telemetry_options(config: &Config, tells: bool) -> telemetry::Options {
    let environment = config.environment.clone();
    telemetry::Options {
        logs: telemetry::logs::Options {
            filter: config.log_level.clone(),
            json: match config.log_format {
                LogFormat::Auto => None,
                LogFormat::Text => Some(false),
                LogFormat::Json => Some(true),
            },
            files: config
                .log_dir
                .clone()
                .map(|folder| telemetry::logs::FileOptions {
                    folder,
                    retention_days: config.log_retention_days,
                }),
        },
        traces: config
            .otel_endpoint
            .as_ref()
            .filter(|_| tells)
            .map(|endpoint| telemetry::traces::Options {
                endpoint: endpoint.expose().to_owned(),
                sample_ratio: config.trace_sample_ratio,
                environment: environment.clone(),
            }),
        errors: config.sentry_dsn.as_ref().filter(|_| tells).map(|dsn| {
            telemetry::errors::Options {
                dsn: dsn.expose().to_owned(),
                environment: environment.clone(),
            }
        }),
    }
}

pub fn listener_options(config: &Config) -> http::listener::Options {
    http::listener::Options {
        header_timeout: config.header_timeout,
        write_timeout: config.write_timeout,
        max_connections: config.max_connections,
        trusted_proxies: config.trusted_proxies.clone(),
        tls: config.tls.clone(),
    }
}

/// For those who watch: a few connections, without TLS, from a network of one's own.
pub fn figures_listener_options() -> http::listener::Options {
    http::listener::Options {
        // Two Prometheus servers and a person.
        max_connections: 16,
        ..http::listener::Options::default()
    }
}

fn http_options(config: &Config) -> http::Options {
    http::Options {
        environment: config.environment.clone(),
        allowed_origins: config.allowed_origins.clone(),
        allowed_hosts: config.allowed_hosts.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        body_timeout: config.body_timeout,
        has_tls: config.tls.is_some(),
        certificate_for_keys: config
            .tls
            .as_ref()
            .and_then(|tls| tls.clients.as_ref())
            .is_some_and(|clients| !clients.everybody),
        public_url: config.public_url.clone(),
        metrics_networks: config.metrics_networks.clone(),
        state: config.state.clone(),
        max_streams: config.max_streams,
        log_filter: config.log_level.clone(),
        log_sample: config.log_sample,
    }
}
