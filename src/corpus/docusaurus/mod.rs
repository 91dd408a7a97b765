//! Docusaurus projects: recognised, and their content listed the way Docusaurus lists it.
//!
//! Docs instances with their versions, blogs and Markdown pages, each in every locale that has a
//! translation of its own. It does not open a page; where a page is served is in `routes`.

mod configuration;
mod contents;
mod javascript;
mod layout;
mod plugins;
mod recognise;
pub(super) mod routes;
mod settings;
mod versions;

pub(super) use contents::list;
pub(super) use recognise::recognise;

use super::Warning;
use super::site::Site;
use settings::Settings;

/// A recognised project whose files have not been listed yet.
pub(super) struct Project {
    site: Site,
    settings: Settings,
    warnings: Vec<Warning>,
}
