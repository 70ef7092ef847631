//! What strace has written, as a list of calls.

use std::collections::{BTreeMap, HashMap};

/// A system call in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The thread that made it.
    pub tid: i32,
    /// Its name.
    pub name: String,
    /// What stands behind the name: arguments, result, remarks.
    pub text: String,
    /// The line on which it was entered.
    pub begin: usize,
    /// The line on which it returned; far behind the end if it has not.
    pub end: usize,
}

/// The calls of a trace, in the order in which they were entered.
pub fn parse(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<i32, usize> = HashMap::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((tid, rest)) = line.split_once(' ') else { continue };
        let Ok(tid) = tid.parse() else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let (Some(index), Some((_, text))) =
                (unfinished.remove(&tid), resumed.split_once(" resumed>"))
            else {
                continue;
            };
            calls[index].text.push_str(text);
            calls[index].end = at;
        } else if let Some((name, text)) = rest.split_once('(') {
            let (text, end) = match text.split_once(" <unfinished ...>") {
                Some((text, _)) => {
                    unfinished.insert(tid, calls.len());
                    (text, usize::MAX)
                }
                None => (text, at),
            };
            let (name, text) = (name.to_owned(), text.to_owned());
            calls.push(Call { tid, name, text, begin: at, end });
        }
    }
    calls
}

/// How often each call was made by the thread that made it most often: so far strace's `when=N`
/// reaches.
pub fn most_per_thread(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts: HashMap<(i32, &str), usize> = HashMap::new();
    for call in calls {
        *counts.entry((call.tid, &call.name)).or_default() += 1;
    }
    let mut most = BTreeMap::new();
    for ((_, name), count) in counts {
        let entry: &mut usize = most.entry(name.to_owned()).or_default();
        *entry = count.max(*entry);
    }
    most
}

impl Call {
    /// What it returned; None if it failed or did not return.
    pub fn result(&self) -> Option<u64> {
        let (_, result) = self.text.rsplit_once(" = ")?;
        result.split_whitespace().next()?.split('<').next()?.parse().ok()
    }

    /// The bytes of its first string, where strace was asked for hexadecimal digits (`-xx`).
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let (_, string) = self.text.split_once('"')?;
        let (string, _) = string.split_once('"')?;
        let digits = string.split("\\x").skip(1);
        digits.map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"7  openat(AT_FDCWD, "d", O_RDONLY) = 5</tmp/d>
7  pwrite64(5, "\x01\x02", 2, 68 <unfinished ...>
8  read(3,  <unfinished ...>
7  <... pwrite64 resumed>) = 2
8  <... read resumed>"\xff", 9) = 1
7  fdatasync(5) = -1 EIO (Input/output error) (INJECTED)
8  --- SIGCHLD {si_signo=SIGCHLD} ---
8  futex(0x7f, FUTEX_WAIT, 2, NULL <unfinished ...>
7  +++ killed by SIGKILL +++
"#;

    #[test]
    fn calls_are_found_with_where_they_began_and_ended() {
        let calls = parse(TRACE);
        let found: Vec<_> =
            calls.iter().map(|call| (call.tid, &*call.name, call.begin, call.end)).collect();
        let expected = [
            (7, "openat", 0, 0),
            (7, "pwrite64", 1, 3),
            (8, "read", 2, 4),
            (7, "fdatasync", 5, 5),
            (8, "futex", 7, usize::MAX),
        ];
        assert_eq!(found, expected);
        let results: Vec<_> = calls.iter().map(Call::result).collect();
        assert_eq!(results, [Some(5), Some(2), Some(1), None, None]);
        assert_eq!(calls[1].bytes(), Some(vec![1, 2]));
        assert_eq!(calls[2].bytes(), Some(vec![0xff]));
    }

    #[test]
    fn the_busiest_thread_says_how_far_counting_reaches() {
        let calls = parse("7 read(3) = 1\n8 read(3) = 1\n7 read(3) = 1\n7 close(3) = 0\n");
        let most = most_per_thread(&calls);
        assert_eq!(most, BTreeMap::from([("close".to_owned(), 1), ("read".to_owned(), 2)]));
    }
}
