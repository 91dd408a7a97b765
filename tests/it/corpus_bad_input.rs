//! Broken, hostile and strange folders: read as far as they can be, with a warning that names the
//! file and the reason, and never at the cost of the rest.

use rag_chatbot::corpus::{self, ChunkBudget, Corpus, CorpusError, Document, Options, Warning};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

struct All {
    corpus: Corpus,
    documents: Vec<Document>,
    warnings: Vec<Warning>,
}

impl All {
    fn of(data: &Path) -> Self {
        let corpus = corpus::discover(&Options::new(data)).expect("a corpus");
        let mut warnings = corpus.warnings.clone();
        let mut documents = Vec::new();
        for file in &corpus.files {
            let reading = corpus::read(&corpus.site, file);
            warnings.extend(reading.warnings);
            documents.extend(reading.document);
        }
        Self {
            corpus,
            documents,
            warnings,
        }
    }

    fn text(&self, id: &str) -> String {
        let document = self
            .documents
            .iter()
            .find(|d| d.id == id)
            .unwrap_or_else(|| panic!("{id} was not read"));
        let budget = ChunkBudget {
            max_tokens: 400,
            overlap_tokens: 0,
            count: &|text| text.len() / 4 + 1,
        };
        let chunks = corpus::chunk(document, &self.corpus.site, &budget);
        chunks.iter().map(|c| c.text() + "\n").collect()
    }

    fn warned(&self, path: &str, reason: &str) -> bool {
        self.warnings
            .iter()
            .any(|w| w.path == path && w.reason.contains(reason))
    }
}

#[test]
fn broken_front_matter_costs_the_front_matter_only() {
    let bomb = format!(
        "---\na: &a [x,x,x,x,x,x,x,x,x]\n{}title: *z\n---\n# Bomb\n",
        ('b'..='z')
            .map(|c| {
                let before = char::from(c as u8 - 1);
                format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 9].join(","))
            })
            .collect::<String>()
    );
    let deep = format!("---\na: {}\n---\n# Deep\n", "[".repeat(50_000));
    let long = format!("---\na: {}\n---\n# Long\n", "x".repeat(2_000_000));
    let folder = folder(&[
        (
            "broken.md",
            b"---\ntitle: : x\n  - [\n---\n# Broken\n\ntext of broken\n",
        ),
        (
            "unclosed.md",
            b"---\ntitle: x\n\n# Unclosed\n\ntext of unclosed\n",
        ),
        (
            "types.md",
            b"---\ntitle: [1, 2]\nkeywords: {a: b}\ndraft: perhaps\nslug: 7\n---\n# Types\n",
        ),
        ("bomb.md", bomb.as_bytes()),
        ("deep.md", deep.as_bytes()),
        ("long.md", long.as_bytes()),
        ("number.md", b"---\ntitle: 2024\n---\ntext\n"),
    ]);
    let all = All::of(folder.path());
    for id in ["broken.md", "bomb.md", "deep.md", "long.md"] {
        assert!(all.warned(id, "front matter"), "{id}: {:?}", all.warnings);
    }
    assert!(all.text("broken.md").contains("text of broken"));
    assert!(!all.text("broken.md").contains("title:"));
    assert!(all.text("unclosed.md").contains("text of unclosed"));
    assert!(all.text("bomb.md").contains("Bomb"));
    assert_eq!(
        all.documents
            .iter()
            .find(|d| d.id == "types.md")
            .map(|d| d.title.as_str()),
        Some("Types")
    );
    assert_eq!(
        all.documents
            .iter()
            .find(|d| d.id == "number.md")
            .map(|d| d.title.as_str()),
        Some("2024")
    );
}

#[test]
fn encodings_are_recognised_or_replaced() {
    let utf16 = |text: &str, little: bool, mark: bool| -> Vec<u8> {
        let units = mark
            .then_some(0xFEFF)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|u| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    };
    let folder = folder(&[
        (
            "bom.md",
            "\u{FEFF}---\ntitle: Marked\n---\n# سلام\n".as_bytes(),
        ),
        ("le.md", &utf16("# Little سلام\n\ntext\n", true, true)),
        ("be.md", &utf16("# Big سلام\n\ntext\n", false, true)),
        (
            "bare.md",
            &utf16("# Bare Latin text without any mark at all\n", true, false),
        ),
        ("latin1.md", b"# Caf\xe9\n\ntext \xff\xfe here\n"),
        ("nul.md", b"# Nul\0\n\nbe\0fore after\x01\x02\x03\x04\n"),
    ]);
    let all = All::of(folder.path());
    assert_eq!(
        all.documents
            .iter()
            .find(|d| d.id == "bom.md")
            .map(|d| d.title.as_str()),
        Some("Marked")
    );
    assert!(all.text("le.md").contains("Little سلام"));
    assert!(all.text("be.md").contains("Big سلام"));
    assert!(all.text("bare.md").contains("Bare Latin text"));
    assert!(all.text("latin1.md").contains("here"));
    assert!(all.warned("latin1.md", "UTF-8"));
    assert!(all.warned("nul.md", "control characters"));
    assert!(
        all.documents
            .iter()
            .all(|d| !all.text(&d.id).chars().any(|c| c.is_control() && c != '\n'))
    );
}

#[test]
fn huge_and_deep_pages_end_in_bounded_time() {
    let mut pages: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, text: String| pages.push((name.to_owned(), text.into_bytes()));
    add(
        "page.md",
        "A sentence of a very long page, with some words in it. ".repeat(380_000),
    );
    add("word.md", "x".repeat(2_000_000));
    add(
        "heading.md",
        format!(
            "# {}\n\n## {}\n\ntext\n",
            "t".repeat(500_000),
            "h ".repeat(500_000)
        ),
    );
    for (name, unit) in [
        ("quotes", "> "),
        ("lists", "- "),
        ("braces", "{"),
        ("tags", "<div>"),
        ("open", "<a "),
        ("attributes", "<a b={"),
        ("ticks", "`a``b"),
        ("brackets", "["),
        ("images", "![a]("),
        ("stars", "*a **b "),
        ("parens", "<a {("),
        ("comments", "<!-- "),
        ("mdx_comments", "{/* "),
        ("strings", "<a b=\""),
        ("colons", ":::note\n"),
        ("fences", "```\n"),
        ("pipes", "|a"),
        ("headings", "# a\n"),
        ("footnotes", "[^1]: "),
        ("links", "[a](b"),
        ("entities", "&"),
        ("escapes", "\\"),
        ("html", "<b"),
        ("closers", "</div>"),
        ("templates", "{`${"),
        ("underscores", "_a __b "),
        ("imports", "import {\n\n"),
        ("exports", "export const a = (\n\n"),
    ] {
        for extension in ["md", "mdx"] {
            add(
                &format!("{name}.{extension}"),
                unit.repeat(300_000 / unit.len()),
            );
            add(
                &format!("{name}_lines.{extension}"),
                format!("{unit}\n\n").repeat(100_000 / unit.len()),
            );
        }
    }
    add(
        "indented.mdx",
        (0..2000)
            .map(|n| format!("{}text\n\n", " ".repeat(n % 200)))
            .collect(),
    );
    add("backticks.mdx", "one ` line\n".repeat(100_000));
    add("tag_headings.mdx", "<h2>a</h2>\n\n".repeat(20_000));
    add(
        "_bomb.mdx",
        format!(
            "import A from './_bomb.mdx'\n\n{}",
            "<A />\n\ntext\n\n".repeat(1000)
        ),
    );
    add("tags.html", "<div>".repeat(200_000));
    add(
        "script.html",
        format!("before<script>{}", "hidden ".repeat(10_000)),
    );
    let files: Vec<(&str, &[u8])> = pages
        .iter()
        .map(|(n, b)| (n.as_str(), b.as_slice()))
        .collect();
    let folder = folder(&files);
    let all = All::of(folder.path());
    assert_eq!(all.documents.len(), pages.len());
    // The longest single word is still whole, in order, in the chunks.
    assert_eq!(
        all.text("word.md").chars().filter(|c| *c == 'x').count(),
        2_000_000
    );
    assert!(!all.text("script.html").contains("hidden"));
    assert!(all.text("script.html").contains("before"));
}

#[test]
fn a_page_beyond_the_limit_is_read_up_to_it() {
    let folder = folder(&[("long.md", "سلام دنیا ".repeat(1000).as_bytes())]);
    let mut options = Options::new(folder.path());
    options.max_file_bytes = 1001;
    let corpus = corpus::discover(&options).expect("a corpus");
    let reading = corpus::read(&corpus.site, &corpus.files[0]);
    assert!(reading.document.is_some());
    assert_eq!(reading.warnings.len(), 1, "{:?}", reading.warnings);
    assert!(reading.warnings[0].reason.contains("only its first"));
}

#[test]
fn what_is_never_closed_hides_or_shows_no_more_than_it_should() {
    let folder = folder(&[
        ("fence.md", b"# A\n\n```\ncode to the end\n\n## not a heading\n"),
        ("tag.mdx", b"# A\n\n<Tabs>\n\ntext in open tag\n"),
        ("broken.mdx", b"# A\n\n<Tabs attr=\n\ntext after\n"),
        ("comment.mdx", b"# A\n\nshown\n\n<!-- secret\n\nsecret too\n"),
        ("brace.mdx", b"# A\n\n{ open\n\nshown {/* secret */} too\n"),
        ("style.mdx", b"# A\n\n<style>{`.secret {}`}</style>\n\n<script>\nsecret()\n</script>\n\nshown\n"),
        ("style.md", b"# A\n\n<style>\n.secret {}\n</style>\n\nshown <b title=\"secret\">bold</b>\n\n<!-- secret\n\nsecret -->\n\n<div hidden>\n\nsecret\n\n</div>\n"),
    ]);
    let all = All::of(folder.path());
    assert!(all.text("fence.md").contains("code to the end"));
    assert!(all.text("tag.mdx").contains("text in open tag"));
    assert!(all.text("broken.mdx").contains("text after"));
    for document in &all.documents {
        assert!(
            !all.text(&document.id).contains("secret"),
            "{}",
            all.text(&document.id)
        );
    }
    for id in ["comment.mdx", "brace.mdx", "style.mdx", "style.md"] {
        assert!(all.text(id).contains("shown"), "{id}: {}", all.text(id));
    }
}

#[test]
fn slugs_stay_inside_the_site_and_twice_the_same_is_said() {
    let folder = folder(&[
        (
            "docusaurus.config.js",
            b"module.exports = {presets: ['classic']}",
        ),
        ("docs/up.md", b"---\nslug: ../../../etc/passwd\n---\n# Up\n"),
        ("docs/abs.md", b"---\nslug: /../../x\n---\n# Abs\n"),
        ("docs/js.md", b"---\nslug: javascript:alert(1)\n---\n# Js\n"),
        (
            "docs/host.md",
            b"---\nslug: //evil.example/x\n---\n# Host\n",
        ),
        ("docs/query.md", b"---\nslug: /a?b#c\n---\n# Query\n"),
        ("docs/back.md", b"---\nslug: '/a\\..\\..\\b'\n---\n# Back\n"),
        ("docs/one.md", b"---\nslug: /same\n---\n# One\n"),
        ("docs/two.md", b"---\nslug: /same\n---\n# Two\n"),
    ]);
    let all = All::of(folder.path());
    assert_eq!(all.documents.len(), 8);
    for document in &all.documents {
        let route = &document.route;
        assert!(route.starts_with("/docs/"), "{route}");
        assert!(
            !route.contains("..") && !route.contains("//") && !route.contains(['?', '#', '\\']),
            "{route}"
        );
    }
    for id in [
        "docs/abs.md",
        "docs/host.md",
        "docs/query.md",
        "docs/back.md",
    ] {
        assert!(all.warned(id, "slug"), "{id}: {:?}", all.warnings);
    }
    let (table, clashes) = corpus::RouteTable::new(&all.documents);
    assert_eq!(clashes.len(), 1);
    assert_eq!(clashes[0].path, "docs/two.md");
    assert_eq!(table.document("/docs/same/"), Some("docs/one.md"));
}

#[test]
fn links_to_folders_outside_are_named_and_not_walked() {
    let folder = folder(&[("page.md", b"# A\n")]);
    std::os::unix::fs::symlink("/", folder.path().join("root")).expect("linked");
    let all = All::of(folder.path());
    assert_eq!(all.documents.len(), 1);
    assert!(all.warned("root", "leads out"), "{:?}", all.warnings);
    assert_eq!(all.warnings.len(), 1, "{:?}", all.warnings);
}

#[test]
fn folders_too_deep_are_named() {
    let folder = folder(&[("page.md", b"# A\n")]);
    let deep = folder.path().join(["d"; 70].join("/"));
    fs::create_dir_all(&deep).expect("folders");
    fs::write(deep.join("lost.md"), "# B\n").expect("a file");
    let all = All::of(folder.path());
    assert_eq!(all.documents.len(), 1);
    let named = [["d"; 64].join("/")];
    assert!(all.warned(&named[0], "deep at most"), "{:?}", all.warnings);
}

#[test]
fn a_picture_named_like_a_page_is_left_out() {
    // The beginning of a PNG, and noise such as a compressed stream is.
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let mut state = 1u32;
    picture.extend((0..4_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    let folder = folder(&[
        ("picture.md", &picture),
        (
            "old.md",
            b"# Caf\xe9\n\nR\xe9sum\xe9 in an older encoding.\n",
        ),
    ]);
    let all = All::of(folder.path());
    assert_eq!(all.documents.len(), 1);
    assert_eq!(all.documents[0].id, "old.md");
    assert!(
        all.warned("picture.md", "does not hold text"),
        "{:?}",
        all.warnings
    );
}

#[test]
fn strange_names_become_routes_that_can_be_linked() {
    let folder = folder(&[
        ("with space.md", b"# A\n"),
        ("a#b?c.md", b"# B\n"),
        ("تعارف.md", b"# C\n"),
        ("100%.md", b"# D\n"),
        ("quote'\"<>.md", b"# E\n"),
        ("new\nline.md", b"# F\n"),
        (".hidden.md", b"# G\n"),
        ("..md", b"# H\n"),
        ("UPPER.MD", b"# I\n"),
    ]);
    fs::write(
        folder
            .path()
            .join(std::ffi::OsStr::from_bytes(b"bad\xff.md")),
        "# J\n",
    )
    .expect("a file");
    fs::write(
        folder
            .path()
            .join(std::ffi::OsStr::from_bytes(b"bad\xfe.md")),
        "# K\n",
    )
    .expect("a file");
    let all = All::of(folder.path());
    let routes: Vec<&str> = all.documents.iter().map(|d| d.route.as_str()).collect();
    for route in [
        "/with%20space",
        "/a%23b%3Fc",
        "/%D8%AA%D8%B9%D8%A7%D8%B1%D9%81",
        "/100%25",
        "/UPPER",
    ] {
        assert!(routes.contains(&route), "{route} in {routes:?}");
    }
    for route in &routes {
        assert!(
            route
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)),
            "{route}"
        );
    }
    assert!(
        all.warnings
            .iter()
            .any(|w| w.reason.contains("same printable name")),
        "{:?}",
        all.warnings
    );
    assert!(
        all.documents
            .iter()
            .all(|d| !d.id.chars().any(char::is_control))
    );
}

#[test]
fn links_out_of_the_folder_and_in_circles_are_not_followed() {
    let outside = folder(&[
        ("secret.md", b"# Secret\n"),
        ("dir/inner.md", b"# Secret\n"),
    ]);
    let folder = folder(&[
        (
            "docs/page.md",
            b"import Out from './out.mdx';\n\n# Page\n\n<Out />\n",
        ),
        ("other/inside.md", b"# Inside\n"),
    ]);
    let at = |name: &str| folder.path().join(name);
    symlink(outside.path().join("secret.md"), at("docs/out.md")).expect("a link");
    symlink(outside.path().join("secret.md"), at("docs/out.mdx")).expect("a link");
    symlink(outside.path().join("dir"), at("docs/outdir")).expect("a link");
    symlink(folder.path(), at("docs/circle")).expect("a link");
    symlink(at("nowhere.md"), at("docs/dangling.md")).expect("a link");
    symlink(at("other/inside.md"), at("docs/linked.md")).expect("a link");
    let all = All::of(folder.path());
    let ids: Vec<&str> = all.documents.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(
        ids,
        ["docs/linked.md", "docs/page.md", "other/inside.md"],
        "{:?}",
        all.warnings
    );
    for document in &all.documents {
        assert!(!all.text(&document.id).contains("Secret"));
    }
    assert!(all.warned("docs/out.md", "out of the data folder"));
    assert!(all.warned("docs/outdir", "out of the data folder"));
    assert!(all.warned("docs/circle", "circle"), "{:?}", all.warnings);
    assert!(
        all.warnings.iter().any(|w| w.path.contains("dangling")),
        "{:?}",
        all.warnings
    );
}

#[test]
fn unreadable_files_are_named_and_the_rest_is_read() {
    let folder = folder(&[
        ("a.md", b"# A\n"),
        ("b.md", b"# B\n"),
        ("dir/c.md", b"# C\n"),
    ]);
    fs::create_dir(folder.path().join("folder.md")).expect("a folder with a file's name");
    fs::set_permissions(
        folder.path().join("a.md"),
        fs::Permissions::from_mode(0o000),
    )
    .expect("permissions");
    // Root reads everything, so the file that can't be opened is one that has gone.
    let corpus = corpus::discover(&Options::new(folder.path())).expect("a corpus");
    fs::remove_file(folder.path().join("b.md")).expect("removed");
    let gone = corpus
        .files
        .iter()
        .find(|f| f.id == "b.md")
        .expect("listed");
    let reading = corpus::read(&corpus.site, gone);
    assert!(reading.document.is_none());
    assert!(reading.warnings[0].reason.contains("cannot be read"));
    let inside = corpus
        .files
        .iter()
        .find(|f| f.id == "dir/c.md")
        .expect("listed");
    assert!(corpus::read(&corpus.site, inside).document.is_some());
}

#[test]
fn folders_that_are_empty_missing_or_files_are_told_apart() {
    let empty = folder(&[]);
    let corpus = corpus::discover(&Options::new(empty.path())).expect("an empty corpus");
    assert!(corpus.files.is_empty());
    assert!(corpus.warnings[0].reason.contains("no Markdown"));
    let path = empty.path().to_owned();
    drop(empty);
    assert!(matches!(
        corpus::discover(&Options::new(&path)),
        Err(CorpusError::Missing(_))
    ));
    let file = folder(&[("a.md", b"# A\n")]);
    assert!(matches!(
        corpus::discover(&Options::new(file.path().join("a.md"))),
        Err(CorpusError::NotAFolder(_))
    ));
}

#[test]
fn a_configuration_that_cannot_be_read_leaves_the_defaults_and_one_warning() {
    for config in [
        &b"module.exports = require('./x')()"[..],
        b"export default {",
        b"\xff\xfe\0\0",
        b"export default {title: f(), presets: g()}",
    ] {
        let folder = folder(&[("docusaurus.config.js", config), ("docs/01-a.md", b"# A\n")]);
        let all = All::of(folder.path());
        assert_eq!(all.documents[0].route, "/docs/a");
        assert_eq!(all.warnings.len(), 1, "{config:?}: {:?}", all.warnings);
        assert_eq!(all.warnings[0].path, "docusaurus.config.js");
    }
}

#[test]
fn naughty_strings_and_commonmark_s_examples_are_read() {
    let Some(hostile) = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|up| up.join("shared/eval/hostile"))
        .find(|p| p.is_dir())
    else {
        return;
    };
    let naughty = fs::read_to_string(hostile.join("blns.txt")).expect("the list can be read");
    let examples: serde_json::Value = serde_json::from_slice(
        &fs::read(hostile.join("commonmark_examples.json")).expect("the examples can be read"),
    )
    .expect("the examples are JSON");
    let mut texts: Vec<String> = naughty
        .lines()
        .map(|line| format!("# Title\n\n{line}\n\n## {line}\n\nend\n"))
        .collect();
    texts.extend(
        examples
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|e| e["markdown"].as_str().map(str::to_owned)),
    );
    assert!(texts.len() > 1000, "{}", texts.len());
    let budget = ChunkBudget {
        max_tokens: 64,
        overlap_tokens: 8,
        count: &|text| text.len() / 3 + 1,
    };
    for extension in ["md", "mdx", "html", "txt"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (n, text) in texts.iter().enumerate() {
            fs::write(folder.path().join(format!("{n}.{extension}")), text).expect("a file");
        }
        let all = All::of(folder.path());
        assert_eq!(all.documents.len(), texts.len());
        let (routes, _) = corpus::RouteTable::new(&all.documents);
        for (document, file) in all.documents.iter().zip(&all.corpus.files) {
            for chunk in corpus::chunk(document, &all.corpus.site, &budget) {
                assert!(
                    !chunk
                        .text()
                        .chars()
                        .any(|c| c.is_control() && !matches!(c, '\n' | '\t')),
                    "{chunk:?}"
                );
            }
            let html = corpus::document_html(&all.corpus.site, file, &routes);
            for Ok(token) in html5gum::Tokenizer::new(&html) {
                let html5gum::Token::StartTag(tag) = token else {
                    continue;
                };
                assert_ne!(tag.name.as_slice(), b"script", "{html}");
                for (name, value) in &tag.attributes {
                    let value = String::from_utf8_lossy(&value.value).to_lowercase();
                    assert!(
                        !name.starts_with(b"on") && !value.trim().starts_with("javascript:"),
                        "{html}"
                    );
                }
            }
        }
    }
}
