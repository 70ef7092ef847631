//! Clients that live and do nothing: threads that wait until the test is over.

use std::sync::{Arc, Barrier, mpsc};
use std::thread::{self, JoinHandle};

use nix::unistd::gettid;

/// The threads, with the ids to which their replies would go.
pub(crate) struct Parked {
    threads: Vec<(JoinHandle<()>, i32)>,
    over: Arc<Barrier>,
}

impl Parked {
    pub(crate) fn start(count: usize) -> Parked {
        let over = Arc::new(Barrier::new(count + 1));
        let start = |_| {
            let (tell, told) = mpsc::channel();
            let over = over.clone();
            let thread = thread::spawn(move || {
                tell.send(gettid().as_raw()).expect("somebody waits for it");
                over.wait();
            });
            (thread, told.recv().expect("it does not panic"))
        };
        Parked { threads: (0..count).map(start).collect(), over }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> {
        self.threads.iter().map(|(_, id)| *id)
    }

    pub(crate) fn end(self) {
        self.over.wait();
        self.threads.into_iter().for_each(|(thread, _)| thread.join().expect("it does not panic"));
    }
}
