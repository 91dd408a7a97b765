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
