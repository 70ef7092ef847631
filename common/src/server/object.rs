//! A kernel object as a line of the lock file, whatever stage has made it: the next server in DIR may
//! be another stage's.

use std::fmt;

/// An object that outlives its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A message queue: `queue 0x51000001`, and `id 7` behind it once it is made.
    Queue {
        /// What msgget(2) found it by.
        key: i32,
        /// As `ipcs -q` shows it; None before it is made.
        id: Option<i32>,
    },
    /// A shared segment: `segment 0x00000001 of 4242`.
    Segment {
        /// What shmget(2) finds it by, until it is marked for removal.
        key: i32,
        /// The process that makes it.
        maker: i32,
    },
}

impl Object {
    /// The object that a line names.
    pub fn parse(line: &str) -> Option<Object> {
        let words: Vec<&str> = line.split(' ').collect();
        let key = |word: &str| {
            let digits = word.strip_prefix("0x")?;
            u32::from_str_radix(digits, 16).ok().map(|key| key as i32)
        };
        match words[..] {
            ["queue", word] => Some(Object::Queue { key: key(word)?, id: None }),
            ["queue", word, "id", id] => {
                Some(Object::Queue { key: key(word)?, id: Some(id.parse().ok()?) })
            }
            ["segment", word, "of", maker] => {
                Some(Object::Segment { key: key(word)?, maker: maker.parse().ok()? })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Object::Queue { key, id: None } => write!(f, "queue {key:#010x}"),
            Object::Queue { key, id: Some(id) } => write!(f, "queue {key:#010x} id {id}"),
            Object::Segment { key, maker } => write!(f, "segment {key:#010x} of {maker}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_was_written_and_nothing_else_is_one() {
        for object in [
            Object::Queue { key: 0x5101_0203, id: None },
            Object::Queue { key: -2, id: Some(98_304) },
            Object::Segment { key: 1, maker: 42 },
        ] {
            assert_eq!(Object::parse(&object.to_string()), Some(object));
        }
        assert_eq!(Object::Queue { key: 0x51, id: Some(7) }.to_string(), "queue 0x00000051 id 7");
        for line in [
            "",
            "queue",
            "queue 51",
            "ueue 0x51 id 7",
            "queue 0x51 id",
            "queue 0x51 id x",
            "fifo 0x51",
            "queue 0x51 id 7 8",
            "segment 0x51",
            "segment 0x51 id 7",
        ] {
            assert_eq!(Object::parse(line), None, "{line:?}");
        }
    }
}
