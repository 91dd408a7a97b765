//! Every sentence this product says by itself, in the reader's language.
//!
//! English and Urdu; other languages get English. Nothing here decides when to say it.

use crate::language::{Language, LanguageCode};

/// One language's sentences.
pub(crate) struct Wording {
    /// Nothing relevant was found. Also what a generator must say when passages hold no answer.
    pub not_found: &'static str,
    /// In front of the list of near pages.
    pub nearest: &'static str,
    /// How to ask better.
    pub rephrase: &'static str,
    /// The question names nothing that could be looked for.
    pub no_topic: &'static str,
    /// The fixed answer of selected-text mode.
    pub not_in_selection: &'static str,
    /// The generator failed before it said anything.
    pub generator_failed: &'static str,
    /// The generator failed in the middle.
    pub generator_stopped: &'static str,
    /// In the text, between what a failed generator said and the quotes.
    pub quotes_follow: &'static str,
    /// The budget for the generator is used up.
    pub generator_paused: &'static str,
    /// Too many answers are being written at once.
    pub generator_busy: &'static str,
    /// The answer is shown but could not be kept.
    pub not_saved: &'static str,
    /// In place of a link that leads out of the site.
    pub link_removed: &'static str,
    /// The reader's locale has no page on this.
    pub other_locale: &'static str,
    /// The reader's version has no page on this.
    pub other_version: &'static str,
    /// Words alone were searched.
    pub still_indexing: &'static str,
    /// The language's own name in English, for the prompt.
    pub language_name: &'static str,
}

const ENGLISH: Wording = Wording {
    not_found: "I could not find an answer to this in the documentation.",
    nearest: "These sections come closest:",
    rephrase: "Try asking with other words, or with the exact name of the option, command or \
               topic you mean.",
    no_topic: "Ask me about this documentation: name the option, command or topic that you want to \
               know about.",
    not_in_selection: "The selected text does not contain the answer.",
    generator_failed: "The language model could not be reached, so this answer quotes the \
                       documentation directly.",
    generator_stopped: "The language model stopped before it had finished, so quotes from the \
                        documentation follow.",
    quotes_follow: "From the documentation:",
    generator_paused: "The language model is paused for now, so this answer quotes the \
                       documentation directly.",
    generator_busy: "Many questions are being answered right now, so this answer quotes the \
                     documentation directly.",
    not_saved: "This answer could not be saved to the conversation.",
    link_removed: "(link left out)",
    other_locale: "There is no page on this in your language; this was answered from another \
                   language's pages.",
    other_version: "There is no page on this in the version you are reading; this was answered \
                    from another version.",
    still_indexing: "The documentation is still being indexed, and only its words can be searched \
                     yet. Ask again in a moment for a better answer.",
    language_name: "English",
};

const URDU: Wording = Wording {
    not_found: "مجھے دستاویزات میں اس سوال کا جواب نہیں ملا۔",
    nearest: "یہ حصے اس کے سب سے قریب ہیں:",
    rephrase: "سوال کو دوسرے الفاظ میں پوچھیں، یا جس آپشن، کمانڈ یا موضوع کے بارے میں جاننا ہے اس کا پورا نام لکھیں۔",
    no_topic: "مجھ سے ان دستاویزات کے بارے میں پوچھیں: جس آپشن، کمانڈ یا موضوع کے بارے میں جاننا ہے اس کا نام لکھیں۔",
    not_in_selection: "منتخب کردہ متن میں اس سوال کا جواب موجود نہیں ہے۔",
    generator_failed: "لینگویج ماڈل سے رابطہ نہیں ہو سکا، اس لیے یہ جواب براہِ راست دستاویزات کے اقتباسات پر مشتمل ہے۔",
    generator_stopped: "لینگویج ماڈل جواب مکمل کرنے سے پہلے رک گیا، اس لیے آگے دستاویزات کے اقتباسات دیے گئے ہیں۔",
    quotes_follow: "دستاویزات سے:",
    generator_paused: "لینگویج ماڈل فی الحال روکا ہوا ہے، اس لیے یہ جواب براہِ راست دستاویزات کے اقتباسات پر مشتمل ہے۔",
    generator_busy: "اس وقت بہت سے سوالوں کے جواب دیے جا رہے ہیں، اس لیے یہ جواب براہِ راست دستاویزات کے اقتباسات پر مشتمل ہے۔",
    not_saved: "یہ جواب گفتگو میں محفوظ نہیں ہو سکا۔",
    link_removed: "(لنک ہٹا دیا گیا)",
    other_locale: "آپ کی زبان میں اس موضوع پر کوئی صفحہ نہیں ہے؛ جواب دوسری زبان کے صفحات سے دیا گیا ہے۔",
    other_version: "آپ کے زیرِ مطالعہ ورژن میں اس موضوع پر کوئی صفحہ نہیں ہے؛ جواب دوسرے ورژن سے دیا گیا ہے۔",
    still_indexing: "دستاویزات کی فہرست ابھی بن رہی ہے اور فی الحال صرف الفاظ سے تلاش ہو سکتی ہے۔ بہتر جواب کے لیے تھوڑی دیر بعد دوبارہ پوچھیں۔",
    language_name: "Urdu",
};

/// The sentences for readers of `language`.
pub(crate) fn wording(language: Language) -> &'static Wording {
    match language.code {
        LanguageCode::Ur => &URDU,
        _ => &ENGLISH,
    }
}

/// What the prompt calls a language; `None` leaves it to the model to see.
pub(crate) fn language_name(language: Language) -> Option<&'static str> {
    match language.code {
        LanguageCode::En | LanguageCode::Ur => Some(wording(language).language_name),
        LanguageCode::Ar => Some("Arabic"),
        LanguageCode::Fa => Some("Persian"),
        LanguageCode::Hi => Some("Hindi"),
        LanguageCode::Und => None,
    }
}
