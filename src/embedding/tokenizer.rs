//! Text → token ids, as the model saw them in training.
//!
//! Special tokens are put around a text here and nowhere else: a page that spells `<s>` or `[SEP]`
//! gets those characters, not the model's control tokens. It doesn't know prefixes or batches.

use super::EmbedError;
use super::pieces::Pieces;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use thread_local::ThreadLocal;
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

/// The crate's tokenizer around [`Pieces`].
type Inner = TokenizerImpl<
    Pieces,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Text read per input at most. 512 tokens are seldom more than 4 KiB; a 2 MB word would otherwise
/// be segmented whole only to be cut off.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// Words whose tokens a thread remembers: a large documentation has some ten thousand, and each
/// takes about 100 bytes.
const MAX_COUNTED_WORDS: usize = 65_536;

/// Longer words are keys and data, seldom seen twice.
const MAX_COUNTED_BYTES: usize = 64;

/// A tokenizer.json with its model's limit on length.
pub struct Tokenizer {
    inner: Inner,
    /// Tokens by word, for [`Tokenizer::count`].
    counted: ThreadLocal<RefCell<HashMap<Box<str>, usize>>>,
    /// What goes before and after every text (`<s>` and `</s>`, or `[CLS]` and `[SEP]`).
    before: Vec<u32>,
    after: Vec<u32>,
    max_tokens: usize,
    unknown: Option<u32>,
    specials: Vec<String>,
}

impl Tokenizer {
    /// Reads a tokenizer.json. The error is a clause for "cannot use …: {error}".
    pub fn new(json: &[u8], max_tokens: usize) -> Result<Self, EmbedError> {
        let mut inner = Inner::from_bytes(json)
            .map_err(|e| EmbedError::Model(format!("tokenizer.json is not understood ({e})")))?;
        // Both would be applied to every text, and counting wants whole ones.
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|e| EmbedError::Model(format!("tokenizer.json is not understood ({e})")))?;
        let (before, after) = template(&inner)?;
        if max_tokens <= before.len() + after.len() {
            return Err(EmbedError::Model(format!(
                "an input of {max_tokens} tokens has no room for text"
            )));
        }
        let specials: Vec<String> = inner
            .get_added_tokens_decoder()
            .into_values()
            .filter(|token| token.special && !token.content.is_empty())
            .map(|token| token.content)
            .collect();
        let unknown = ["<unk>", "[UNK]"]
            .iter()
            .find_map(|name| inner.token_to_id(name));
        Ok(Self {
            inner,
            counted: ThreadLocal::new(),
            before,
            after,
            max_tokens,
            unknown,
            specials,
        })
    }

    /// Pieces the tokenizer knows, special tokens included.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The highest id it can give.
    pub fn highest_id(&self) -> u32 {
        let vocabulary = self.inner.get_vocab(true);
        vocabulary.into_values().max().unwrap_or(0)
    }

    /// Ids of `prefix` and `text` with the special tokens, cut to the longest input.
    pub fn encode(&self, prefix: &str, text: &str) -> Result<Vec<u32>, EmbedError> {
        let mut input = String::with_capacity(prefix.len() + text.len().min(MAX_INPUT_BYTES));
        input.push_str(prefix);
        input.push_str(head(text));
        let encoding = self
            .inner
            .encode_fast(self.plain(&input).as_ref(), false)
            .map_err(untokenised)?;
        let room = self.max_tokens - self.before.len() - self.after.len();
        let content = encoding.get_ids();
        let content = &content[..content.len().min(room)];
        Ok([&self.before, content, &self.after].concat())
    }

    /// Tokens of the text alone: the sum over its words, since neither unigram nor WordPiece
    /// vocabularies have a token with a space inside. Chunking counts everything at least once,
    /// and documentation repeats its words.
    pub fn count(&self, text: &str) -> usize {
        let counted = self.counted.get_or_default();
        let mut counted = counted.borrow_mut();
        let mut sum = 0;
        for word in text.split_whitespace() {
            sum += match counted.get(word) {
                Some(tokens) => *tokens,
                None => {
                    let tokens = self.count_word(word);
                    if word.len() <= MAX_COUNTED_BYTES {
                        if counted.len() >= MAX_COUNTED_WORDS {
                            counted.clear();
                        }
                        counted.insert(word.into(), tokens);
                    }
                    tokens
                }
            };
        }
        sum
    }

    fn count_word(&self, text: &str) -> usize {
        match self.inner.encode_fast(self.plain(text).as_ref(), false) {
            Ok(encoding) => encoding.len(),
            // No known text gets here. A guess on the high side keeps chunks within the limit.
            Err(_) => text.chars().count(),
        }
    }

    /// Share of the text's characters, spaces aside, that lie in tokens the model doesn't know. By
    /// characters, because a whole word of an unknown script is one token.
    pub fn unknown_share(&self, text: &str) -> f32 {
        let Some(unknown) = self.unknown else {
            return 0.0;
        };
        let text = self.plain(head(text));
        let Ok(encoding) = self.inner.encode(text.as_ref(), false) else {
            return 0.0;
        };
        let visible = |s: &str| s.chars().filter(|c| !c.is_whitespace()).count();
        let missed: usize = encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .filter(|(id, _)| **id == unknown)
            .filter_map(|(_, &(start, end))| text.get(start..end))
            .map(visible)
            .sum();
        missed as f32 / visible(&text).max(1) as f32
    }

    /// The text with a space inside whatever spells a special token.
    fn plain<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for special in &self.specials {
            if text.contains(special.as_str()) {
                let first = special.chars().next().map_or(0, char::len_utf8);
                let (a, b) = special.split_at(first);
                text = Cow::Owned(text.replace(special.as_str(), &format!("{a} {b}")));
            }
        }
        text
    }
}

/// What the post-processor puts before and after a text.
fn template(inner: &Inner) -> Result<(Vec<u32>, Vec<u32>), EmbedError> {
    // Any text will do; a letter every vocabulary has makes the content one known run.
    let bare = inner.encode_fast("a", false).map_err(untokenised)?;
    let full = inner.encode_fast("a", true).map_err(untokenised)?;
    let (bare, full) = (bare.get_ids(), full.get_ids());
    let start = full
        .windows(bare.len().max(1))
        .position(|window| window == bare)
        .ok_or_else(|| {
            EmbedError::Model("tokenizer.json has a post-processor that is not understood".into())
        })?;
    Ok((full[..start].to_vec(), full[start + bare.len()..].to_vec()))
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_INPUT_BYTES)]
}

fn untokenised(error: tokenizers::Error) -> EmbedError {
    EmbedError::Model(format!("tokenizer.json cannot split a text ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::sync::LazyLock;

    const FOLDER: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/multilingual-e5-small-q4/"
    );

    static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
        let json = std::fs::read(format!("{FOLDER}tokenizer.json")).expect("it is committed");
        Tokenizer::new(&json, 512).expect("it is whole")
    });

    #[derive(Deserialize)]
    struct Segmented {
        text: String,
        ids: Vec<u32>,
    }

    #[test]
    fn texts_get_the_ids_that_an_independent_viterbi_gives_them() {
        let json = std::fs::read(format!("{FOLDER}segmentation.json")).expect("it is committed");
        let cases: Vec<Segmented> = serde_json::from_slice(&json).expect("a list of texts");
        assert!(cases.len() > 5);
        for case in cases {
            let ids = TOKENIZER
                .encode("", &case.text)
                .expect("it splits any text");
            assert_eq!(ids, case.ids, "{:?}", case.text);
        }
    }

    #[test]
    fn a_prefix_is_tokenised_as_a_part_of_the_text() {
        assert_eq!(
            TOKENIZER.encode("query: ", "install").expect("splits"),
            TOKENIZER.encode("", "query: install").expect("splits"),
        );
    }

    #[test]
    fn a_long_text_is_cut_and_still_ends_as_the_model_expects() {
        let text = "word ".repeat(2_000);
        let ids = TOKENIZER.encode("passage: ", &text).expect("splits");
        assert_eq!(ids.len(), 512);
        assert_eq!((ids[0], ids[511]), (0, 2));
        assert_eq!(TOKENIZER.count(&text), 2_000);
    }

    #[test]
    fn counting_word_by_word_comes_to_what_encoding_gives() {
        let text = "Install it:\n\n\tnpm  install --save-dev jest\u{200b}-cli  # ½ of it\n\
            روبوٹ کا بازو ➜ `<s>` (see [docs](https://example.org/a_b?c=d))\u{a0}… Straße 你好!";
        for text in [text, &text.repeat(4), "", " \n", "a", "\u{feff}x"] {
            let whole = TOKENIZER.encode("", text).expect("splits");
            assert_eq!(TOKENIZER.count(text), whole.len() - 2, "{text:?}");
        }
    }

    #[test]
    fn a_page_cannot_spell_the_model_s_control_tokens() {
        let ids = TOKENIZER
            .encode("", "a <s> b </s> c <mask>")
            .expect("splits");
        let inner = &ids[1..ids.len() - 1];
        let mask = TOKENIZER.highest_id();
        assert!(inner.iter().all(|id| *id > 3 && *id != mask), "{ids:?}");
    }

    #[test]
    fn scripts_outside_the_vocabulary_are_noticed() {
        assert!(TOKENIZER.unknown_share("How do I install it? 你好") < 0.2);
        assert_eq!(
            TOKENIZER.unknown_share("روبوٹ کا بازو کیسے حرکت کرتا ہے؟"),
            0.0
        );
        assert_eq!(TOKENIZER.unknown_share(""), 0.0);
        assert!(TOKENIZER.unknown_share("यह एक परीक्षण है") > 0.9);
        assert!(TOKENIZER.unknown_share("Быстрая коричневая лиса") > 0.9);
    }

    #[test]
    fn a_word_of_megabytes_is_split_in_bounded_time() {
        let ids = TOKENIZER
            .encode("query: ", &"x".repeat(2_000_000))
            .expect("splits");
        assert_eq!(ids.len(), 512);
    }
}
