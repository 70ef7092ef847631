//! Connections without room: each is told BUSY over TLS, in a thread of its own; beyond a few of
//! them, by an alert, which needs no handshake.
//!
//! This stops clients beyond the limit from delaying the accepting thread:
//! `a_connection_without_room_reads_that_the_server_is_busy`, which `tls` asks too.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many are told BUSY at the same time.
pub const TURNED_AWAY_MAX: usize = 64;
/// How long a stop leaves them for that.
const FINISH_MAX: Duration = Duration::from_millis(200);

/// A record with the alert internal_error: that there is no room has no alert of its own. It can be
/// sent before a handshake, and the client knows by it that nothing was done.
pub const NO_ROOM: [u8; 7] = {
    const ALERT: u8 = 21;
    const FATAL: u8 = 2;
    // The code of AlertDescription::InternalError; see RFC 8446, 6.
    [ALERT, 3, 3, 0, 2, FATAL, 80]
};

/// Counts the connections that are being told.
#[derive(Clone, Debug, Default)]
pub struct TurnedAway(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    count: Mutex<usize>,
    has_changed: Condvar,
}

/// The right to tell one, until it is dropped.
#[derive(Debug)]
pub struct Permit(TurnedAway);

impl TurnedAway {
    /// The right to tell one more; None if there are too many.
    pub fn acquire(&self) -> Option<Permit> {
        let mut count = self.lock();
        if *count == TURNED_AWAY_MAX {
            return None;
        }
        *count += 1;
        Some(Permit(self.clone()))
    }

    /// At a stop: waits until all are told, but not for long.
    pub fn finish(&self) {
        let some = |count: &mut usize| *count > 0;
        drop(self.0.has_changed.wait_timeout_while(self.lock(), FINISH_MAX, some));
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // Nothing can panic between lock and unlock here.
        self.0.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.0.has_changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::AlertDescription;

    #[test]
    fn a_permit_is_given_again_when_it_is_returned() {
        let turned_away = TurnedAway::default();
        let mut permits: Vec<_> = (0..64).map(|_| turned_away.acquire().unwrap()).collect();
        assert!(turned_away.acquire().is_none());
        permits.pop();
        assert!(turned_away.acquire().is_some());
        drop(permits);
        turned_away.finish();
        assert_eq!(*turned_away.lock(), 0);
    }

    #[test]
    fn the_alert_has_the_code_of_the_standard() {
        assert_eq!(u8::from(AlertDescription::InternalError), NO_ROOM[6]);
    }
}
