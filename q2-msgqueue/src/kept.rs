//! Unread replies in a worker's memory: a few for each client, and the clients in turn.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// Clients whose replies are kept at most; beyond it the one that waits longest for its turn loses
/// them, as it is likely gone. With as many replies each as may be kept this is 24 MiB, of which
/// only a forger who asks in a thousand names has any use.
const CLIENTS_MAX: usize = 1024;
/// Replies kept for one client at most; beyond it its oldest is lost. An honest client waits for
/// one; a forger who asks in its name must not push that one out before it is read.
const PER_CLIENT_MAX: usize = 32;
/// Who loses more replies than this at once, and in a second, asks without reading. Somebody may
/// ask in the name of many who do not: each loses some hundred a second.
const LOSSES_AT_ONCE: f32 = 500.0;
const LOSSES_PER_SECOND: f32 = 5000.0;

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
    /// The oldest first.
    pub(crate) replies: VecDeque<Box<[u8]>>,
    losses: Losses,
}

/// How many replies a client has lost of late: a bucket that leaks.
#[derive(Clone, Copy, Debug, Default)]
struct Losses {
    level: f32,
    last: Option<Instant>,
}

impl Losses {
    fn level(self) -> f32 {
        let leaked = self.last.map_or(0.0, |last| last.elapsed().as_secs_f32()) * LOSSES_PER_SECOND;
        (self.level - leaked).max(0.0)
    }

    fn add(&mut self) {
        let level = (self.level() + 1.0).min(2.0 * LOSSES_AT_ONCE);
        *self = Losses { level, last: Some(Instant::now()) };
    }
}

impl Unread {
    /// It has just taken one.
    pub(crate) fn is_read(&mut self) {
        self.losses = Losses::default();
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

    /// Whether this client asks without reading.
    pub(crate) fn is_deaf(&self, client: i32) -> bool {
        self.clients.get(&client).is_some_and(|unread| unread.losses.level() >= LOSSES_AT_ONCE)
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
        let unread = self.clients.entry(client).or_default();
        if unread.replies.len() == PER_CLIENT_MAX {
            unread.replies.pop_front();
            unread.losses.add();
            self.lost += 1;
        }
        unread.replies.push_back(bytes);
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
            kept.losses = unread.losses;
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
    fn who_loses_many_replies_at_once_is_deaf_until_it_reads_or_a_while_has_passed() {
        let mut kept = Kept::default();
        let burst = |kept: &mut Kept| {
            (0..4 * LOSSES_AT_ONCE as usize).for_each(|_| kept.keep(7, [0].into()));
        };
        (0..PER_CLIENT_MAX + 100).for_each(|_| kept.keep(7, [0].into()));
        assert!(!kept.is_deaf(7));
        burst(&mut kept);
        assert!(kept.is_deaf(7) && !kept.is_deaf(8));
        let (_, unread) = kept.next().unwrap();
        // Meanwhile one of its replies came back from the queue.
        kept.keep(7, [1].into());
        kept.put_back(7, unread);
        assert!(kept.is_deaf(7));
        let (_, mut unread) = kept.next().unwrap();
        unread.is_read();
        kept.put_back(7, unread);
        assert!(!kept.is_deaf(7));
        burst(&mut kept);
        let before = Instant::now();
        while kept.is_deaf(7) {
            assert!(before.elapsed().as_secs_f32() < 1.0);
        }
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
