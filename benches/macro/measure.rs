//! What is measured, and the one table that is printed.

use std::fs;
use std::time::Duration;

/// Does the work and measures the CPU time of this thread: what others do on the machine is not in it, except that they share its
/// caches.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = thread_cpu();
    let result = work();
    (result, thread_cpu().saturating_sub(before))
}

/// The least CPU time of so many runs.
pub fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    (0..runs).map(|_| timed(&mut work).1).min().unwrap_or_default()
}

/// Memory of this process that is in use, in MiB.
pub fn resident_mib() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4_096.0 / 1_048_576.0
}

/// By how much memory in use grows at most. What earlier work gives back meanwhile would hide it: to be measured before work that takes much.
pub struct Growth {
    before: f64,
    most: f64,
}

impl Growth {
    /// From now on.
    pub fn start() -> Self {
        let before = resident_mib();
        Self { before, most: before }
    }

    /// Looks again.
    pub fn look(&mut self) {
        self.most = self.most.max(resident_mib());
    }

    /// As a row shows it, in MiB.
    pub fn shown(&self) -> String {
        format!("{:.1}", self.most - self.before)
    }
}

fn thread_cpu() -> Duration {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Rows of what was measured, how much is allowed, and how much is wished for.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// Adds a row.
    pub fn row(&mut self, what: &str, measured: String, must: &str, aim: &str) {
        eprintln!("{what}: {measured}");
        self.rows.push([what.to_owned(), measured, must.to_owned(), aim.to_owned()]);
    }

    /// Prints all rows as a Markdown table.
    pub fn print(&self) {
        let head = ["what", "measured", "must", "aim"].map(str::to_owned);
        let rows = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| rows().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        let line = |row: &[String; 4]| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!(" {cell:width$} |"));
            format!("|{}", cells.collect::<String>())
        };
        println!("{}", line(&head));
        println!("{}", line(&widths.map(|width| "-".repeat(width))));
        self.rows.iter().for_each(|row| println!("{}", line(row)));
    }
}
