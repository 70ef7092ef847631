//! The System V objects that the threads of a process wait for.

use procfs::FromRead;
use procfs::process::Syscall;

use crate::collect::table::{contents, numbers};
use crate::model::object::ObjectId;

/// Threads of one process whose call is looked at to find who shares a queue.
const THREADS_MAX: usize = 64;

/// The objects, each as often as threads wait for it.
pub(crate) fn waits(pid: i32) -> Vec<ObjectId> {
    let tids = numbers(&format!("/proc/{pid}/task"));
    tids.into_iter().take(THREADS_MAX).filter_map(|tid| object(pid, tid)).collect()
}

fn object(pid: i32, tid: i32) -> Option<ObjectId> {
    let text = contents(&format!("/proc/{pid}/task/{tid}/syscall")).ok()?;
    let Ok(Syscall::Blocked { syscall_number, argument_registers: [id, ..], .. }) =
        Syscall::from_read(&text[..])
    else {
        return None;
    };
    let id = i64::from(id as i32);
    match syscall_number {
        libc::SYS_msgrcv | libc::SYS_msgsnd => Some(ObjectId::system_v("msg", id)),
        libc::SYS_semop | libc::SYS_semtimedop => Some(ObjectId::system_v("sem", id)),
        _ => None,
    }
}
