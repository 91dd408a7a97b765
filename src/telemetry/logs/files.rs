//! Log files of our own: one a day, in parts where a day has much to say, deleted when they are old.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `rag-chatbot-2026-11-28.log`, then `rag-chatbot-2026-11-28.2.log`; days are UTC's.
const PREFIX: &str = "rag-chatbot-";
const SUFFIX: &str = ".log";

/// From this size on a day's log goes on in another part: tools that read logs whole stay usable.
const PART_BYTES: u64 = 256 << 20;

pub struct Files {
    folder: PathBuf,
    retention_days: u32,
    part_bytes: u64,
    open: Option<Part>,
}

struct Part {
    day: Date,
    number: u32,
    file: File,
    size_bytes: u64,
}

impl Files {
    /// Makes the folder and opens today's file, so that what is wrong is said at the start.
    pub fn open(folder: &Path, retention_days: u32) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut files = Self {
            folder: folder.to_owned(),
            retention_days,
            part_bytes: PART_BYTES,
            open: None,
        };
        files.part_of(today())?;
        Ok(files)
    }

    /// The part that takes the next lines of `day`.
    fn part_of(&mut self, day: Date) -> io::Result<&mut Part> {
        let fits = |part: &Part| part.day == day && part.size_bytes < self.part_bytes;
        if !self.open.as_ref().is_some_and(fits) {
            let same_day = self.open.as_ref().filter(|part| part.day == day);
            let first = same_day.map_or(1, |part| part.number + 1);
            self.open = Some(self.open_part(day, first)?);
            self.delete_old(day);
        }
        Ok(self.open.as_mut().expect("just opened"))
    }

    /// The first part from `number` on that has room; a restart goes on where the day was.
    fn open_part(&self, day: Date, number: u32) -> io::Result<Part> {
        for number in number.. {
            let mut options = OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(self.folder.join(name(day, number)))?;
            let size_bytes = file.metadata()?.len();
            if size_bytes < self.part_bytes {
                return Ok(Part {
                    day,
                    number,
                    file,
                    size_bytes,
                });
            }
        }
        unreachable!("a day does not have four billion parts")
    }

    /// Deletes logs of days that are over for long enough, and nothing else that lies there.
    fn delete_old(&self, today: Date) {
        let kept_from = today.checked_sub(i64::from(self.retention_days).days());
        let (Ok(kept_from), Ok(entries)) = (kept_from, std::fs::read_dir(&self.folder)) else {
            return;
        };
        for entry in entries.flatten() {
            let day = entry.file_name().to_str().and_then(day_of);
            if day.is_some_and(|day| day < kept_from) {
                // Tried again tomorrow.
                let _gone_or_not = std::fs::remove_file(entry.path());
            }
        }
    }

    fn write_at(&mut self, day: Date, lines: &[u8]) -> io::Result<()> {
        let part = self.part_of(day)?;
        part.file.write_all(lines)?;
        part.size_bytes += lines.len() as u64;
        Ok(())
    }
}

/// Whole lines.
impl Write for Files {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_at(today(), lines)?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn name(day: Date, number: u32) -> String {
    match number {
        1 => format!("{PREFIX}{day}{SUFFIX}"),
        _ => format!("{PREFIX}{day}.{number}{SUFFIX}"),
    }
}

/// The day that a file of ours is of.
fn day_of(name: &str) -> Option<Date> {
    let inner = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let day = match inner.split_once('.') {
        Some((day, number)) => number.parse::<u32>().ok().map(|_| day)?,
        None => inner,
    };
    day.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeMap;

    fn read(folder: &Path) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(folder).expect("readable").flatten();
        entries
            .map(|entry| {
                let text = std::fs::read_to_string(entry.path()).expect("readable");
                (entry.file_name().to_string_lossy().into_owned(), text)
            })
            .collect()
    }

    fn files(folder: &Path) -> Files {
        Files {
            folder: folder.to_owned(),
            retention_days: 7,
            part_bytes: 8,
            open: None,
        }
    }

    #[test]
    fn a_day_has_a_file_and_a_long_day_has_parts_also_after_a_restart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let day = date(2026, 11, 28);
        let mut log = files(folder.path());
        for line in ["one\n", "two\n", "three\n"] {
            log.write_at(day, line.as_bytes()).expect("written");
        }
        files(folder.path())
            .write_at(day, b"four\n")
            .expect("written");
        files(folder.path())
            .write_at(day, b"five\n")
            .expect("written");
        log.write_at(date(2026, 11, 29), b"six\n").expect("written");
        let expected = [
            ("rag-chatbot-2026-11-28.2.log", "three\nfour\n"),
            ("rag-chatbot-2026-11-28.3.log", "five\n"),
            ("rag-chatbot-2026-11-28.log", "one\ntwo\n"),
            ("rag-chatbot-2026-11-29.log", "six\n"),
        ];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(read(folder.path()), BTreeMap::from(expected));
    }

    #[test]
    fn old_logs_go_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in [
            "rag-chatbot-2026-11-20.log",
            "rag-chatbot-2026-11-20.2.log",
            "rag-chatbot-2026-11-21.log",
            "rag-chatbot-yesterday.log",
            "other-2020-01-01.log",
        ] {
            std::fs::write(folder.path().join(name), "old\n").expect("written");
        }
        let mut log = files(folder.path());
        log.write_at(date(2026, 11, 28), b"new\n").expect("written");
        let names: Vec<String> = read(folder.path()).into_keys().collect();
        assert_eq!(
            names,
            [
                "other-2020-01-01.log",
                "rag-chatbot-2026-11-21.log",
                "rag-chatbot-2026-11-28.log",
                "rag-chatbot-yesterday.log",
            ]
        );
    }
}
