//! Timers: one entry for each connection in one sorted set, instead of a timer of the kernel each.
//!
//! This stops half a request, a client that does not read and one that is silent from staying for
//! ever: `sockets` `one_byte_a_second_does_not_outlive_the_deadline`.

use std::collections::BTreeSet;
use std::time::Instant;

/// When to look at which connection again.
///
/// With each request a connection's deadline moves. Its entry stays where it is, and is moved when
/// it is due: so a busy connection costs nothing here. Only a deadline that comes nearer moves it.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Instant, u64)>);

impl Timers {
    /// Has a connection looked at no later than `due`; `entry` is where it keeps its entry.
    pub(crate) fn set(&mut self, id: u64, entry: &mut Option<Instant>, due: Instant) {
        if entry.is_none_or(|entry| due < entry) {
            self.remove(id, entry);
            self.0.insert((due, id));
            *entry = Some(due);
        }
    }

    /// Removes the entry of a connection.
    pub(crate) fn remove(&mut self, id: u64, entry: &mut Option<Instant>) {
        if let Some(due) = entry.take() {
            self.0.remove(&(due, id));
        }
    }

    /// The next entry that is due; it is no entry any more.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<u64> {
        let &(due, id) = self.0.first()?;
        (due <= now && self.0.remove(&(due, id))).then_some(id)
    }

    /// When the next entry is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|&(due, _)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_connection_has_one_entry_and_only_a_nearer_deadline_moves_it() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let (mut timers, mut one, mut two) = (Timers::default(), None, None);
        timers.set(1, &mut one, at(300));
        timers.set(2, &mut two, at(4));
        timers.set(1, &mut one, at(5));
        timers.set(1, &mut one, at(300));
        assert_eq!((timers.next(), timers.0.len()), (Some(at(4)), 2));
        assert_eq!((timers.pop(at(4)), timers.pop(at(4))), (Some(2), None));
        timers.remove(1, &mut one);
        assert_eq!((timers.next(), one), (None, None));
    }
}
