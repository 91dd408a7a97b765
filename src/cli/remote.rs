//! `--url`: a server that runs elsewhere, for `ask`, `search` and `doctor`.
//!
//! It knows the server's HTTP API and nothing else of this program: no documentation, no index.

use crate::outbound;
use anyhow::{Context, bail};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, RequestBuilder, Response, Url};
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
    #[arg(long, value_name = "URL", value_parser = address)]
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
    /// Sends no key by itself.
    pub client: reqwest::Client,
}

/// An answer that came whole, and what came before it.
pub struct Answered {
    pub headers: HeaderMap,
    /// The object of the event `done`.
    pub body: Value,
}

fn address(text: &str) -> Result<Url, String> {
    let example = "write an address such as https://docs.example.com";
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(example.to_owned()),
    }
}

impl Server {
    /// The server to ask; `None` to read documentation here.
    pub fn remote(self) -> anyhow::Result<Option<Remote>> {
        let Some(mut base) = self.url else {
            return Ok(None);
        };
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let client = outbound::client().map_err(anyhow::Error::msg)?;
        let client = client.connect_timeout(CONNECTING).build()?;
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
        let print = |piece: &str| {
            if !as_json {
                print!("{piece}");
                std::io::stdout().flush()?;
            }
            Ok(())
        };
        let answer = self.answer(body, print).await?.body;
        if as_json {
            println!("{}", serde_json::to_string_pretty(&answer)?);
        } else {
            self.print_sources(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks for a stream, and hands on each piece of the text.
    pub async fn answer(
        &self,
        body: &Value,
        mut piece: impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Answered> {
        let request = self.request(Method::POST, "query")?.json(body);
        let request = request.header(header::ACCEPT, "text/event-stream");
        let response = self.send(request).await?;
        let headers = response.headers().clone();
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            let event = event.context("the answer broke off")?;
            let data: Value = serde_json::from_str(&event.data)
                .context("this is no rag-chatbot server: it answers otherwise")?;
            match event.event.as_str() {
                "token" => piece(text(&data["text"]))?,
                "done" => {
                    return Ok(Answered {
                        headers,
                        body: data,
                    });
                }
                "error" => bail!("{}", text(&data["detail"])),
                _ => {}
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

    /// A request to one of the server's endpoints.
    pub fn request(&self, method: Method, endpoint: &str) -> anyhow::Result<RequestBuilder> {
        Ok(self.client.request(method, self.at(endpoint)?))
    }

    /// The response to this request and the key, whatever its status.
    pub async fn try_send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let unreachable = || format!("no answer from {}", self.base);
        request.send().await.with_context(unreachable)
    }

    /// The response, if it is a success.
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = self.try_send(request).await?;
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
    pub fn page(&self, path: &str) -> anyhow::Result<Url> {
        self.at(path.trim_start_matches('/'))
    }

    fn address(&self, source: &Value) -> String {
        let path = text(&source["url"]);
        self.page(path)
            .map_or_else(|_| path.to_owned(), String::from)
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

/// A string; what is none is empty.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
