//! The import law of `src/lib.rs`, held.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folder or file below `src` → layer, as the table in `lib.rs` has it.
const LAYERS: [(&str, i8); 19] = [
    ("outbound", -1),
    ("cache", 0),
    ("language", 0),
    ("secret", 0),
    ("telemetry", 0),
    ("corpus", 1),
    ("embedding", 1),
    ("store", 1),
    ("backup", 2),
    ("guard", 2),
    ("index", 2),
    ("ingest", 3),
    ("retrieval", 3),
    ("answer", 4),
    ("eval", 4),
    ("gaps", 4),
    ("http", 5),
    ("config", 6),
    ("cli", 6),
];

/// External crate → where below `src` it may be named.
const KEPT_IN: [(&str, &[&str]); 14] = [
    // Whoever sets up TLS to another server does it there.
    ("webpki_roots", &["outbound.rs"]),
    ("axum", &["http", "app.rs"]),
    ("utoipa", &["http"]),
    ("rmcp", &["http/mcp", "cli/mcp.rs"]),
    ("opentelemetry", &["telemetry"]),
    ("sentry", &["telemetry"]),
    ("age", &["backup/seal.rs"]),
    ("object_store", &["backup/target/s3.rs"]),
    ("tar", &["backup/archive.rs", "app/demo.rs"]),
    ("rusqlite", &["store/sqlite", "index"]),
    ("tantivy", &["index"]),
    ("hnsw_rs", &["index/vector"]),
    ("candle_core", &["embedding"]),
    ("tokenizers", &["embedding"]),
];

fn layer(module: &str) -> Option<i8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, layer)| *layer)
}

fn sources() -> BTreeMap<String, String> {
    fn visit(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                visit(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    visit(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&src).expect("it lies below src");
            let text = std::fs::read_to_string(&path).expect("sources can be read");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Every `crate::module` a file names outside of comments, with its line.
fn imports(text: &str) -> Vec<(usize, String)> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(list) => found.extend(
                    list.split([',', '}'])
                        .map(|item| (number + 1, word(item.trim()))),
                ),
                None => found.push((number + 1, word(rest))),
            }
        }
    }
    found
}

#[test]
fn modules_import_only_from_lower_layers() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let own = file.split(['/', '.']).next().unwrap_or_default();
        let Some(own_layer) = layer(own) else {
            continue;
        };
        for (line, imported) in imports(&text) {
            let Some(imported_layer) = layer(&imported) else {
                continue;
            };
            let composition = own_layer == 6;
            // `corpus`'s plain types are everybody's words.
            let sibling_words = imported == "corpus" && own_layer == 1;
            if imported != own && imported_layer >= own_layer && !composition && !sibling_words {
                broken.push(format!(
                    "src/{file}:{line}: {own} may not import {imported}"
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nobody_but_the_composition_knows_the_settings() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        if file.starts_with("config/") || file.starts_with("cli/") || file == "app.rs" {
            continue;
        }
        for (line, imported) in imports(&text) {
            if imported == "config" || imported == "app" || imported == "cli" {
                broken.push(format!("src/{file}:{line}: {imported}"));
            }
        }
    }
    broken.retain(|place| !place.starts_with("src/main.rs"));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn each_engine_is_known_in_one_place_only() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        for (crate_name, places) in KEPT_IN {
            let inside = places.iter().any(|place| file.starts_with(place));
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let named = code
                    .match_indices(&format!("{crate_name}::"))
                    .any(|(at, _)| {
                        !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                if !inside && named {
                    broken.push(format!("src/{file}:{}: {crate_name}", number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_module_of_the_map_has_a_layer() {
    let map = sources().remove("lib.rs").expect("src/lib.rs exists");
    for line in map.lines() {
        if let Some(module) = line
            .strip_prefix("pub mod ")
            .and_then(|m| m.strip_suffix(';'))
        {
            assert!(
                module == "app" || layer(module).is_some(),
                "{module} has no layer in this test"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, text) in sources() {
        assert!(
            text.starts_with("//! "),
            "src/{file} does not begin with `//! `"
        );
    }
}
