//! Lines of code of a stage: neither blank, nor comment, nor test.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The lines of all Rust sources below a folder.
///
/// # Errors
/// If one cannot be read.
pub fn of(folder: &Path) -> anyhow::Result<usize> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut sum = 0;
    for entry in entries {
        let path = entry.context("cannot read a folder")?.path();
        if path.is_dir() {
            sum += of(&path)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).context("cannot read a source file")?;
            sum += of_text(&text);
        }
    }
    Ok(sum)
}

/// A file's tests stand at its end.
fn of_text(text: &str) -> usize {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    code.lines().filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_comments_nor_tests_are_code() {
        let text = "//! A file.\n\nfn main() {\n    // Why.\n    go();\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(of_text(text), 3);
    }
}
