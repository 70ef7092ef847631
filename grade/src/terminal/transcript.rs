//! What a terminal has shown, as plain text.

/// The text that a terminal has shown, without what only moves its cursor or colours it.
///
/// A byte that is no UTF-8 is taken as Latin-1: programs of some editors write it.
#[derive(Debug, Default)]
pub struct Transcript {
    text: String,
    state: State,
    pending: Vec<u8>,
    skips_newline: bool,
    received: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// In a control sequence, ESC [, up to its letter.
    Control,
    /// In a string such as a window's title, ESC ], up to BEL or ESC \.
    String,
    /// One more byte belongs to it: ESC ( B.
    One,
}

impl Transcript {
    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes have been added.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Nothing more comes for now: what looks like the beginning of a letter is one in Latin-1.
    pub fn settle(&mut self) {
        self.flush(true);
    }

    /// Begins a new line: a person has pressed Enter.
    pub fn enter(&mut self) {
        self.settle();
        self.text.push('\n');
        self.skips_newline = false;
    }

    /// Adds what a program has written.
    pub fn add(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        for &byte in bytes {
            self.state = self.next(byte);
        }
        self.flush(false);
    }

    fn next(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Text, 0x1b) => {
                self.flush(true);
                State::Escape
            }
            (State::Text, b'\r') => {
                self.flush(true);
                // The cursor goes to where the line begins: what is there is kept.
                if !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push('\n');
                    self.skips_newline = true;
                }
                State::Text
            }
            (State::Text, b'\n') if self.skips_newline => {
                self.skips_newline = false;
                State::Text
            }
            (State::Text, b'\n' | b'\t' | 0x20..=0x7e | 0x80..) => {
                self.skips_newline = false;
                self.pending.push(byte);
                State::Text
            }
            (State::Text, _) => State::Text,
            (State::Escape, b'[') => State::Control,
            (State::Escape, b']' | b'P' | b'_' | b'^' | b'X') => State::String,
            (State::Escape, b' '..=b'/') => State::One,
            (State::Escape | State::One, _) => State::Text,
            (State::Control, 0x40..=0x7e) => State::Text,
            (State::Control, b'\n') => {
                self.pending.push(byte);
                State::Text
            }
            (State::Control, _) => State::Control,
            (State::String, 0x07) => State::Text,
            (State::String, 0x1b) => State::Escape,
            (State::String, _) => State::String,
        }
    }

    /// Turns bytes into text; the beginning of a letter waits for its rest.
    fn flush(&mut self, is_over: bool) {
        let bytes = std::mem::take(&mut self.pending);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    return;
                }
                Err(error) => error,
            };
            let (valid, other) = rest.split_at(error.valid_up_to());
            self.text.push_str(&String::from_utf8_lossy(valid));
            if error.error_len().is_none() && !is_over {
                self.pending = other.to_vec();
                return;
            }
            self.text.push(char::from(other[0]));
            rest = &other[1..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    fn shown(pieces: &[&[u8]]) -> String {
        let mut transcript = Transcript::default();
        pieces.iter().for_each(|piece| transcript.add(piece));
        transcript.text().to_owned()
    }

    #[test]
    fn colours_and_titles_are_left_out() {
        assert_eq!(
            shown(&[b"\x1b[1;31mNON\x1b[0m.\x1b]0;title\x07 \x1b(Bfin\x1b[?2004h"]),
            "NON. fin"
        );
        assert_eq!(shown(&[b"a\x1b", b"[3", b"1mb\x1b]t\x1b\\c\x07\x08"]), "abc");
    }

    #[test]
    fn a_carriage_return_begins_a_line_once() {
        assert_eq!(shown(&[b"one\r\ntwo\rthree\n\r\nfour"]), "one\ntwo\nthree\n\nfour");
        assert_eq!(shown(&[b"one\r", b"\ntwo"]), "one\ntwo");
    }

    #[test]
    fn letters_come_in_pieces_and_in_latin_1() {
        assert_eq!(shown(&[b"r\xc3", b"\xa9serv\xc3\xa9e"]), "réservée");
        assert_eq!(shown(&[b"r\xe9serv\xe9e \xe9"]), "réservée ");
        let mut transcript = Transcript::default();
        transcript.add(b"\xe9");
        transcript.enter();
        assert_eq!(transcript.text(), "é\n");
    }
}
