//! Properties of cutting: nothing visible is lost, nothing hidden appears, and every chunk knows
//! exactly where its text stands.

use proptest::prelude::*;
use rag_chatbot::corpus::{self, BlockKind, Chunk, ChunkBudget, Document, Options};
use std::collections::{BTreeMap, BTreeSet};

/// Pieces of pages. `@` becomes a visible word, `§` a hidden one; every word is used once.
const PIECES: &[&str] = &[
    "## Heading @ @\n",
    "### Deeper @ {#id}\n",
    "## Repeated\n",
    "@ @ @. @ @ @ @ @? @ @ @ @ @ @ @ @ @. @ @ @ @ @ @ @ @ @ @ @ @ @ @!\n",
    "@ **@ @** *@* `@` [@ @](https://example.com/x \"t\") @ &amp; \\* @\n",
    "- @ @\n- @ @ @\n  - @\n\n    @ @\n",
    "1. @\n2. @ @\n",
    "> @ @ @\n> @\n",
    "| @ | @ |\n|---|---|\n| @ | `@` |\n| @ @ | @ |\n",
    "```js title=\"@\"\nlet @ = '@';\n\n// @ @\n```\n",
    "~~~\n@ @ @ @ @ @ @ @ @ @\n@ @ @ @ @ @ @ @ @ @\n@ @ @ @ @ @ @ @ @ @\n~~~\n",
    "{/* § § */}\n",
    "<!-- §\n\n§ -->\n",
    "import § from '§';\n",
    "export const § = () => {\n  return <b>§</b>;\n};\n",
    ":::note @ @\n\n@ @\n\n:::\n",
    "<Tabs>\n  <TabItem value=\"§\" label=\"@ @\">\n\n    @ @ @\n\n    ```\n    @ @\n    ```\n\n  </TabItem>\n</Tabs>\n",
    "<div className=\"§\" data-x={§}>@ @ <b title='§'>@</b> @</div>\n",
    "<details>\n<summary>@</summary>\n\n@ @\n\n</details>\n",
    "<style>{`\n.§ { color: red }\n`}</style>\n",
    "روبوٹ @ کیا ہے؟ @ @۔ @ @ @۔\n",
    "Line @\nline @  \nline @\n",
    "@ {§ + 1} @\n",
    "***\n",
];

fn words_with(prefix: char, text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| {
            w.starts_with(prefix) && w.len() > 4 && w[1..].chars().all(|c| c.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

fn page(pieces: &[usize], crlf: bool) -> String {
    let mut page = String::from("---\ntitle: Page §\nslug: /§\n---\n\n");
    for piece in pieces {
        page.push_str(PIECES[*piece]);
        page.push('\n');
    }
    let mut numbered = String::new();
    let mut next = 10_000;
    for c in page.chars() {
        match c {
            '@' | '§' => {
                numbered.push(if c == '@' { 'v' } else { 'h' });
                numbered.push_str(&next.to_string());
                next += 1;
            }
            _ => numbered.push(c),
        }
    }
    if crlf {
        numbered.replace('\n', "\r\n")
    } else {
        numbered
    }
}

/// Reads a page as part of a Docusaurus project.
fn read(page: &str) -> (corpus::Site, Document) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("docs")).expect("a folder");
    std::fs::write(
        folder.path().join("docusaurus.config.js"),
        "module.exports = {title: 'Site', presets: ['classic']};",
    )
    .expect("a file");
    std::fs::write(folder.path().join("docs/page.mdx"), page).expect("a file");
    let corpus = corpus::discover(&Options::new(folder.path())).expect("a corpus");
    let reading = corpus::read(&corpus.site, &corpus.files[0]);
    assert!(reading.warnings.is_empty(), "{:?}", reading.warnings);
    (corpus.site, reading.document.expect("a document"))
}

fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn chunks_of(
    site: &corpus::Site,
    document: &Document,
    max_tokens: usize,
    overlap_tokens: usize,
) -> Vec<Chunk> {
    corpus::chunk(
        document,
        site,
        &ChunkBudget {
            max_tokens,
            overlap_tokens,
            count: &count_words,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn every_visible_word_is_in_a_chunk_and_no_hidden_one_is(
        pieces in prop::collection::vec(0..PIECES.len(), 0..24), crlf: bool, max in 24usize..120, overlap in 0usize..12,
    ) {
        let page = page(&pieces, crlf);
        let (site, document) = read(&page);
        let chunks = chunks_of(&site, &document, max, overlap);
        let text: String = chunks.iter().map(|c| c.text() + "\n").collect();
        prop_assert_eq!(words_with('v', &text), words_with('v', &page), "{}", page);
        // The title of the front matter is visible, and it is in the breadcrumb, not in the text.
        prop_assert_eq!(words_with('h', &text), BTreeSet::new(), "{}", page);
    }

    #[test]
    fn ranges_are_exact_and_in_order(
        pieces in prop::collection::vec(0..PIECES.len(), 0..24), crlf: bool, max in 16usize..60,
    ) {
        let page = page(&pieces, crlf);
        let (site, document) = read(&page);
        let mut last = (0, 0, 0);
        for chunk in chunks_of(&site, &document, max, 0) {
            prop_assert!((chunk.range.start, chunk.section, chunk.part) >= last, "{:?} after {:?}", chunk.range, last);
            last = (chunk.range.start, chunk.section, chunk.part);
            for block in &chunk.blocks {
                prop_assert!(chunk.range.start <= block.range.start && block.range.end <= chunk.range.end);
                let source = &page[block.range.clone()];
                prop_assert_eq!(words_with('v', source), words_with('v', &block.text), "{:?} from {:?}", block, source);
            }
        }
    }

    #[test]
    fn the_budget_holds_and_only_what_is_too_long_is_cut(
        pieces in prop::collection::vec(0..PIECES.len(), 0..24), max in 16usize..60, overlap in 0usize..10,
    ) {
        let page = page(&pieces, false);
        let (site, document) = read(&page);
        let chunks = chunks_of(&site, &document, max, overlap);
        let mut parts: BTreeMap<usize, usize> = BTreeMap::new();
        for chunk in &chunks {
            let tokens = count_words(&format!("{}\n\n{}", chunk.breadcrumb, chunk.text()));
            prop_assert!(tokens <= max, "{tokens} tokens in {chunk:?}");
            *parts.entry(chunk.section).or_default() += 1;
        }
        // Sections that were not split say everything once.
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for chunk in chunks.iter().filter(|c| parts[&c.section] == 1) {
            for word in words_with('v', &chunk.text()) {
                *seen.entry(word).or_default() += 1;
            }
        }
        prop_assert!(seen.values().all(|n| *n == 1), "{seen:?}");
        for (index, section) in document.sections.iter().enumerate() {
            let crumb = chunks.iter().find(|c| c.section == index).map_or(0, |c| count_words(&c.breadcrumb));
            let room = max.saturating_sub(crumb);
            let room = room - overlap.min(room / 4);
            for block in section.blocks.iter().filter(|b| matches!(b.kind, BlockKind::Code | BlockKind::Table)) {
                if count_words(&block.text) <= room {
                    let whole = chunks.iter().any(|c| c.blocks.iter().any(|b| b.text == block.text));
                    prop_assert!(whole, "{block:?} was cut");
                }
            }
        }
    }
}

#[test]
fn overlap_repeats_the_end_of_the_part_before() {
    let text =
        "One two three four. Five six seven eight. Nine ten eleven twelve. A b c d. E f g h.";
    let document = corpus::read_markdown("T", text);
    let budget = ChunkBudget {
        max_tokens: 17,
        overlap_tokens: 4,
        count: &count_words,
    };
    let chunks = corpus::chunk_under("", &document, &budget);
    let texts: Vec<String> = chunks.iter().map(Chunk::text).collect();
    assert_eq!(
        texts,
        [
            "One two three four. Five six seven eight. Nine ten eleven twelve.",
            "Nine ten eleven twelve.\n\nA b c d. E f g h."
        ]
    );
    assert_eq!(
        &text[chunks[1].range.clone()],
        "Nine ten eleven twelve. A b c d. E f g h."
    );
}

#[test]
fn a_heading_without_text_goes_with_the_first_section_under_it() {
    let document =
        corpus::read_markdown("T", "# T\n\n## API\n\n### `read()`\n\nReads.\n\n## Last\n");
    let budget = ChunkBudget {
        max_tokens: 100,
        overlap_tokens: 0,
        count: &count_words,
    };
    let chunks = corpus::chunk_under("Site", &document, &budget);
    let got: Vec<(String, String)> = chunks
        .iter()
        .map(|c| (c.breadcrumb.clone(), c.text()))
        .collect();
    assert_eq!(
        got,
        [
            (
                "Site › T › API › read()".to_owned(),
                "T\n\nAPI\n\nread()\n\nReads.".to_owned()
            ),
            ("Site › T › Last".to_owned(), "Last".to_owned()),
        ]
    );
}

#[test]
fn items_of_a_list_that_counts_keep_their_numbers() {
    let page = "3. Fill it.\n\n   It may hiss.\n4. Boil it:\n   - once\n   - twice\n5. Rinse it.\n\n- Dry it.\n";
    let (_, document) = read(page);
    let items: Vec<(Option<u64>, &str)> = document
        .sections
        .iter()
        .flat_map(|section| &section.blocks)
        .filter(|block| block.kind == BlockKind::ListItem)
        .map(|block| (block.number, block.text.as_str()))
        .collect();
    assert_eq!(
        items,
        [
            (Some(3), "Fill it."),
            (None, "It may hiss."),
            (Some(4), "Boil it:"),
            (None, "once"),
            (None, "twice"),
            (Some(5), "Rinse it."),
            (None, "Dry it."),
        ]
    );
}
