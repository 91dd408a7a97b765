//! `ask --url` and `search --url`: the same questions to a server that runs elsewhere.
//!
//! It knows the server's HTTP API and nothing else of this program: no documentation, no index.

use anyhow::{Context, bail, ensure};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::{Response, Url, header};
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Long enough for a connection from anywhere; answers themselves may take as long as they take.
const CONNECTING: Duration = Duration::from_secs(10);

/// Which server, and who asks.
#[derive(clap::Args, Debug)]
pub struct Server {
    /// Ask the server at this address instead of reading documentation here
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Key for that server, if it asks for one
    #[arg(
        long,
        value_name = "KEY",
        env = "RAG_CHATBOT_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
}

/// A server that was named.
pub struct Remote {
    base: Url,
    key: Option<String>,
    client: reqwest::Client,
}

impl Server {
    /// The server to ask; `None` to read documentation here.
    pub fn remote(self) -> anyhow::Result<Option<Remote>> {
        let Some(mut base) = self.url else {
            return Ok(None);
        };
        ensure!(
            matches!(base.scheme(), "http" | "https"),
            "--url {base}: write an address such as https://docs.example.com"
        );
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // Fails only where somebody was first.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECTING)
            // A key must go to no other address than the one it was given for.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rag-chatbot/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Some(Remote {
            base,
            key: self.key.filter(|key| !key.is_empty()),
            client,
        }))
    }
}

impl Remote {
    /// Asks, and prints the answer as it comes, or whole as JSON.
    pub async fn ask(&self, body: &Value, as_json: bool) -> anyhow::Result<ExitCode> {
        let request = self.client.post(self.at("query")?).json(body);
        let request = request.header(header::ACCEPT, "text/event-stream");
        let response = self.send(request).await?;
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            let event = event.context("the answer broke off")?;
            let data: Value = serde_json::from_str(&event.data)
                .context("this is no rag-chatbot server: it answers otherwise")?;
            match event.event.as_str() {
                "token" if !as_json => {
                    print!("{}", text(&data["text"]));
                    std::io::stdout().flush()?;
                }
                "done" if as_json => println!("{}", serde_json::to_string_pretty(&data)?),
                "done" => self.print_sources(&data),
                "error" => bail!("{}", text(&data["detail"])),
                _ => continue,
            }
            if event.event == "done" {
                return Ok(ExitCode::SUCCESS);
            }
        }
        bail!("the answer ended before it was done")
    }

    /// Searches, and prints the sections that were found.
    pub async fn search(
        &self,
        parameters: &[(&str, String)],
        as_json: bool,
    ) -> anyhow::Result<ExitCode> {
        let mut address = self.at("search")?;
        address.query_pairs_mut().extend_pairs(parameters);
        let found: Value = self.send(self.client.get(address)).await?.json().await?;
        let results = found["results"].as_array().map_or(&[][..], Vec::as_slice);
        if as_json {
            println!("{}", serde_json::to_string_pretty(&found)?);
        } else {
            for (at, one) in results.iter().enumerate() {
                println!("{}. {}  {}", at + 1, place(one), self.address(one));
                println!("   {}", text(&one["excerpt"]));
            }
            if results.is_empty() {
                println!("nothing found");
            }
        }
        Ok(ExitCode::from(u8::from(results.is_empty())))
    }

    fn at(&self, endpoint: &str) -> anyhow::Result<Url> {
        Ok(self.base.join(endpoint)?)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Response> {
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let unreachable = || format!("no answer from {}", self.base);
        let response = request.send().await.with_context(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Value = response.json().await.unwrap_or_else(|_| json!({}));
        match problem["detail"].as_str() {
            Some(detail) => bail!("{detail}"),
            None => bail!(
                "{} answered {status}: is it the address of a rag-chatbot server?",
                self.base
            ),
        }
    }

    fn print_sources(&self, answer: &Value) {
        println!("\n");
        for source in answer["sources"].as_array().map_or(&[][..], Vec::as_slice) {
            println!(
                "[{}] {}  {}",
                source["id"],
                place(source),
                self.address(source)
            );
        }
    }

    /// A page's whole address: here, its path alone leads nowhere.
    fn address(&self, source: &Value) -> String {
        let path = text(&source["url"]).trim_start_matches('/').to_owned();
        self.base.join(&path).map_or(path, String::from)
    }
}

/// Title and headings.
fn place(section: &Value) -> String {
    let headings = section["heading_path"].as_array();
    let headings = headings.into_iter().flatten().map(text);
    let mut place = vec![text(&section["title"])];
    place.extend(headings);
    place.dedup();
    place.join(" › ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
