//! Gaps in order: pages by how much is missing near them, groups of questions that mean the same,
//! and the questions themselves. It does not know where vectors come from.

use super::likeness::{Likeness, dot};
use crate::language::{Script, detect};
use crate::store::Gap;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// All that readers asked in vain.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub pages: Vec<Page>,
    /// Whether questions that mean the same are together.
    pub by_meaning: bool,
}

/// What is missing near one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// `None` for questions that are near to nothing.
    pub url: Option<String>,
    /// As the index has it now; `None` where the page is gone.
    pub title: Option<String>,
    pub counts: Counts,
    /// The most frequent first.
    pub groups: Vec<Group>,
}

/// Questions that mean the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub counts: Counts,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// The most frequent first: it speaks for all.
    pub questions: Vec<Gap>,
}

/// How often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub unanswered: u64,
    pub down_voted: u64,
    pub this_week: u64,
    pub last_week: u64,
}

impl Counts {
    fn of(gap: &Gap) -> Self {
        Self {
            unanswered: gap.unanswered,
            down_voted: gap.down_voted,
            this_week: gap.this_week,
            last_week: gap.last_week,
        }
    }

    /// Both kinds together.
    pub fn all(&self) -> u64 {
        self.unanswered + self.down_voted
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            unanswered: sum.unanswered + one.unanswered,
            down_voted: sum.down_voted + one.down_voted,
            this_week: sum.this_week + one.this_week,
            last_week: sum.last_week + one.last_week,
        })
    }
}

impl Report {
    /// `gaps` with the most frequent first; those without a vector stand alone.
    pub fn of(
        gaps: Vec<Gap>,
        vectors: &HashMap<String, Arc<[f32]>>,
        likeness: Option<&Likeness>,
        titles: &HashMap<String, String>,
    ) -> Self {
        let by_meaning = likeness.is_some() && gaps.iter().all(|g| vectors.contains_key(&g.id));
        let mut pages: Vec<Page> = Vec::new();
        for group in groups(gaps, vectors, likeness) {
            let url = page_of(&group);
            match pages.iter_mut().find(|page| page.url == url) {
                Some(page) => page.groups.push(group),
                None => pages.push(Page {
                    title: url.as_ref().and_then(|url| titles.get(url).cloned()),
                    url,
                    counts: Counts::default(),
                    groups: vec![group],
                }),
            }
        }
        for page in &mut pages {
            page.counts = page.groups.iter().map(|group| group.counts).sum();
            page.groups
                .sort_by_key(|group| order(&group.counts, group.last_at));
        }
        pages.sort_by_key(|page| {
            let last = page.groups.iter().map(|group| group.last_at).max();
            order(&page.counts, last.unwrap_or(Timestamp::MIN))
        });
        Self { pages, by_meaning }
    }
}

/// The most frequent first, and of those the latest.
fn order(counts: &Counts, last_at: Timestamp) -> std::cmp::Reverse<(u64, Timestamp)> {
    std::cmp::Reverse((counts.all(), last_at))
}

/// Each question joins the group whose first question it is most alike, or begins one.
fn groups(
    gaps: Vec<Gap>,
    vectors: &HashMap<String, Arc<[f32]>>,
    likeness: Option<&Likeness>,
) -> Vec<Group> {
    let mut groups: Vec<Vec<Gap>> = Vec::new();
    for gap in gaps {
        let vector_of = |gap: &Gap| vectors.get(&gap.id);
        let nearest = likeness.and_then(|likeness| {
            let own = vector_of(&gap)?;
            let cosine = |group: &Vec<Gap>| Some(dot(own, vector_of(group.first()?)?));
            let cosines = groups.iter().enumerate();
            cosines
                .filter_map(|(at, group)| Some((at, cosine(group)?)))
                .filter(|(at, cosine)| {
                    let is_one_script = groups[*at].first().map(script) == Some(script(&gap));
                    likeness.are_alike(*cosine, is_one_script)
                })
                .max_by(|a, b| a.1.total_cmp(&b.1))
        });
        match nearest {
            Some((at, _)) => groups[at].push(gap),
            None => groups.push(vec![gap]),
        }
    }
    groups.into_iter().map(Group::of).collect()
}

fn script(gap: &Gap) -> Script {
    detect(&gap.question).script
}

impl Group {
    fn of(questions: Vec<Gap>) -> Self {
        let first = questions.iter().map(|gap| gap.first_at).min();
        let last = questions.iter().map(|gap| gap.last_at).max();
        Self {
            counts: questions.iter().map(Counts::of).sum(),
            first_at: first.unwrap_or(Timestamp::MAX),
            last_at: last.unwrap_or(Timestamp::MIN),
            questions,
        }
    }
}

/// The page that most of the group's askings came nearest to.
fn page_of(group: &Group) -> Option<String> {
    let mut votes: Vec<(&str, u64)> = Vec::new();
    for gap in &group.questions {
        let weight = Counts::of(gap).all();
        let Some(page) = nearest_page(gap) else {
            continue;
        };
        match votes.iter_mut().find(|(voted, _)| *voted == page) {
            Some((_, sum)) => *sum += weight,
            None => votes.push((page, weight)),
        }
    }
    // Of equals the first, which the most frequent question named.
    let best = votes.iter().rev().max_by_key(|(_, sum)| *sum);
    best.map(|(page, _)| (*page).to_owned())
}

/// The page that came nearest to the question.
pub fn nearest_page(gap: &Gap) -> Option<&str> {
    let url = gap.nearest.first()?;
    Some(url.split_once('#').map_or(url.as_str(), |(page, _)| page))
}
