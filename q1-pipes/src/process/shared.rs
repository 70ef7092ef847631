//! The published table: a page of memory that the workers share, under a lock that passes on when
//! its holder dies.

use std::io;
use std::time::Duration;

use common::booking::table::Table;
use common::program::process;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use tracing::debug;

use crate::sys::{Guard, Memory, Shared};

/// How long to wait for the lock before the state of its holder is checked. An honest holder needs
/// it for the time of one copy.
const LOCK_TIMEOUT: Duration = Duration::from_millis(50);

/// The table that every consultation sees. Made before the workers are forked.
#[derive(Debug)]
pub struct SharedTable {
    shared: Shared<Table>,
}

impl SharedTable {
    /// Maps the memory and publishes `table`.
    ///
    /// # Errors
    /// ENOMEM. See mmap(2).
    pub fn new(table: &Table) -> io::Result<SharedTable> {
        SharedTable::new_in(Memory::anonymous(Shared::<Table>::SIZE)?, table)
    }

    /// Publishes `table` in memory that another mechanism has mapped: a page is enough.
    ///
    /// # Errors
    /// EINVAL if it is too small.
    pub fn new_in(memory: Memory, table: &Table) -> io::Result<SharedTable> {
        Ok(SharedTable { shared: Shared::new(memory, *table)? })
    }

    /// Answers a consultation from the table as it was published last.
    ///
    /// # Errors
    /// If the holder of the lock is a stopped process.
    pub fn answer(&self, request: &Request, server: i32, reply: &mut Reply) -> io::Result<()> {
        self.lock()?.answer(request, server, reply);
        Ok(())
    }

    /// The table as it was published last, as one snapshot.
    ///
    /// # Errors
    /// If the holder of the lock is a stopped process.
    pub fn read(&self) -> io::Result<Table> {
        Ok(*self.lock()?)
    }

    /// Publishes a table, which must be durable already.
    ///
    /// A process killed in the middle of this copy leaves some counts new and some old. Each of
    /// them is durable, and none of the new ones is acknowledged. Readers see unfinished
    /// reservations in another order, no more. So nothing has to be repaired, and the lock passes
    /// on. See pthread_mutex_consistent(3).
    ///
    /// # Errors
    /// If the holder of the lock is a stopped process.
    pub fn publish(&self, table: &Table) -> io::Result<()> {
        *self.lock()? = *table;
        Ok(())
    }

    /// Waits for the lock as long as its holder can run: on a loaded machine that may take a while.
    /// A stopped holder is an error.
    fn lock(&self) -> io::Result<Guard<'_, Table>> {
        loop {
            match self.shared.timedlock(LOCK_TIMEOUT) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                result => return result,
            }
            let owner = self.shared.owner();
            if matches!(process::state(owner), Some('T' | 't')) {
                return Err(io::Error::other(format!(
                    "process {owner} holds the shared lock and is stopped"
                )));
            }
            debug!(owner, "still waiting for the shared lock");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{_exit, fork_beside_threads};
    use common::booking::shows;
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;
    use std::sync::mpsc::channel;
    use std::thread;

    /// Runs `body` in a child. It may use no lock or memory of this many-threaded process.
    fn child(body: impl FnOnce()) -> Pid {
        let Some(pid) = fork_beside_threads().unwrap() else {
            body();
            _exit(0)
        };
        Pid::from_raw(pid)
    }

    #[test]
    fn what_one_process_publishes_the_other_reads() {
        let table = shows::sample();
        let shared = SharedTable::new(&Table::new()).unwrap();
        let pid = child(|| shared.publish(&table).map_or_else(|_| _exit(1), |()| ()));
        waitpid(pid, None).unwrap();
        assert_eq!(shared.read().unwrap(), table);
    }

    #[test]
    fn the_lock_of_a_dead_holder_passes_on_at_once() {
        let shared = SharedTable::new(&shows::sample()).unwrap();
        let pid = child(|| {
            let guard = shared.lock();
            std::mem::forget(guard);
        });
        waitpid(pid, None).unwrap();
        // One attempt only. `read` would wait for ever if the lock did not pass on.
        let guard = shared.shared.timedlock(LOCK_TIMEOUT).unwrap();
        assert_eq!(*guard, shows::sample());
        drop(guard);
        assert_eq!(shared.read().unwrap(), shows::sample());
    }

    #[test]
    fn a_stopped_holder_is_named_instead_of_waited_for() {
        let shared = SharedTable::new(&shows::sample()).unwrap();
        let pid = child(|| {
            let _guard = shared.lock();
            _exit(i32::from(kill(Pid::this(), Signal::SIGSTOP).is_err()))
        });
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        // The death of the holder would end a wait for it.
        let (read, is_read) = channel();
        let watchdog = thread::spawn(move || {
            let in_time = is_read.recv_timeout(Duration::from_secs(10)).is_ok();
            kill(pid, Signal::SIGKILL).unwrap();
            assert!(in_time, "a stopped holder is waited for");
        });
        let error = shared.read().unwrap_err().to_string();
        read.send(()).unwrap();
        watchdog.join().unwrap();
        waitpid(pid, None).unwrap();
        assert_eq!(error, format!("process {pid} holds the shared lock and is stopped"));
        shared.read().unwrap();
    }
}
