//! Every page as a resource: `docs:///intro`, as Markdown, listed in the order of their routes.

use super::super::Server;
use super::super::problem::Code;
use super::fetch::{self, SCHEME};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rmcp::model::{
    ErrorData, ListResourcesResult, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate,
};

/// Resources of one page of the list.
const PAGE: usize = 100;

const MARKDOWN: &str = "text/markdown";

/// The pages after the one the cursor names.
pub fn list(server: &Server, cursor: Option<String>) -> Result<ListResourcesResult, ErrorData> {
    let after = cursor.as_deref().map(route_of).transpose()?;
    let Some(index) = server.index() else {
        return Ok(ListResourcesResult::default());
    };
    // By route and not by number: pages that come or go meanwhile move nothing.
    let mut listed = index
        .documents()
        .iter()
        .filter(|document| !document.unlisted)
        .skip_while(|document| after.as_ref().is_some_and(|after| document.route <= *after));
    let page: Vec<_> = listed.by_ref().take(PAGE).collect();
    let more = listed.next().is_some();
    let mut result = ListResourcesResult::with_all_items(
        page.iter()
            .map(|document| {
                let uri = format!("{SCHEME}{}", document.route);
                let resource = Resource::new(uri, document.id.clone())
                    .with_title(document.title.clone())
                    .with_mime_type(MARKDOWN);
                match &document.description {
                    Some(about) => resource.with_description(about.clone()),
                    None => resource,
                }
            })
            .collect(),
    );
    result.next_cursor = page
        .last()
        .filter(|_| more)
        .map(|last| BASE64_URL_SAFE_NO_PAD.encode(&last.route));
    Ok(result)
}

fn route_of(cursor: &str) -> Result<String, ErrorData> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|route| route.starts_with('/'))
        .ok_or_else(|| ErrorData::invalid_params("this cursor is not one of this list", None))
}

/// How a page and a section are named.
pub fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{SCHEME}/{{+path}}"), "page")
            .with_title("A page by its path")
            .with_mime_type(MARKDOWN),
        ResourceTemplate::new(format!("{SCHEME}/{{+path}}{{#section}}"), "section")
            .with_title("A section of a page, by the id of its heading")
            .with_mime_type(MARKDOWN),
    ]
}

/// The page or section of this URI.
pub async fn read(server: &Server, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    if !uri.starts_with(SCHEME) {
        let message = format!("{uri:?} is no page of this documentation: they begin with {SCHEME}");
        return Err(ErrorData::resource_not_found(message, None));
    }
    let read = fetch::read(server, uri).await.map_err(|problem| {
        let detail = problem.body(String::new()).detail;
        match problem.code() {
            Code::NotFound => ErrorData::resource_not_found(detail, None),
            _ => ErrorData::internal_error(detail, None),
        }
    })?;
    let contents = ResourceContents::text(read.text, uri).with_mime_type(MARKDOWN);
    Ok(ReadResourceResult::new(vec![contents]))
}
