//! What the process itself uses, and what it may use: processor, memory, files, disk.
//!
//! Read from the system when the figures are read. Where the system does not say (anything but
//! Linux), a figure is absent rather than wrong.

use super::metrics as names;
use std::fs;
use std::path::Path;

/// Parts of a second in which Linux counts processor time for programs, on every machine it runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads all figures of the process, and of the disk that `state` is on.
pub fn measure(state: &Path) {
    let gauge = |name: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            metrics::gauge!(name).set(value);
        }
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    gauge(names::PROCESS_RESIDENT, kilobytes(&status, "VmRSS:"));
    gauge(names::PROCESS_VIRTUAL, kilobytes(&status, "VmSize:"));
    gauge(names::PROCESS_THREADS, field(&status, "Threads:"));
    let files = fs::read_dir("/proc/self/fd").ok();
    // One of them is the folder that is being read.
    let open = files.map(|open| open.count().saturating_sub(1) as f64);
    gauge(names::PROCESS_OPEN_FDS, open);
    let most = rlimit::Resource::NOFILE.get_soft().ok();
    gauge(names::PROCESS_MAX_FDS, most.map(|most| most as f64));
    if let Some(stat) = Stat::read() {
        names::set_float_counter(names::PROCESS_CPU, stat.cpu_seconds);
        gauge(names::PROCESS_START, stat.started_at());
    }
    let cores = std::thread::available_parallelism().ok();
    gauge(names::CPU_LIMIT, cores.map(|cores| cores.get() as f64));
    gauge(names::MEMORY_LIMIT, memory_limit());
    if let Ok(disk) = rustix::fs::statvfs(state) {
        let bytes = |blocks: u64| blocks as f64 * disk.f_frsize as f64;
        gauge(names::STATE_DISK_SIZE, Some(bytes(disk.f_blocks)));
        // What is kept for the administrator is no room for us.
        gauge(names::STATE_DISK_FREE, Some(bytes(disk.f_bavail)));
    }
}

/// The container's limit where there is one below the machine's memory.
fn memory_limit() -> Option<f64> {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.and_then(|text| kilobytes(&text, "MemTotal:"));
    let container = ["memory.max", "memory/memory.limit_in_bytes"]
        .iter()
        .filter_map(|name| fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok())
        // `max` where there is none.
        .find_map(|text| text.trim().parse::<f64>().ok());
    match (machine, container) {
        (Some(machine), Some(container)) => Some(machine.min(container)),
        (machine, container) => machine.or(container),
    }
}

fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn kilobytes(text: &str, name: &str) -> Option<f64> {
    field(text, name).map(|kilobytes| kilobytes * 1024.0)
}

/// Of `/proc/self/stat`.
struct Stat {
    cpu_seconds: f64,
    /// Since the machine began.
    started_seconds: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The program's name comes second, in brackets, and may hold anything.
        let (_, after_name) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // As proc(5) numbers them, from 1; the first here is its third.
        let seconds = |number: usize| {
            let ticks: f64 = fields.get(number - 3)?.parse().ok()?;
            Some(ticks / TICKS_PER_SECOND)
        };
        Some(Self {
            cpu_seconds: seconds(14)? + seconds(15)?,
            started_seconds: seconds(22)?,
        })
    }

    /// In Unix time.
    fn started_at(&self) -> Option<f64> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        Some(field(&machine, "btime")? + self.started_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_with_brackets_and_spaces_is_no_field() {
        let rest = "S 1 2 3 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 12345 1000 200";
        let stat = Stat::parse(&format!("7 (a) b (c) {rest}")).expect("it has the fields");
        assert_eq!(stat.cpu_seconds, 2.0);
        assert_eq!(stat.started_seconds, 123.45);
    }

    #[test]
    fn this_process_is_measured() {
        let text = {
            let figures = names::start();
            measure(&std::env::temp_dir());
            figures.render()
        };
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().parse::<f64>().ok())
                .unwrap_or_else(|| panic!("{name} is missing in\n{text}"))
        };
        // This test's binary alone is larger than a megabyte, and no machine has a petabyte.
        assert!((1e6..1e15).contains(&value("process_resident_memory_bytes ")));
        assert!(value("process_open_fds ") >= 3.0);
        assert!(value("process_open_fds ") <= value("process_max_fds "));
        assert!(value("process_threads ") >= 1.0);
        assert!(value("rag_state_disk_free_bytes ") <= value("rag_state_disk_size_bytes "));
        assert!(value("rag_memory_limit_bytes ") > value("process_resident_memory_bytes "));
        let now = jiff::Timestamp::now().as_second() as f64;
        let started = value("process_start_time_seconds ");
        assert!(
            started > 1.6e9 && started <= now + 2.0,
            "{started} of {now}"
        );
        assert!(value("process_cpu_seconds_total ") >= 0.0);
    }
}
