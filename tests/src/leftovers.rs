//! What a stopped server must not leave behind, and a namespace in which all of it is this test's
//! own.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use common::program::process::is_alive;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use q2_msgqueue::queue::Queue;

use crate::processes;

thread_local! {
    static OWN_NAMESPACE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Gives this thread an IPC namespace of its own, where that is allowed; its children and threads
/// share it.
///
/// Then other tests' queues are not in sight, and the last one out removes what is left. Needs
/// CAP_SYS_ADMIN; without it the tests share the machine's namespace and look only at queues with
/// the keys of their DIR.
///
/// # Panics
/// If it fails for another reason.
pub fn enter_namespace() {
    OWN_NAMESPACE.with(|own| {
        if own.get().is_none() {
            own.set(Some(match unshare(CloneFlags::CLONE_NEWIPC) {
                Ok(()) => true,
                Err(Errno::EPERM) => false,
                Err(errno) => panic!("cannot unshare the IPC namespace: {errno}"),
            }));
        }
    });
}

/// Leaves the namespace for a new one, as a machine that starts again has none of its queues.
///
/// # Panics
/// If this thread has no namespace of its own.
pub fn renew_namespace() {
    assert_eq!(OWN_NAMESPACE.with(Cell::get), Some(true), "the machine's queues are not ours");
    unshare(CloneFlags::CLONE_NEWIPC).expect("it was allowed before");
}

/// The System V objects in sight that are this test's; call it from the thread that entered the
/// namespace.
///
/// # Panics
/// If /proc/sysvipc cannot be read.
pub fn ipc_objects(dir: &Path) -> Vec<String> {
    let own = OWN_NAMESPACE.with(Cell::get) == Some(true);
    let keys = keys(dir);
    let mut found = Vec::new();
    for kind in ["msg", "shm", "sem"] {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}"))
            .expect("the kernel has System V IPC");
        for line in table.lines().skip(1) {
            let key = line.split_whitespace().next().and_then(|key| key.parse().ok());
            if own || key.is_some_and(|key: i32| keys.contains(&key)) {
                found.push(format!(
                    "{kind}: {}",
                    line.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
            }
        }
    }
    found
}

/// The names in DIR that a stopped server should not have left. A reply FIFO is its client's, and
/// goes with it.
///
/// # Panics
/// If DIR cannot be read.
pub fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("DIR can be read").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| {
            !["spectacles.dat", "queue.key", "lock"].contains(&name.as_str())
                && !name.ends_with(".log")
                && !is_a_clients(dir, name)
        })
        .collect()
}

/// Whether this is the reply FIFO of a client that lives, or that has removed it while we looked.
fn is_a_clients(dir: &Path, name: &str) -> bool {
    q1_pipes::armour::inbox::client(name)
        .is_some_and(|client| is_alive(client) || fs::symlink_metadata(dir.join(name)).is_err())
}

/// The keys of DIR's queues, by the rule of ftok(3).
fn keys(dir: &Path) -> Vec<i32> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = fs::metadata(dir.join("queue.key")) else { return Vec::new() };
    let low = ((metadata.dev() & 0xff) << 16 | (metadata.ino() & 0xffff)) as i32;
    b"QR".iter().map(|&project| i32::from(project) << 24 | low).collect()
}

/// What is left of a stopped server: processes of its group, System V objects, names in DIR.
///
/// # Panics
/// If DIR or /proc cannot be read.
pub fn of_server(group: i32, dir: &Path) -> Vec<String> {
    let threads = processes::of_group(group);
    let threads = threads.iter().map(|thread| format!("{thread:?}")).collect();
    [threads, ipc_objects(dir), files(dir)].concat()
}

/// Removes the queues of a server that was killed, where nothing else would.
pub(crate) fn remove_queues(dir: &Path) {
    for key in keys(dir) {
        if let Ok(mut queue) = Queue::open(key) {
            // Another user's queue of the same key cannot be removed, and is not ours.
            let _ = queue.remove();
        }
    }
}
