//! Unread replies in a worker's memory: a few for each client, and the clients in turn.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Clients whose replies are kept at most; beyond it the one that waits longest for its turn loses
/// them, as it is likely gone.
const CLIENTS_MAX: usize = 1024;
/// Replies kept for one client at most; beyond it its oldest is lost. An honest client waits for
/// one; a forger who asks in its name must not push that one out before it is read.
const PER_CLIENT_MAX: usize = 32;

/// A client that takes no reply for so long, and leaves as many as are kept, does not read.
const DEAF_AFTER: Duration = Duration::from_millis(100);

/// The kept replies.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    clients: HashMap<i32, Unread>,
    /// These clients, each once, in the order of their turns.
    turns: VecDeque<i32>,
    lost: u64,
}

/// What one client has not read.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// The oldest first; never none.
    pub(crate) replies: VecDeque<Box<[u8]>>,
    /// When its first turn ended in which it took nothing; none since the last in which it did.
    deaf_since: Option<Instant>,
}

impl Unread {
    /// Ends its turn, in which it took something or not.
    pub(crate) fn turn_ends(&mut self, took: bool) {
        self.deaf_since =
            if took { None } else { self.deaf_since.or_else(|| Some(Instant::now())) };
    }
}

impl Kept {
    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// How many clients something is kept for.
    pub(crate) fn clients(&self) -> usize {
        self.turns.len()
    }

    /// How many replies were lost, those that are still kept included.
    pub(crate) fn lost(&self) -> u64 {
        self.lost + self.clients.values().map(|unread| unread.replies.len() as u64).sum::<u64>()
    }

    /// Whether this client asks and does not read.
    pub(crate) fn is_deaf(&self, client: i32) -> bool {
        self.clients.get(&client).is_some_and(|unread| {
            unread.replies.len() == PER_CLIENT_MAX
                && unread.deaf_since.is_some_and(|since| since.elapsed() >= DEAF_AFTER)
        })
    }

    /// Keeps one more; it is its client's newest.
    pub(crate) fn keep(&mut self, client: i32, bytes: Box<[u8]>) {
        if !self.clients.contains_key(&client) {
            if self.turns.len() == CLIENTS_MAX
                && let Some((_, unread)) = self.next()
            {
                self.lost += unread.replies.len() as u64;
            }
            self.turns.push_back(client);
        }
        let own = &mut self.clients.entry(client).or_default().replies;
        if own.len() == PER_CLIENT_MAX {
            own.pop_front();
            self.lost += 1;
        }
        own.push_back(bytes);
    }

    /// Takes out all that is kept for the client whose turn it is.
    pub(crate) fn next(&mut self) -> Option<(i32, Unread)> {
        let client = self.turns.pop_front()?;
        Some((client, self.clients.remove(&client).unwrap_or_default()))
    }

    /// Keeps again what is left of that after the turn.
    pub(crate) fn put_back(&mut self, client: i32, unread: Unread) {
        unread.replies.into_iter().for_each(|bytes| self.keep(client, bytes));
        if let Some(kept) = self.clients.get_mut(&client) {
            kept.deaf_since = unread.deaf_since;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_their_turns_and_each_its_newest_replies() {
        let mut kept = Kept::default();
        for byte in 0..PER_CLIENT_MAX as u8 + 2 {
            kept.keep(7, [byte].into());
        }
        kept.keep(8, [0].into());
        assert_eq!((kept.clients(), kept.lost()), (2, 2 + PER_CLIENT_MAX as u64 + 1));
        let (client, unread) = kept.next().unwrap();
        let newest = unread.replies.iter().map(|bytes| bytes[0]);
        assert!(client == 7 && newest.eq(2..PER_CLIENT_MAX as u8 + 2), "{unread:?}");
        kept.put_back(7, unread);
        assert_eq!(kept.next().unwrap().0, 8);
        assert_eq!(kept.next().unwrap().0, 7);
        assert!(kept.next().is_none() && kept.is_empty());
    }

    #[test]
    fn who_is_full_and_takes_nothing_is_deaf_until_it_takes_something() {
        let mut kept = Kept::default();
        let turn = |kept: &mut Kept, took| {
            (0..PER_CLIENT_MAX).for_each(|_| kept.keep(7, [0].into()));
            let (_, mut unread) = kept.next().unwrap();
            unread.turn_ends(took);
            // Meanwhile one of its replies came back from the queue.
            kept.keep(7, [1].into());
            kept.put_back(7, unread);
        };
        let before = Instant::now();
        turn(&mut kept, false);
        let after = Instant::now();
        assert!(!kept.is_deaf(7) || before.elapsed() >= DEAF_AFTER);
        while after.elapsed() < DEAF_AFTER {
            turn(&mut kept, false);
        }
        assert!(kept.is_deaf(7) && !kept.is_deaf(8));
        turn(&mut kept, true);
        assert!(!kept.is_deaf(7));
    }

    #[test]
    fn one_client_too_many_costs_the_one_that_waits_longest() {
        let mut kept = Kept::default();
        for client in 0..=CLIENTS_MAX as i32 {
            kept.keep(client, [0].into());
            kept.keep(client, [1].into());
        }
        assert_eq!((kept.clients(), kept.lost), (CLIENTS_MAX, 2));
        assert_eq!(kept.next().unwrap().0, 1);
    }
}
