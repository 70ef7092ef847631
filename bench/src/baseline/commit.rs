//! Group commit between threads, and nothing else: all that ask while a sync is made wait for the
//! next one, which is made for all of them.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::Builder;

use anyhow::Context;

use crate::baseline::disk::Disk;

/// A thread that syncs, and those that wait for it.
#[derive(Debug, Default)]
pub struct Committer {
    state: Mutex<State>,
    wanted: Condvar,
    durable: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody waits for the next sync.
    is_wanted: bool,
    /// Syncs that have begun and that have ended.
    begun: u64,
    ended: u64,
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "nothing panics while it holds the lock";

impl Committer {
    /// Starts the thread, which syncs a file in `dir`.
    ///
    /// # Errors
    /// If there is no file or no thread.
    pub fn start(dir: &Path) -> anyhow::Result<Arc<Committer>> {
        let shared = Arc::new(Committer::default());
        let mut disk = Disk::open(dir)?;
        let committer = shared.clone();
        let commit = move || {
            if let Err(error) = committer.commit(&mut disk) {
                eprintln!("bench: {error:#}");
            }
        };
        Builder::new().spawn(commit).context("cannot start a thread")?;
        Ok(shared)
    }

    /// Waits until a sync that has begun after this call has ended.
    pub fn wait_durable(&self) {
        let mut state = self.state.lock().expect(UNPOISONED);
        let mine = state.begun + 1;
        if !state.is_wanted {
            state.is_wanted = true;
            self.wanted.notify_one();
        }
        let waited = self.durable.wait_while(state, |state| state.ended < mine);
        drop(waited.expect(UNPOISONED));
    }

    fn commit(&self, disk: &mut Disk) -> anyhow::Result<()> {
        let mut state = self.state.lock().expect(UNPOISONED);
        loop {
            state = self.wanted.wait_while(state, |state| !state.is_wanted).expect(UNPOISONED);
            state.is_wanted = false;
            state.begun += 1;
            drop(state);
            disk.write_and_sync()?;
            state = self.state.lock().expect(UNPOISONED);
            state.ended = state.begun;
            self.durable.notify_all();
        }
    }
}
