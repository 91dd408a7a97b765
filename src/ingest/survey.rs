//! What a look at the folder finds, reading only the files that have changed since the last look.
//!
//! A file is taken for unchanged while its size and time are the same. One written shortly before it
//! was read is read again: within the clock's step it could have been written twice. So is a page
//! made of several files. It does not know the index.

use super::prepare::{BATCH_FILES, CorpusHash};
use crate::corpus::{self, Corpus, Document, Reading, RouteTable, Site, SourceFile, Warning};
use rayon::prelude::*;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// The coarsest step of a file system's clock (FAT's two seconds), with room for a clock on another
/// machine.
const SETTLED_AFTER: Duration = Duration::from_secs(4);

/// Changed documents kept until they are written; with more of them everything is read once more, a
/// batch at a time, so that memory stays bounded.
const MAX_CHANGED: usize = 4 * BATCH_FILES;

/// A document as the index names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    id: String,
    route: String,
    hash: String,
}

impl Page {
    fn of(document: &Document) -> Self {
        Self {
            id: document.id.clone(),
            route: document.route.clone(),
            hash: document.hash.clone(),
        }
    }
}

/// The files as they were read last.
#[derive(Default)]
pub struct Seen {
    /// What else a page depends on.
    site: String,
    files: HashMap<String, Stamped>,
}

struct Stamped {
    stamp: blake3::Hash,
    page: Page,
}

/// What the folder holds now.
pub struct Survey {
    /// Of all documents together.
    pub hash: String,
    pub warnings: Vec<Warning>,
    /// Every document's hash by its id.
    pub pages: HashMap<String, String>,
    /// What the living index does not have, or has otherwise; `None` when that is too much to hold.
    pub changed: Option<Vec<Document>>,
}

enum Look {
    Seen(Page),
    Read(SystemTime, Box<Reading>),
}

impl Seen {
    /// Looks at every file; `living` holds the hashes of the documents in the index by their ids.
    pub fn survey(
        &mut self,
        corpus: &Corpus,
        pushed: &[Document],
        living: &HashMap<String, String>,
    ) -> Survey {
        self.forget_other_sites(&corpus.site);
        let mut hash = CorpusHash::new(&corpus.site);
        let mut routes = RouteTable::default();
        let mut survey = Survey {
            hash: String::new(),
            warnings: corpus.warnings.clone(),
            pages: HashMap::with_capacity(corpus.files.len()),
            changed: Some(Vec::new()),
        };
        for files in corpus.files.chunks(BATCH_FILES) {
            let looks: Vec<Look> = files
                .par_iter()
                .map(|file| self.look(&corpus.site, file, living))
                .collect();
            for (file, look) in files.iter().zip(looks) {
                let (page, document) = match look {
                    Look::Seen(page) => (page, None),
                    Look::Read(at, reading) => {
                        self.note(file, at, &reading);
                        let Reading {
                            document, warnings, ..
                        } = *reading;
                        survey.warnings.extend(warnings);
                        let Some(document) = document else {
                            continue;
                        };
                        (Page::of(&document), Some(document))
                    }
                };
                match routes.insert(&page.id, &page.route) {
                    Some(taken) => survey.warnings.push(taken),
                    None => survey.add(page, document, &mut hash, living),
                }
            }
        }
        for document in pushed {
            let page = Page::of(document);
            survey.add(page, Some(document.clone()), &mut hash, living);
        }
        self.files.retain(|id, _| survey.pages.contains_key(id));
        survey.hash = hash.finish();
        survey
    }

    fn look(&self, site: &Site, file: &SourceFile, living: &HashMap<String, String>) -> Look {
        let seen = self.files.get(&file.id).filter(|seen| {
            seen.stamp == stamp(file) && living.get(&seen.page.id) == Some(&seen.page.hash)
        });
        match seen {
            Some(seen) => Look::Seen(seen.page.clone()),
            None => Look::Read(SystemTime::now(), Box::new(corpus::read(site, file))),
        }
    }

    /// Remembers what was read of `file` at that time.
    pub fn note(&mut self, file: &SourceFile, at: SystemTime, reading: &Reading) {
        self.files.remove(&file.id);
        let (Some(document), Some(modified)) = (&reading.document, file.modified) else {
            return;
        };
        let is_settled = at
            .duration_since(modified)
            .is_ok_and(|age| age >= SETTLED_AFTER);
        if is_settled && reading.stands_alone && reading.warnings.is_empty() {
            let stamped = Stamped {
                stamp: stamp(file),
                page: Page::of(document),
            };
            self.files.insert(file.id.clone(), stamped);
        }
    }

    /// Titles, routes and locales are the site's: another one makes other pages of the same files.
    pub fn forget_other_sites(&mut self, site: &Site) {
        let site = format!("{site:?}");
        if self.site != site {
            self.files.clear();
            self.site = site;
        }
    }
}

/// Everything that is known of a file without opening it: size, time, and what its folder says of
/// its route, locale and version.
fn stamp(file: &SourceFile) -> blake3::Hash {
    blake3::hash(format!("{file:?}").as_bytes())
}

impl Survey {
    fn add(
        &mut self,
        page: Page,
        document: Option<Document>,
        hash: &mut CorpusHash,
        living: &HashMap<String, String>,
    ) {
        hash.add(&page.id, &page.route, &page.hash);
        let is_new = living.get(&page.id) != Some(&page.hash);
        self.pages.insert(page.id, page.hash);
        if let (true, Some(document), Some(changed)) = (is_new, document, &mut self.changed) {
            changed.push(document);
            if changed.len() > MAX_CHANGED {
                self.changed = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::path::Path;

    fn write(path: &Path, text: &str, at: SystemTime) {
        fs::write(path, text).expect("written");
        let file = File::options().write(true).open(path).expect("opens");
        file.set_modified(at).expect("set");
    }

    fn long_ago() -> SystemTime {
        SystemTime::now() - Duration::from_secs(100)
    }

    /// Settled no sooner than in a minute, however slow this machine is.
    fn just_now() -> SystemTime {
        SystemTime::now() + Duration::from_secs(60)
    }

    fn look(seen: &mut Seen, folder: &Path, living: &HashMap<String, String>) -> Survey {
        let corpus = corpus::discover(&corpus::Options::new(folder)).expect("a folder");
        seen.survey(&corpus, &[], living)
    }

    #[test]
    fn only_what_has_changed_is_read_and_what_was_just_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (old, new) = (folder.path().join("old.md"), folder.path().join("new.md"));
        let written_at = just_now();
        write(&old, "# Old\n\nSettled.\n", long_ago());
        write(&new, "# New\n\nFresh.\n", written_at);
        let mut seen = Seen::default();
        let first = look(&mut seen, folder.path(), &HashMap::new());
        assert_eq!(first.changed.expect("few").len(), 2);
        assert_eq!(seen.files.keys().collect::<Vec<_>>(), ["old.md"]);

        // Same size and time: only a reader would notice.
        write(&new, "# New\n\nFlesh.\n", written_at);
        let living = first.pages;
        let second = look(&mut seen, folder.path(), &living);
        let changed = second.changed.expect("few");
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].id, "new.md");
        assert_ne!(second.hash, first.hash);
        let third = look(&mut seen, folder.path(), &second.pages);
        assert_eq!(
            (third.changed.map(|c| c.len()), third.hash),
            (Some(0), second.hash)
        );
    }

    #[test]
    fn a_page_the_index_has_otherwise_is_read_though_the_file_is_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(&folder.path().join("a.md"), "# A\n\nText.\n", long_ago());
        let mut seen = Seen::default();
        let first = look(&mut seen, folder.path(), &HashMap::new());
        let again = look(&mut seen, folder.path(), &HashMap::new());
        assert_eq!(again.changed.expect("few").len(), 1);
        assert_eq!(again.hash, first.hash);
    }
}
