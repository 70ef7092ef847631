//! The links of a page: what they name must be there.

use std::fs;
use std::path::Path;

use super::rules::Page;
use super::text::{Kind, blocks};

/// Links to files and headings of the project that are not there.
pub(crate) fn dead(page: &Page, root: &Path) -> Vec<(usize, String)> {
    let mut dead = Vec::new();
    for block in blocks(&page.text) {
        let targets = block.text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets.filter(|(target, _)| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = root.join(&page.name).parent().map(Path::to_owned).unwrap_or_default();
            let path = if file.is_empty() { root.join(&page.name) } else { folder.join(file) };
            let is_there = path.exists()
                && (heading.is_empty()
                    || fs::read_to_string(&path).is_ok_and(|text| has_heading(&text, heading)));
            if !is_there {
                dead.push((block.line, target.to_owned()));
            }
        }
    }
    dead
}

/// Whether a page has a heading that is linked by this name: lower case, hyphens for blanks, and
/// nothing of the other signs.
fn has_heading(page: &str, name: &str) -> bool {
    let is_kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    let link = |heading: &str| {
        let text: String = heading.to_lowercase().chars().filter(is_kept).collect();
        text.replace(' ', "-")
    };
    let mut blocks = blocks(page).into_iter().filter(|block| block.kind == Kind::Heading);
    blocks.any(|block| link(&block.text) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_what_is_not_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let text = "# Message queues (q2, q3)\n\n[a](docs/b.md) [c](#message-queues-q2-q3)\n\
                    | [d](README.md#no-such) | [e](https://example.org/none) |\n";
        fs::write(folder.path().join("README.md"), text).unwrap();
        let page = Page { name: "README.md".to_owned(), text: text.to_owned() };
        let found = dead(&page, folder.path());
        assert_eq!(found, [(3, "docs/b.md".to_owned()), (4, "README.md#no-such".to_owned())]);
    }
}
