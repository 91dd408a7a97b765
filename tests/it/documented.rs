//! README, `.env.example` and the settings file say what the program accepts, no more, no less.

use rag_chatbot::config::{Documented, documented};
use std::fmt::Write as _;
use std::path::Path;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn row(setting: &Documented) -> String {
    let default = setting
        .default
        .as_ref()
        .map_or_else(String::new, |default| format!("`{default}`"));
    format!(
        "| `{}` | `{}` | `{}` | {default} | {} |\n",
        setting.flag, setting.env, setting.key, setting.help
    )
}

#[test]
fn the_readmes_table_lists_every_setting() {
    let readme = file("README.md");
    let table: String = documented().iter().map(row).collect();
    assert!(
        readme.contains(&table),
        "README.md should hold this table:\n{table}"
    );
}

#[test]
fn the_example_environment_lists_every_setting() {
    let mut expected = String::new();
    for setting in documented() {
        writeln!(expected, "\n# {}", setting.help).expect("a string takes every write");
        let default = setting.default.unwrap_or_default();
        writeln!(expected, "# {}={default}", setting.env).expect("a string takes every write");
    }
    let example = file(".env.example");
    assert!(
        example.ends_with(&expected),
        ".env.example should end with:\n{expected}"
    );
}

#[test]
fn the_security_page_names_tests_that_exist() {
    let sources: Vec<(String, String)> = rust_files("tests/it");
    for page in [
        "docs/docs/operations/security.md",
        "docs/i18n/ur/docusaurus-plugin-content-docs/current/operations/security.md",
    ] {
        let text = file(page);
        let rows = text.lines().filter(|line| line.starts_with("| A"));
        let named: Vec<&str> = rows
            .filter_map(|row| row.rsplit('|').nth(1))
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .filter(|name| !name.starts_with("make "))
            .collect();
        assert!(named.len() >= 10, "{page}: {named:?}");
        for name in named {
            let (module, function) = match name.rsplit_once("::") {
                Some((module, last)) if last.contains('_') => (module, Some(last)),
                _ => (name, None),
            };
            let path = module.replace("::", "/");
            let found = sources.iter().any(|(file, text)| {
                let is_there = file.starts_with(&path);
                is_there && function.is_none_or(|f| text.contains(&format!("fn {f}(")))
            });
            assert!(found, "{page} names {name}");
        }
    }
}

/// Every source below the folder, with its path in it.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources can be read") {
            let path = entry.expect("sources can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("it lies below");
                let text = std::fs::read_to_string(&path).expect("sources can be read");
                found.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    found
}
