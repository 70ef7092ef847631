//! Unread replies in a worker's memory: a few for each client, and the clients in turn.

use std::collections::{HashMap, VecDeque};

/// Clients whose replies are kept at most; beyond it the one that waits longest for its turn loses
/// them, as it is likely gone. With as many replies each as may be kept this is 24 MiB, of which
/// only a forger who asks in a thousand names has any use.
const CLIENTS_MAX: usize = 1024;
/// Replies kept for one client at most; beyond it its oldest is lost. An honest client waits for
/// one; a forger who asks in its name must not push that one out before it is read.
const PER_CLIENT_MAX: usize = 32;

/// The kept replies.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    /// Of each client, the oldest first; never none.
    replies: HashMap<i32, VecDeque<Box<[u8]>>>,
    /// These clients, each once, in the order of their turns.
    turns: VecDeque<i32>,
    lost: u64,
}

impl Deferred {
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
        self.lost + self.replies.values().map(|own| own.len() as u64).sum::<u64>()
    }

    /// Keeps one more; it is its client's newest.
    pub(crate) fn defer(&mut self, client: i32, bytes: Box<[u8]>) {
        if !self.replies.contains_key(&client) {
            if self.turns.len() == CLIENTS_MAX
                && let Some((_, own)) = self.next()
            {
                self.lost += own.len() as u64;
            }
            self.turns.push_back(client);
        }
        let own = self.replies.entry(client).or_default();
        if own.len() == PER_CLIENT_MAX {
            own.pop_front();
            self.lost += 1;
        }
        own.push_back(bytes);
    }

    /// Takes out all that is kept for the client whose turn it is.
    pub(crate) fn next(&mut self) -> Option<(i32, VecDeque<Box<[u8]>>)> {
        let client = self.turns.pop_front()?;
        Some((client, self.replies.remove(&client).unwrap_or_default()))
    }

    /// Keeps again what is left of that after the turn.
    pub(crate) fn put_back(&mut self, client: i32, own: VecDeque<Box<[u8]>>) {
        own.into_iter().for_each(|bytes| self.defer(client, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_their_turns_and_each_its_newest_replies() {
        let mut kept = Deferred::default();
        for byte in 0..PER_CLIENT_MAX as u8 + 2 {
            kept.defer(7, [byte].into());
        }
        kept.defer(8, [0].into());
        assert_eq!((kept.clients(), kept.lost()), (2, 2 + PER_CLIENT_MAX as u64 + 1));
        let (client, own) = kept.next().unwrap();
        let newest = own.iter().map(|bytes| bytes[0]);
        assert!(client == 7 && newest.eq(2..PER_CLIENT_MAX as u8 + 2), "{own:?}");
        kept.put_back(7, own);
        assert_eq!(kept.next().unwrap().0, 8);
        assert_eq!(kept.next().unwrap().0, 7);
        assert!(kept.next().is_none() && kept.is_empty());
    }

    #[test]
    fn one_client_too_many_costs_the_one_that_waits_longest() {
        let mut kept = Deferred::default();
        for client in 0..=CLIENTS_MAX as i32 {
            kept.defer(client, [0].into());
            kept.defer(client, [1].into());
        }
        assert_eq!((kept.clients(), kept.lost), (CLIENTS_MAX, 2));
        assert_eq!(kept.next().unwrap().0, 1);
    }
}
