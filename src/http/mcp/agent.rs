//! One session's view of the documentation: which tools and resources there are, and who handles
//! what. What they do is in files of their own.

use super::super::Server;
use super::super::limits;
use super::super::problem::{Code, Problem};
use super::super::public_address::SiteAddress;
use super::{Sender, ask, fetch, resources, search, tools};
use axum::http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
    CustomResult, ErrorCode, ErrorData, Implementation, JsonObject, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

/// Answers one agent.
pub struct Agent {
    pub(super) server: Server,
    /// Given back when the session ends.
    _place: Option<OwnedSemaphorePermit>,
}

/// The agent for whoever has started this process; nobody's limits count for them.
pub fn local(server: Server) -> Agent {
    Agent::new(server, None)
}

/// Methods that this agent has and that take parameters.
const METHODS: [&str; 5] = [
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// What a tool gives back, and the same for a program.
pub(super) struct Outcome {
    pub text: Option<String>,
    pub structured: Value,
}

/// Who asks through a message, and where links lead for them.
pub(super) struct Asked<'a> {
    pub server: &'a Server,
    pub sender: Option<Sender>,
}

impl Agent {
    pub(super) fn new(server: Server, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            server,
            _place: place,
        }
    }

    fn asked(&self, context: &RequestContext<RoleServer>) -> Asked<'_> {
        let parts = context.extensions.get::<Parts>();
        Asked {
            server: &self.server,
            sender: parts.and_then(|parts| parts.extensions.get()).cloned(),
        }
    }

    async fn run(&self, name: &str, arguments: JsonObject, asked: Asked<'_>) -> Ran {
        match name {
            tools::SEARCH_DOCS => search::run(asked, read(arguments)?).await,
            tools::SEARCH => search::run_alias(asked, read(arguments)?).await,
            tools::FETCH => fetch::run(asked, read(arguments)?).await,
            tools::ASK_DOCS => ask::run(asked, read(arguments)?).await,
            unknown => unreachable!("{unknown} is not in the list of tools"),
        }
    }
}

/// What running a tool comes to; a problem is told to the model, which can mend its call.
pub(super) type Ran = Result<Outcome, Problem>;

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| Problem::new(Code::InvalidField, format!("Wrong arguments: {error}.")))
}

impl Asked<'_> {
    /// Where links lead: the site as the agent reached it, the settings' address, or a bare path.
    pub fn root(&self) -> String {
        match &self.sender {
            Some(sender) => sender.site.root.clone(),
            None => SiteAddress::from_settings(self.server).root,
        }
    }

    pub fn request_id(&self) -> String {
        self.sender
            .as_ref()
            .map_or_else(String::new, |sender| sender.request_id.clone())
    }

    /// Takes one question from the limits.
    pub async fn take(&self) -> Result<(), Problem> {
        let Some(sender) = &self.sender else {
            return Ok(());
        };
        let refused = limits::take(self.server, &sender.caller, None).await.err();
        match refused {
            None => Ok(()),
            Some(response) => {
                let problem = response.extensions().get::<Problem>().cloned();
                Err(problem.unwrap_or_else(Problem::internal))
            }
        }
    }
}

impl ServerHandler for Agent {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .build();
        let site = &self.server.site;
        let known = self.server.search.known_scopes();
        let mut instructions = format!(
            "The documentation of {}. Use search_docs to find sections, fetch to read one or its \
             page as Markdown, ask_docs for a short answer with its sources. Cite the url of what \
             you use.",
            site.title
        );
        for (name, values) in [("Locales", &known.locales), ("Versions", &known.versions)] {
            if !values.is_empty() {
                instructions.push_str(&format!(" {name}: {}.", values.join(", ")));
            }
        }
        let mut config = ServerConfig::new(capabilities);
        config.server_info =
            Implementation::new("rag-chatbot", env!("CARGO_PKG_VERSION")).with_title(&site.title);
        config.instructions = Some(instructions);
        config
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // They fit one page, so nobody was given a cursor.
        if page.is_some_and(|page| page.cursor.is_some()) {
            return Err(ErrorData::invalid_params("there is no such page", None));
        }
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.get_tool(&call.name).is_none() {
            let message = format!("there is no tool {:?}; tools/list names them", call.name);
            return Err(ErrorData::invalid_params(message, None));
        }
        let asked = self.asked(&context);
        let arguments = call.arguments.unwrap_or_default();
        let ran = tokio::select! {
            ran = self.run(&call.name, arguments, asked) => ran,
            // Dropping the tool's future stops its work, upstream included.
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("cancelled", None));
            }
        };
        Ok(match ran {
            Ok(outcome) => {
                let mut result = CallToolResult::structured(outcome.structured);
                if let Some(text) = outcome.text {
                    result.content = vec![ContentBlock::text(text)];
                }
                result
            }
            Err(problem) => {
                let detail = problem.body(String::new()).detail;
                CallToolResult::error(vec![ContentBlock::text(detail)])
            }
        }
        .into())
    }

    /// Whatever is no request of the protocol: its method is unknown, or its parameters are not
    /// what the method takes.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        Err(match METHODS.contains(&method.as_str()) {
            true => {
                ErrorData::invalid_params(format!("the parameters are not those of {method}"), None)
            }
            false => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None),
        })
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        resources::list(&self.server, page.and_then(|page| page.cursor))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(
            resources::templates(),
        ))
    }

    async fn read_resource(
        &self,
        wanted: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&self.server, &wanted.uri)
            .await
            .map(Into::into)
    }
}
