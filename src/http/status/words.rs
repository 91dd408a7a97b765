//! What the status page says, in English and Urdu.

/// The page's sentences.
pub struct Words {
    pub lang: &'static str,
    pub dir: &'static str,
    pub title: &'static str,
    pub up: &'static str,
    pub degraded: &'static str,
    /// Around the time.
    pub since: [&'static str; 2],
    pub search: &'static str,
    pub answers: &'static str,
    pub conversations: &'static str,
    pub documentation: &'static str,
    pub works: &'static str,
    pub trouble: fn(&str) -> &'static str,
    pub last_day: &'static str,
    pub day_ago: &'static str,
    pub now: &'static str,
    /// Around the percentage.
    pub well: [&'static str; 2],
    pub nothing_known: &'static str,
    pub documents: &'static str,
    pub median: &'static str,
    pub nobody_asked: &'static str,
    pub seconds: &'static str,
    pub as_of: &'static str,
    pub other_language: &'static str,
    pub other_lang: &'static str,
    pub ask: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    dir: "ltr",
    title: "Status",
    up: "Everything works",
    degraded: "Works, with limits",
    since: ["Since ", ""],
    search: "Search",
    answers: "Answers",
    conversations: "Conversations",
    documentation: "Documentation",
    works: "Works",
    trouble: |name| match name {
        "starting" => "Being read for the first time; questions can be asked in a moment",
        "indexing" => "Being indexed; search goes by words alone until that is done",
        "index_fails" => "The latest changes could not be read; the version before still answers",
        "model_fails" => "The model can't be reached; answers are quoted from the documentation",
        "budget_spent" => "Quoted from the documentation until the budget begins anew",
        _ => "New questions are answered, but may not be kept",
    },
    last_day: "The last 24 hours",
    day_ago: "24 hours ago",
    now: "now",
    well: ["", " of the time everything worked"],
    nothing_known: "Nothing is known yet: the server has just started",
    documents: "Pages that can be asked",
    median: "Half of the answers within",
    nobody_asked: "nobody asked in the last hour",
    seconds: "s",
    as_of: "As of",
    other_language: "اردو",
    other_lang: "ur",
    ask: "Ask the documentation",
};

const URDU: Words = Words {
    lang: "ur",
    dir: "rtl",
    title: "حالت",
    up: "سب کچھ چل رہا ہے",
    degraded: "چل رہا ہے، کچھ کمی کے ساتھ",
    since: ["", " سے"],
    search: "تلاش",
    answers: "جوابات",
    conversations: "گفتگوئیں",
    documentation: "دستاویزات",
    works: "ٹھیک ہے",
    trouble: |name| match name {
        "starting" => "پہلی بار پڑھی جا رہی ہیں؛ تھوڑی دیر میں سوال پوچھے جا سکیں گے",
        "indexing" => "اشاریہ بن رہا ہے؛ تب تک تلاش صرف الفاظ سے ہوتی ہے",
        "index_fails" => "تازہ تبدیلیاں پڑھی نہیں جا سکیں؛ پچھلا نسخہ اب بھی جواب دیتا ہے",
        "model_fails" => "ماڈل تک رسائی نہیں؛ جوابات دستاویزات سے نقل کیے جاتے ہیں",
        "budget_spent" => "بجٹ کے نئے سرے سے شروع ہونے تک جوابات دستاویزات سے نقل کیے جاتے ہیں",
        _ => "نئے سوالوں کے جواب ملتے ہیں، مگر شاید محفوظ نہ ہوں",
    },
    last_day: "پچھلے ۲۴ گھنٹے",
    day_ago: "۲۴ گھنٹے پہلے",
    now: "ابھی",
    well: ["", " وقت سب کچھ چلتا رہا"],
    nothing_known: "ابھی کچھ معلوم نہیں: سرور ابھی شروع ہوا ہے",
    documents: "صفحات جن سے پوچھا جا سکتا ہے",
    median: "آدھے جوابات اتنے وقت میں",
    nobody_asked: "پچھلے گھنٹے میں کسی نے نہیں پوچھا",
    seconds: "سیکنڈ",
    as_of: "تازہ ترین",
    other_language: "English",
    other_lang: "en",
    ask: "دستاویزات سے پوچھیں",
};

/// Those of the language that comes first of ours in `Accept-Language`, or in a tag alone.
pub fn in_language(accepted: &str) -> &'static Words {
    let mut wanted: Vec<(f32, &str)> = accepted
        .split(',')
        .filter_map(|one| {
            let (tag, parameters) = one.split_once(';').unwrap_or((one, ""));
            let weight = parameters.trim().strip_prefix("q=");
            let weight = weight.map_or(Some(1.0), |text| text.trim().parse().ok())?;
            let primary = tag.trim().split('-').next().unwrap_or_default();
            (weight > 0.0).then_some((weight, primary))
        })
        .collect();
    wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ours = wanted.iter().find_map(|(_, tag)| {
        let is = |words: &Words| tag.eq_ignore_ascii_case(words.lang);
        [&ENGLISH, &URDU].into_iter().find(|words| is(words))
    });
    ours.unwrap_or(&ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_our_languages_is_spoken() {
        for (accepted, lang) in [
            ("", "en"),
            ("ur", "ur"),
            ("ur-PK,ur;q=0.9,en;q=0.8", "ur"),
            ("de, en;q=0.5, ur;q=0.7", "ur"),
            ("en-GB,ur;q=0.9", "en"),
            ("ur;q=0, fr", "en"),
            ("*", "en"),
        ] {
            assert_eq!(in_language(accepted).lang, lang, "{accepted}");
        }
    }
}
