//! A Markdown page as prose: its blocks, their words and their sentences.

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A paragraph.
    Paragraph,
    /// An item of a list.
    Item,
    /// A cell of a table.
    Cell,
    /// A heading.
    Heading,
}

/// A piece of prose that stands by itself.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// The line on which it begins, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    /// The heading above it.
    pub(crate) section: String,
}

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 6] = ["e.g.", "i.e.", "cf.", "vs.", "approx.", "resp."];

/// The blocks of a page. Code, comments and HTML are none.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut fence, mut in_comment, mut is_open) = (String::new(), None, false, false);
    for (number, line) in page.lines().enumerate() {
        let text = line.trim_start().trim_start_matches("> ");
        let mark = ["```", "~~~"].into_iter().find(|&mark| text.starts_with(mark));
        let block = |kind, text: &str, section: &str| {
            let (text, section) = (text.trim().to_owned(), section.to_owned());
            Block { kind, line: number + 1, text, section }
        };
        if fence.is_some() || mark.is_some() {
            fence = if fence.is_none() { mark } else { fence.filter(|_| mark != fence) };
            is_open = false;
        } else if in_comment || text.starts_with('<') {
            in_comment = (in_comment || text.starts_with("<!--")) && !text.contains("-->");
            is_open = false;
        } else if text.is_empty() {
            is_open = false;
        } else if let Some(heading) = text.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim().to_owned();
            blocks.push(block(Kind::Heading, &section, &section));
            is_open = false;
        } else if let Some(row) = text.strip_prefix('|') {
            let row = row.trim_end().trim_end_matches('|').replace("\\|", "/");
            let cells =
                row.split('|').filter(|cell| !cell.trim().chars().all(|c| "-:".contains(c)));
            blocks.extend(cells.map(|cell| block(Kind::Cell, cell, &section)));
            is_open = false;
        } else if let Some(item) = item(text) {
            blocks.push(block(Kind::Item, item, &section));
            is_open = true;
        } else if let Some(last) = blocks.last_mut().filter(|_| is_open) {
            last.text = format!("{} {}", last.text, text.trim());
        } else {
            blocks.push(block(Kind::Paragraph, text, &section));
            is_open = true;
        }
    }
    blocks
}

/// What stands behind the mark of a list's item.
fn item(text: &str) -> Option<&str> {
    let numbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        numbered.strip_prefix(". ").filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
    text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")).or(numbered)
}

/// The words of a block. A span of code is one word, and a link is the words that it shows.
pub(crate) fn words(text: &str) -> Vec<String> {
    let shown = without_addresses(&without_code(text));
    let word = |token: &str| {
        let word = token.trim_matches(['*', '_', '~']);
        word.contains(|c: char| c.is_alphanumeric()).then(|| word.to_owned())
    };
    // Two words that a slash or a dash joins are one; a dash between blanks is none.
    shown.split_whitespace().filter_map(word).collect()
}

/// Every span of code becomes `Code`, so that blanks and full stops in it do not count.
fn without_code(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(begin) = rest.find('`') {
        let ticks = rest[begin..].chars().take_while(|&c| c == '`').count();
        let mark = &rest[begin..begin + ticks];
        let Some(len) = rest[begin + ticks..].find(mark) else { break };
        shown += &rest[..begin];
        shown += "Code";
        rest = &rest[begin + ticks + len + ticks..];
    }
    shown + rest
}

/// A link without its address; an image without anything.
fn without_addresses(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(end) = rest.find("](") {
        let Some(len) = rest[end..].find(')') else { break };
        let begin = rest[..end].rfind('[').unwrap_or(end);
        let is_image = rest[..begin].ends_with('!');
        shown += rest[..begin].trim_end_matches('!');
        shown += if is_image { "" } else { rest[begin..end].trim_start_matches('[') };
        rest = &rest[end + len + 1..];
    }
    shown + rest
}

/// The sentences of a block, each as its words; a last one without a full stop counts too.
pub(crate) fn sentences(text: &str) -> Vec<Vec<String>> {
    let mut sentences = vec![Vec::new()];
    for word in words(text) {
        let is_end = ends_sentence(&word);
        if let Some(sentence) = sentences.last_mut() {
            sentence.push(word);
        }
        if is_end {
            sentences.push(Vec::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Whether a sentence ends with this word.
pub(crate) fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches([')', ']', '"', '\'', '*', '_', '”', '’']);
    let first = bare.trim_start_matches(['(', '[', '"', '“']).to_lowercase();
    bare.ends_with(['.', '?', '!'])
        && !bare.ends_with("...")
        && !ABBREVIATIONS.contains(&first.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        sentences(text).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_span_of_code_is_one_word_whatever_is_in_it() {
        assert_eq!(words("run `cargo run -p q2. Now` twice"), ["run", "Code", "twice"]);
        assert_eq!(words("``a ` b`` and `c`."), ["Code", "and", "Code."]);
        assert_eq!(words("a lone ` tick"), ["a", "lone", "tick"]);
    }

    #[test]
    fn a_link_is_the_words_that_it_shows() {
        assert_eq!(
            words("see [the protocol](docs/PROTOCOL.md#a-b), please"),
            ["see", "the", "protocol,", "please"]
        );
        assert_eq!(words("![a picture of it](a.svg) and [`x y`](z)"), ["and", "Code"]);
    }

    #[test]
    fn signs_between_blanks_are_no_words() {
        assert_eq!(words("a - b -> c | **d** = _e_"), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn an_abbreviation_or_a_number_ends_no_sentence() {
        assert_eq!(lengths("Use one, e.g. this (i.e. that), at 1.5 ms. Then stop."), [9, 2]);
        assert_eq!(lengths("Wait ... then go on. Done"), [4, 1]);
    }

    #[test]
    fn a_sentence_ends_inside_of_brackets_and_emphasis_too() {
        assert_eq!(lengths("**It ends.** (So it does.) Does it? Yes!"), [2, 3, 2, 1]);
        assert_eq!(lengths("Call `a.b()`. It returns; it has ended: really."), [2, 6]);
    }

    #[test]
    fn paragraphs_items_cells_and_headings_are_blocks_and_code_is_none() {
        let page = "# A page\n\nOne\ntwo.\n\n- item\n  more\n1. first\n\n```sh\n- no\n```\n\
                    | a | b c |\n|---|:-:|\n| `x | y` | z |\n<!-- not\nthis -->\nlast\n";
        let found: Vec<(Kind, usize, String)> =
            blocks(page).into_iter().map(|block| (block.kind, block.line, block.text)).collect();
        let expected = [
            (Kind::Heading, 1, "A page"),
            (Kind::Paragraph, 3, "One two."),
            (Kind::Item, 6, "item more"),
            (Kind::Item, 8, "first"),
            (Kind::Cell, 13, "a"),
            (Kind::Cell, 13, "b c"),
            (Kind::Cell, 15, "`x"),
            (Kind::Cell, 15, "y`"),
            (Kind::Cell, 15, "z"),
            (Kind::Paragraph, 18, "last"),
        ];
        assert_eq!(found, expected.map(|(kind, line, text)| (kind, line, text.to_owned())));
        assert!(blocks(page).iter().all(|block| block.section == "A page"));
    }
}
