//! What a stopped server must not leave behind, and a namespace in which all of it is this test's
//! own.

pub mod ipc;

use std::cell::Cell;
use std::fs;
use std::path::Path;

use crate::leftovers::ipc::Object;
use crate::verdict;
use common::program::process::is_alive;
use nix::sched::{CloneFlags, unshare};

thread_local! {
    static OWN_NAMESPACE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Gives this thread an IPC namespace of its own, where that is allowed; its children and threads
/// share it. Returns whether it has one.
///
/// Then other tests' queues are not in sight, and the last one out removes what is left. Without it
/// (EPERM, ENOSPC, ENOSYS) the tests share the machine's namespace and look less closely: at objects
/// with the keys of their DIR, and at new ones that the server's processes have made or used.
pub fn enter_namespace() -> bool {
    OWN_NAMESPACE.with(|own| {
        own.get().unwrap_or_else(|| {
            let entered = unshare(CloneFlags::CLONE_NEWIPC);
            if let Err(errno) = entered {
                let why = format!("works without an IPC namespace ({errno:?})");
                verdict::looks_less_closely(&why);
            }
            own.set(Some(entered.is_ok()));
            entered.is_ok()
        })
    })
}

/// Says that this thread's namespace holds nothing but this test's objects already: a judge has made
/// it, and empties it.
pub fn namespace_is_ours() {
    OWN_NAMESPACE.with(|own| own.set(Some(true)));
}

/// Leaves the namespace for a new one, as a machine that starts again has none of its queues.
///
/// # Panics
/// If this thread has no namespace of its own.
pub fn renew_namespace() {
    assert!(has_namespace(), "the machine's queues are not ours");
    unshare(CloneFlags::CLONE_NEWIPC).expect("it was allowed before");
}

/// The System V objects in sight that are this test's, as rows of the kernel's tables; call it from
/// the thread that entered the namespace.
pub fn ipc_objects(dir: &Path) -> Vec<String> {
    objects_of(dir).into_iter().map(|object| object.row).collect()
}

/// The same for whoever looks closer.
pub(crate) fn objects_of(dir: &Path) -> Vec<Object> {
    let own = has_namespace();
    let keys = keys(dir);
    let mut objects = ipc::all();
    objects.retain(|object| own || keys.contains(&object.key));
    objects
}

/// Whether this thread has a namespace of its own.
pub(crate) fn has_namespace() -> bool {
    OWN_NAMESPACE.with(Cell::get) == Some(true)
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
            !["spectacles.dat", "queue.key", "lock", "tls"].contains(&name.as_str())
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
