//! A filter never lets through what it cannot check: examples and properties.

use super::filter::Judge;
use super::*;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::sync::{Arc, Mutex};

fn filter(passages: usize) -> Filter {
    Filter::new(
        Allowed {
            passages,
            urls: vec!["/docs/mocks#clearing".to_owned()],
            link_removed: "(link left out)",
        },
        Box::new(|_, _| true),
    )
}

fn whole(text: &str) -> String {
    let mut filter = filter(3);
    let mut out = filter.push(text);
    out.push_str(&filter.finish());
    out
}

#[test]
fn citations_of_passages_stay_and_others_go() {
    for (text, expected) in [
        ("Use it [1].", "Use it [1]."),
        ("Use it [7].", "Use it."),
        ("Use it [1, 9][2].", "Use it [1][2]."),
        ("Use it [1-3]", "Use it [1][2][3]"),
        ("Use it 【2†source】 and [^3].", "Use it [2] and [3]."),
        ("Use it [passage 2].", "Use it [2]."),
        (
            "Use it [[2]](/a) or [[9]](/a) or [[1]].",
            "Use it [2] or or [1].",
        ),
        ("استعمال کریں [۲]۔", "استعمال کریں [2]۔"),
        ("list[0] and [a-z] and [ ]", "list[0] and [a-z] and [ ]"),
        (
            "`a[9]` [9]\n```js\nb[9]\n```\n[9]",
            "`a[9]`\n```js\nb[9]\n```\n",
        ),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn links_and_images_out_of_the_site_go() {
    for (text, expected) in [
        ("See [docs](https://evil.example/x).", "See docs."),
        (
            "See [clearing](/docs/mocks#clearing).",
            "See [clearing](/docs/mocks#clearing).",
        ),
        ("See [1](https://evil.example).", "See [1]."),
        ("![pixel](https://evil.example/p.png) Hi", "pixel Hi"),
        (
            "Go to https://evil.example/a?b=c.",
            "Go to (link left out).",
        ),
        ("Go to <https://evil.example>.", "Go to (link left out)."),
        ("Go to HTTPS://EVIL.example", "Go to (link left out)"),
        (
            "Open http://localhost:3000/.",
            "Open http://localhost:3000/.",
        ),
        ("<a href=\"https://evil.example\">here</a>", "here"),
        ("<img src=x onerror=alert(1)>Hi<View>", "Hi<View>"),
        ("a <!-- hidden --> b", "a  b"),
        ("[x](javascript:alert(1))", "x)"),
        (
            "[https://evil.example](https://evil.example)",
            "(link left out)",
        ),
        ("the data: it is text", "the data: it is text"),
        (
            "run `curl https://api.example` now",
            "run `curl https://api.example` now",
        ),
        ("lone ` and [x](https://evil.example)", "lone ˋ and x"),
        (
            "[`a`](/docs/mocks#clearing \"t\")",
            "[`a`](/docs/mocks#clearing)",
        ),
        (
            "http://127.0.0.1:1.(@evil.example/a) b",
            "(link left out) b",
        ),
        ("<http://localhost:1(@evil.example/>", "(link left out)"),
        ("<http://localhost:3000/>", "http://localhost:3000/"),
        ("<irc://evil.example/a>", "‹irc://evil.example/a>"),
        ("list[0](a)", "list[0] (a)"),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

/// Pieces that are harmless alone and would not be together.
#[test]
fn what_is_left_around_a_gap_does_not_grow_together() {
    for (text, expected) in [
        ("`[9]`<img src=x>`", "`[9]`ˋ"),
        ("[<img src=x>9]", "[ …9]"),
        ("[9, [9]9]", "[9, …9]"),
        ("[\u{200B}9]", ""),
        ("htt[9]ps://evil.example", "htt ps://evil.example"),
        ("htt\u{AD}ps://evil.example", "(link left out)"),
        ("www[9].evil.example", "www .evil.example"),
        ("<[9]img src=x>", "< img src=x>"),
        ("<[img](https://evil.example) src=x>", "< img src=x>"),
        ("[x]<!-- -->(//evil.example)", "[x] (//evil.example)"),
        ("`\n`[x](//evil.example)`", "ˋ\n`[x](//evil.example)`"),
        ("<View>\n`<img src=x>`", "‹View>\n`<img src=x>`"),
        ("[x\ny](//evil.example)", "[x\ny] (//evil.example)"),
        ("> [1]: //evil.example", "> [1] : //evil.example"),
        ("- [x]: //evil.example", "- [x] : //evil.example"),
        ("[x\ny]: //evil.example", "[x\ny] : //evil.example"),
        (
            "[<img src=x>](/docs/mocks#clearing)",
            "[‹img src=x>](/docs/mocks#clearing)",
        ),
        ("`<img\nsrc=x>` [9] `", "ˋ\n` [9] `"),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
    for text in [
        "See the page, (as here) and **this**.",
        "In [1]: it is said.",
    ] {
        assert_eq!(whole(text), text);
    }
    let tagged = "See <a href=x>the page</a>, (<a href=x>as here</a>) and **<a href=x>this</a>**.";
    assert_eq!(whole(tagged), "See the page, (as here) and **this**.");
}

#[test]
fn a_citation_that_its_sentence_does_not_deserve_goes() {
    let judge: Judge = Box::new(|sentence, _| sentence.contains("true"));
    let allowed = Allowed {
        passages: 2,
        urls: Vec::new(),
        link_removed: "",
    };
    let mut filter = Filter::new(allowed, judge);
    let mut out = filter.push("This is true. [1] This is not. [2] So true [2].");
    out.push_str(&filter.finish());
    assert_eq!(out, "This is true. [1] This is not. So true [2].");
    assert_eq!(filter.removed(), 1);
}

#[test]
fn a_broken_off_fence_is_closed() {
    assert_eq!(whole("```js\nlet a"), "```js\nlet a\n```");
}

#[test]
fn fences_in_lists_are_read_as_markdown_reads_them() {
    for text in [
        "1. Do:\n\n   ```js\n   a[9]\n   ```\n2. So",
        "- a\n  - b\n\n        ```\n        c[9]\n        ```\n- d",
        "- ```\n  a[9]\n  ```\n",
        "~~~\na[9]\n```\n~~~\n",
    ] {
        assert_eq!(whole(text), text);
    }
    for (text, expected) in [
        // What stands left of a fence in a list has left the list and the fence.
        (
            "1. a\n   ```\n   b[9]\nc[9]\n",
            "1. a\n   ```\n   b[9]\n   ```\nc\n",
        ),
        (
            "1. a\n    ```\n    b\n  ```\nc [9]",
            "1. a\n    ```\n    b\n    ```\nc",
        ),
        ("> ~~~\n> [9]", "> ∼∼∼\n>"),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn a_fence_behind_a_removed_citation_opens_for_the_reader_too() {
    assert_eq!(whole("[9]```\n```\n[9]"), "```\n```\n");
}

#[test]
fn what_will_be_judged_is_known_before_it_is() {
    let judged: Arc<Mutex<Vec<String>>> = Arc::default();
    let noting = Arc::clone(&judged);
    let mut filter = Filter::new(
        Allowed {
            passages: 3,
            urls: Vec::new(),
            link_removed: "(link)",
        },
        Box::new(move |sentence, _| {
            noting
                .lock()
                .expect("not poisoned")
                .push(sentence.to_owned());
            true
        }),
    );
    let mut due = Vec::new();
    for piece in [
        "The lid",
        " closes [1",
        "]",
        ". It opens.",
        " [2][3] `[1]`",
        " End [1]",
    ] {
        due.extend(filter.due(piece));
        filter.push(piece);
        let judged = judged.lock().expect("not poisoned");
        assert!(
            judged.iter().all(|sentence| due.contains(sentence)),
            "{piece}: {judged:?} {due:?}"
        );
    }
    due.extend(filter.due_at_end());
    filter.finish();
    assert_eq!(due[..2], ["The lid closes", "It opens."]);
    assert!(due[2].ends_with("End"), "{due:?}");
}

#[test]
fn cited_passages_are_listed_once_in_order_and_not_from_code() {
    assert_eq!(cited("A [2]. B [1][2].\n```\nx [3]\n```\n`y [4]`"), [2, 1]);
}

/// Markdown's own letters, so that random texts hit the interesting cases.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[1]".to_owned()),
        Just("[9]".to_owned()),
        Just(" [1, 12]".to_owned()),
        Just("[x](https://evil.example/a)".to_owned()),
        Just("![a](https://evil.example)".to_owned()),
        Just("https://evil.example/q".to_owned()),
        Just("http://localhost:1".to_owned()),
        Just("(@evil.example".to_owned()),
        Just("<img src=x>".to_owned()),
        Just("<!-- c -->".to_owned()),
        Just("`".to_owned()),
        Just("```".to_owned()),
        Just("\n```\n".to_owned()),
        Just("\n  ```\n".to_owned()),
        Just("~~~\n".to_owned()),
        Just("1. ".to_owned()),
        Just("   ".to_owned()),
        Just("\n".to_owned()),
        Just("【2】".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("](//evil.example)".to_owned()),
        Just("](/docs/mocks#clearing)".to_owned()),
        Just("]: //evil.example ".to_owned()),
        Just("htt".to_owned()),
        Just("ps://evil.example".to_owned()),
        Just("<".to_owned()),
        Just("img src=x>".to_owned()),
        Just("<View>".to_owned()),
        Just("\u{200B}".to_owned()),
        Just("> ".to_owned()),
        Just("- ".to_owned()),
        Just("9".to_owned()),
        Just("یہ ہے۔".to_owned()),
        "[a-zA-Z \\[\\]()<>!`.:/0-9\n-]{0,8}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_into_tokens_gives_the_same_text(
        text in text(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut bounds: Vec<usize> = cuts
            .iter()
            .map(|cut| text.floor_char_boundary(cut.index(text.len() + 1)))
            .collect();
        bounds.extend([0, text.len()]);
        bounds.sort_unstable();
        let mut filter = filter(3);
        let mut out = String::new();
        for pair in bounds.windows(2) {
            out.push_str(&filter.push(&text[pair[0]..pair[1]]));
        }
        out.push_str(&filter.finish());
        prop_assert_eq!(out, whole(&text));
    }

    #[test]
    fn nothing_that_is_shown_cites_a_passage_that_does_not_exist(text in text()) {
        let shown = whole(&text);
        for number in cited(&shown) {
            prop_assert!((1..=3).contains(&number), "{shown}");
        }
    }

    #[test]
    fn markdown_itself_finds_nothing_that_is_not_allowed(text in text()) {
        let shown = whole(&text);
        let (mut prose, mut silent) = (String::new(), false);
        for event in Parser::new_ext(&shown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => {
                    prop_assert!(false, "a picture {dest_url}: {shown}");
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let allowed = &*dest_url == "/docs/mocks#clearing"
                        || lexeme::is_loopback(&dest_url);
                    prop_assert!(allowed, "a link to {dest_url}: {shown}");
                    prose.push('\n');
                    silent = true;
                }
                Event::End(TagEnd::Link) => silent = false,
                Event::Html(html) | Event::InlineHtml(html) => {
                    for (at, _) in html.match_indices('<') {
                        prop_assert!(!lexeme::opens_dropped_tag(&html[at..]), "{html}: {shown}");
                    }
                    prose.push('\n');
                }
                Event::Start(Tag::CodeBlock(_)) => silent = true,
                Event::End(TagEnd::CodeBlock) => silent = false,
                Event::End(_) | Event::Code(_) | Event::SoftBreak | Event::HardBreak => prose.push('\n'),
                Event::Text(text) if !silent => prose.push_str(&text),
                _ => {}
            }
        }
        prop_assert!(!prose.contains("[9]"), "{shown}");
        // Many renderers make links of bare addresses that stand at the beginning of a word.
        let prose = prose.to_ascii_lowercase();
        let elsewhere = ["https://evil", "http://localhost:1(@evil"];
        for (at, _) in elsewhere.iter().flat_map(|one| prose.match_indices(one)) {
            let before = prose[..at].chars().next_back();
            prop_assert!(before.is_some_and(char::is_alphanumeric), "{shown}");
        }
    }

    #[test]
    fn what_has_been_filtered_is_not_changed_again(text in text()) {
        // What kept two brackets apart may be read as the text of a link, and be made plain.
        let apart = |text: &str| text.replace(['[', ']', '［', '］', '<', '‹', '`', 'ˋ', '~', '∼', ' '], "");
        let shown = whole(&text);
        prop_assert_eq!(apart(&whole(&shown)), apart(&shown));
    }

    #[test]
    fn what_has_been_filtered_stays_as_it_is(text in "[a-vx-zA-VX-Z0-9 .,\n]{0,80}") {
        prop_assert_eq!(whole(&text), text);
    }
}
