//! Does the compiler warn of nothing?

use crate::items::rebuild::Compilers;
use crate::judge::course::{Asked, Course};
use crate::verdict::item::{Ruling, Verdict};
use crate::words::number;

/// What every course asks for.
const FLAGS: &str = "-Wall";
/// The lines that are shown.
const LINES: usize = 40;

/// Builds it once more with -Wall, and counts warnings; cargo says its own by itself.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let lines = Compilers::new(course, FLAGS)?.build(course)?;
    let warnings: Vec<String> = lines.into_iter().filter(|line| is_warning(line)).collect();
    if warnings.is_empty() {
        return Ok(Ruling::pass(vec![FLAGS.to_owned()]));
    }
    let values = [("count", number(warnings.len() as i64))];
    let fault = course.words.fault(Verdict::Fail, "fault-warnings", &values);
    let shown = warnings.into_iter().take(LINES).map(|line| format!("build| {line}"));
    Err(Box::new(fault.with_lines(shown.collect())))
}

/// Whether a compiler says so: make warns of clocks, and cargo counts its warnings at the end.
fn is_warning(line: &str) -> bool {
    let is_about_code = !line.starts_with("make") && !line.contains("generated");
    is_about_code && (line.contains(": warning: ") || line.starts_with("warning: "))
}

#[cfg(test)]
mod tests {
    use super::is_warning;

    #[test]
    fn each_warning_of_a_compiler_counts_once() {
        assert!(is_warning("a.c:3:9: warning: unused variable 'x' [-Wunused-variable]"));
        assert!(is_warning("warning: unused variable: `x`"));
        assert!(!is_warning("warning: `grade` (bin \"a\") generated 1 warning"));
        assert!(!is_warning("make: warning:  Clock skew detected."));
        assert!(!is_warning("cc -o warning warning.c"));
    }
}
