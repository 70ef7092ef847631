//! The reports that are there already: a run that was ended goes on where it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::course::files;
use crate::verdict::report::Report;

/// Where the report of an answer is kept.
pub fn path(out: &Path, student: &str, question: &str) -> PathBuf {
    let name = format!("{}.{}.json", files::file_name(student), files::file_name(question));
    out.join("reports").join(name)
}

/// A report that is there, unless what it judged has changed since then, or it is incomplete.
pub fn load(path: &Path, judged: &[&Path]) -> Option<Report> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    if judged.iter().any(|path| newest(path).is_none_or(|changed| changed > written)) {
        return None;
    }
    let report: Report = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (!report.is_incomplete()).then_some(report)
}

/// Keeps a report.
///
/// # Errors
/// If it cannot be written.
pub fn save(path: &Path, report: &Report) -> anyhow::Result<()> {
    files::write(path, &(serde_json::to_string_pretty(report)? + "\n"))
}

/// When a file, or any in a folder, was changed last.
fn newest(path: &Path) -> Option<SystemTime> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let own = metadata.modified().ok()?;
    if !metadata.is_dir() {
        return Some(own);
    }
    let entries = fs::read_dir(path).ok()?.flatten();
    let inner = entries.filter_map(|entry| newest(&entry.path()));
    Some(inner.fold(own, SystemTime::max))
}
