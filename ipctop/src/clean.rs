//! Makes text that somebody else chose harmless for a terminal.

/// Longest text that is kept, in characters.
const CHARS_MAX: usize = 4096;

/// The same text without characters that a terminal would obey, or that would change the direction
/// of what follows: each becomes U+FFFD.
pub fn clean(text: &str) -> String {
    text.chars().take(CHARS_MAX).map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// As [`clean`], from bytes that may be no UTF-8.
pub fn clean_bytes(bytes: &[u8]) -> String {
    clean(&String::from_utf8_lossy(bytes))
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left() {
        let hostile = "a\x1b[2J\n\r\t\u{9b}31m\u{7f}\u{202e}b";
        let cleaned = clean(hostile);
        assert!(!cleaned.chars().any(is_harmful), "{cleaned:?}");
        assert!(cleaned.starts_with('a') && cleaned.ends_with('b'));
        assert_eq!(clean("L'Été à Ωμέγα"), "L'Été à Ωμέγα");
        assert_eq!(clean_bytes(b"\xff\x1b"), "\u{fffd}\u{fffd}");
    }
}
