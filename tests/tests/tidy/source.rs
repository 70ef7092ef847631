//! A source as a reader counts it: code, functions, imports.

/// The lines of a source that are code: no comment, no blank line, no unit test.
pub(crate) fn code(text: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let before_tests = text.lines().take_while(|line| *line != "#[cfg(test)]");
    before_tests.filter(is_code).collect()
}

/// The same without imports.
pub(crate) fn code_but_imports(text: &str) -> Vec<&str> {
    let mut is_import = false;
    let mut kept = code(text);
    kept.retain(|line| {
        let begins = line.starts_with("use ") || line.starts_with("pub mod ");
        let was_import = is_import || begins;
        is_import = was_import && !line.ends_with(';');
        !was_import && !line.starts_with("mod ")
    });
    kept
}

/// Functions by name, with their lines of code. rustfmt puts the end of one below its beginning.
pub(crate) fn functions(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    for line in code(text) {
        let indent = line.len() - line.trim_start().len();
        open.iter_mut().for_each(|(_, _, lines)| *lines += 1);
        if open.last().is_some_and(|(at, ..)| *at == indent) && line.trim() == "}" {
            let (_, name, lines) = open.pop().unwrap();
            found.push((name, lines));
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        let at = words.iter().position(|word| *word == "fn");
        if let Some(at) = at
            && !line.ends_with([';', '}'])
            && words[..at].iter().all(|word| word.starts_with("pub") || *word == "unsafe")
        {
            let name = words[at + 1].split(['(', '<']).next().unwrap();
            open.push((indent, name.to_owned(), 1));
        }
    }
    found
}

#[test]
fn code_and_functions_are_counted_as_a_reader_would() {
    let text = "//! A file.\n\nuse std::io::{\n    Read,\n    Write,\n};\nmod a;\n\n/// Doc.\n\
                pub fn one(x: u8) -> u8 {\n    // Why.\n    x\n}\n\nimpl X {\n    fn two(\n        \
                &self,\n    ) {\n        if a {\n        }\n    }\n}\n#[cfg(test)]\nfn three() {\n}\n";
    assert_eq!(code(text).len(), 16);
    assert_eq!(code_but_imports(text).len(), 11);
    assert_eq!(functions(text), [("one".to_owned(), 3), ("two".to_owned(), 6)]);
}
