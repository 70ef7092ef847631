//! The file `stat` of a process or thread, as far as it is needed. See proc_pid_stat(5).

use crate::clean::clean_bytes;

/// The last field that is read: starttime.
const LAST: usize = 22;
/// The fields before those that are numbers: pid, comm, state.
const WORDS: usize = 3;

/// What `stat` says.
#[derive(Clone, Debug)]
pub(crate) struct Stat {
    /// The name.
    pub(crate) name: String,
    /// The state.
    pub(crate) state: char,
    numbers: [i64; LAST - WORDS],
}

impl Stat {
    /// Reads the text of the file; the name in it may hold any bytes, brackets too.
    pub(crate) fn read(text: &[u8]) -> Option<Stat> {
        let begin = text.iter().position(|&byte| byte == b'(')?;
        let end = text.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(text.get(end + 1..)?).ok()?;
        let mut words = rest.split_ascii_whitespace();
        let state = words.next()?.chars().next()?;
        let mut numbers = [0; LAST - WORDS];
        for number in &mut numbers {
            *number = words.next()?.parse().ok()?;
        }
        Some(Stat { name: clean_bytes(text.get(begin + 1..end)?), state, numbers })
    }

    /// A field by its number in the manual, from 4 to 22.
    pub(crate) fn field(&self, number: usize) -> i64 {
        self.numbers.get(number - WORDS - 1).copied().unwrap_or_default()
    }

    /// A field that is never negative.
    pub(crate) fn count(&self, number: usize) -> u64 {
        self.field(number).max(0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_hides_no_field() {
        let text = b"4711 (a) R 1 (b)) S 5 6 7 0 -1 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24";
        let stat = Stat::read(text).unwrap();
        assert_eq!((stat.name.as_str(), stat.state), ("a) R 1 (b)", 'S'));
        assert_eq!((stat.field(4), stat.field(8), stat.count(22)), (5, -1, 22));
        for broken in [&b""[..], b"1 (", b")(", b"1 (a) S", b"1 (a) S x"] {
            assert!(Stat::read(broken).is_none());
        }
    }
}
