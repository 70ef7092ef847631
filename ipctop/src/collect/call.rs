//! The call that a thread sleeps in, from its number and arguments in /proc/PID/syscall.

use libc::{
    MSG_EXCEPT, O_ACCMODE, O_RDONLY, POLLOUT, SYS_accept, SYS_accept4, SYS_clock_nanosleep,
    SYS_connect, SYS_epoll_pwait, SYS_fcntl, SYS_flock, SYS_futex, SYS_mq_timedreceive,
    SYS_mq_timedsend, SYS_msgrcv, SYS_msgsnd, SYS_nanosleep, SYS_openat, SYS_ppoll, SYS_pselect6,
    SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_restart_syscall, SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait, SYS_semop, SYS_semtimedop, SYS_sendmsg, SYS_sendto, SYS_wait4, SYS_waitid,
    SYS_write, SYS_writev, c_int,
};
#[cfg(target_arch = "x86_64")]
use libc::{SYS_epoll_wait, SYS_open, SYS_pause, SYS_poll, SYS_select, SYS_vfork};
use procfs::process::Syscall;

use crate::clean::clean_bytes;
use crate::collect::descriptors::Descriptors;
use crate::collect::futex;
use crate::collect::memory::Memory;
use crate::collect::table::{Table, field};
use crate::model::object::ObjectId;
use crate::model::process::{Action, Wait, Want};

/// Most descriptors of one poll that are looked at.
const POLLED_MAX: u64 = 1024;
/// Longest path, its NUL included: PATH_MAX.
const PATH_BYTES: usize = 4096;

/// What a call's arguments are looked up in.
pub(crate) struct Around<'a> {
    /// The process.
    pub(crate) pid: i32,
    /// Whether its System V objects are those that this program sees.
    pub(crate) is_same_ipc: bool,
    /// Its descriptors.
    pub(crate) descriptors: Option<&'a Descriptors>,
    /// Its memory.
    pub(crate) memory: &'a mut Memory,
    /// All processes.
    pub(crate) table: &'a Table,
}

/// The call, or None for one that no rule knows.
pub(crate) fn wait(syscall: Syscall, around: &mut Around<'_>) -> Option<Wait> {
    let Syscall::Blocked { syscall_number, argument_registers: args, .. } = syscall else {
        return None;
    };
    let mut wait = named(syscall_number, &args, around)?;
    wait.is_exact = true;
    Some(wait)
}

#[expect(non_upper_case_globals, reason = "the names of the kernel")]
#[rustfmt::skip]
fn named(number: i64, args: &[u64; 6], around: &mut Around<'_>) -> Option<Wait> {
    use Action::{Receive, Send, Take};
    Some(match number {
        SYS_read => around.bytes("read", args, Receive),
        SYS_readv => around.on_descriptor("readv", args, Receive),
        SYS_recvfrom => around.bytes("recvfrom", args, Receive),
        SYS_recvmsg => around.on_descriptor("recvmsg", args, Receive),
        SYS_accept => around.on_descriptor("accept", args, Receive),
        SYS_accept4 => around.on_descriptor("accept", args, Receive),
        SYS_write => around.bytes("write", args, Send),
        SYS_writev => around.on_descriptor("writev", args, Send),
        SYS_sendto => around.bytes("sendto", args, Send),
        SYS_sendmsg => around.on_descriptor("sendmsg", args, Send),
        SYS_connect => around.on_descriptor("connect", args, Send),
        SYS_mq_timedreceive => around.with_time("mq_receive", args, Receive, args[4] != 0),
        SYS_mq_timedsend => around.with_time("mq_send", args, Send, args[4] != 0),
        SYS_flock => around.on_descriptor("flock", args, Take),
        SYS_fcntl => around.on_descriptor("fcntl", args, Take),
        SYS_msgrcv => around.msgrcv(args),
        SYS_msgsnd => around.msgsnd(args),
        SYS_semop => around.semop("semop", args, false),
        // glibc's semop comes here too.
        SYS_semtimedop if args[3] == 0 => around.semop("semop", args, false),
        SYS_semtimedop => around.semop("semtimedop", args, true),
        SYS_futex => around.futex(args),
        SYS_wait4 => around.reap("wait4", args[0] as i32),
        SYS_waitid => around.reap("waitid", if args[0] == 1 { args[1] as i32 } else { -1 }),
        SYS_openat => around.open("openat", args[1], args[2]),
        SYS_ppoll => around.poll("ppoll", args, args[2] != 0),
        SYS_pselect6 => around.select(args),
        SYS_epoll_pwait => around.epoll("epoll_wait", args),
        SYS_nanosleep => bare("nanosleep", true),
        SYS_clock_nanosleep => bare("nanosleep", true),
        SYS_restart_syscall => bare("restart_syscall", true),
        SYS_rt_sigsuspend => bare("sigsuspend", false),
        SYS_rt_sigtimedwait => bare("sigwait", args[2] != 0),
        #[cfg(target_arch = "x86_64")]
        SYS_open => around.open("open", args[0], args[1]),
        #[cfg(target_arch = "x86_64")]
        SYS_poll => around.poll("poll", args, args[2] as i32 >= 0),
        #[cfg(target_arch = "x86_64")]
        SYS_select => around.select(args),
        #[cfg(target_arch = "x86_64")]
        SYS_epoll_wait => around.epoll("epoll_wait", args),
        #[cfg(target_arch = "x86_64")]
        SYS_pause => bare("pause", false),
        #[cfg(target_arch = "x86_64")]
        SYS_vfork => bare("vfork", false),
        _ => return None,
    })
}

fn bare(call: &str, has_deadline: bool) -> Wait {
    Wait { call: call.to_owned(), has_deadline, ..Wait::default() }
}

impl Around<'_> {
    fn object(&self, number: i32) -> Option<ObjectId> {
        self.descriptors?.get(&number).map(|descriptor| descriptor.object.clone())
    }

    fn on(&self, number: i32, action: Action) -> Vec<Want> {
        self.object(number).map(|object| Want { object, action }).into_iter().collect()
    }

    fn on_descriptor(&self, call: &str, args: &[u64; 6], action: Action) -> Wait {
        Wait { on: self.on(args[0] as i32, action), ..bare(call, false) }
    }

    fn with_time(&self, call: &str, args: &[u64; 6], action: Action, has_deadline: bool) -> Wait {
        Wait { has_deadline, ..self.on_descriptor(call, args, action) }
    }

    fn bytes(&self, call: &str, args: &[u64; 6], action: Action) -> Wait {
        Wait { bytes: Some(args[2]), ..self.on_descriptor(call, args, action) }
    }

    /// In another namespace the same number is another object, which is not in our tables.
    fn system_v(&self, kind: &str, id: u64) -> ObjectId {
        let id = i64::from(id as i32);
        if self.is_same_ipc {
            ObjectId::system_v(kind, id)
        } else {
            ObjectId(format!("elsewhere:{kind}:{id}"))
        }
    }

    fn msgrcv(&self, args: &[u64; 6]) -> Wait {
        let object = self.system_v("msg", args[0]);
        Wait {
            on: vec![Want { object, action: Action::Receive }],
            message_type: Some(args[3] as i64),
            is_except: args[4] as c_int & MSG_EXCEPT != 0,
            bytes: Some(args[2]),
            ..bare("msgrcv", false)
        }
    }

    fn msgsnd(&mut self, args: &[u64; 6]) -> Wait {
        let object = self.system_v("msg", args[0]);
        let words = self.memory.words(args[1], 2);
        let message_type = match words[..] {
            [low, high] => Some((u64::from(high) << 32 | u64::from(low)) as i64),
            _ => None,
        };
        let on = vec![Want { object, action: Action::Send }];
        Wait { on, message_type, bytes: Some(args[2]), ..bare("msgsnd", false) }
    }

    fn semop(&self, call: &str, args: &[u64; 6], has_deadline: bool) -> Wait {
        let object = self.system_v("sem", args[0]);
        Wait { on: vec![Want { object, action: Action::Take }], ..bare(call, has_deadline) }
    }

    fn futex(&mut self, args: &[u64; 6]) -> Wait {
        let found = futex::find(self.pid, args, self.memory, self.table);
        let on = vec![Want { object: found.object, action: Action::Take }];
        Wait { on, process: found.owner, ..bare("futex", args[3] != 0) }
    }

    fn reap(&self, call: &str, pid: i32) -> Wait {
        let children = self.table.children(self.pid);
        let awaited: Vec<i32> = if pid > 0 { vec![pid] } else { children.to_vec() };
        let want = |pid| Want { object: ObjectId(format!("process:{pid}")), action: Action::Reap };
        let on = awaited.into_iter().map(want).collect();
        Wait { on, process: (pid > 0).then_some(pid), ..bare(call, false) }
    }

    fn open(&mut self, call: &str, path: u64, flags: u64) -> Wait {
        let raw = self.memory.text(path, PATH_BYTES).unwrap_or_default();
        let is_reader = flags as c_int & O_ACCMODE == O_RDONLY;
        let action = if is_reader { Action::OpenRead } else { Action::OpenWrite };
        let shown = clean_bytes(&raw);
        let object = self.opened(&raw).unwrap_or_else(|| ObjectId(format!("path:{shown}")));
        let path = (!shown.is_empty()).then_some(shown);
        Wait { on: vec![Want { object, action }], path, ..bare(call, false) }
    }

    /// The FIFO that a path leads this process to now; it may have been another one.
    fn opened(&self, path: &[u8]) -> Option<ObjectId> {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let path = std::ffi::OsStr::from_bytes(path);
        let own_root = std::path::PathBuf::from(format!("/proc/{}/cwd", self.pid));
        let metadata = std::fs::metadata(own_root.join(path)).ok()?;
        let is_fifo = metadata.file_type().is_fifo();
        is_fifo.then(|| ObjectId::pipe(metadata.dev(), metadata.ino()))
    }

    fn poll(&mut self, call: &str, args: &[u64; 6], has_deadline: bool) -> Wait {
        let words = self.memory.words(args[0], 2 * args[1].min(POLLED_MAX) as usize);
        let on = words.chunks_exact(2).flat_map(|entry| {
            let events = entry[1] as i16;
            let action = if events & POLLOUT != 0 { Action::Send } else { Action::Receive };
            self.on(entry[0] as i32, action)
        });
        Wait { on: on.collect(), ..bare(call, has_deadline) }
    }

    fn select(&mut self, args: &[u64; 6]) -> Wait {
        let mut on = Vec::new();
        for (set, action) in [(args[1], Action::Receive), (args[2], Action::Send)] {
            let bytes = self.memory.read(set, args[0].min(POLLED_MAX).div_ceil(8) as usize);
            for number in 0..bytes.len() * 8 {
                if set != 0 && bytes[number / 8] >> (number % 8) & 1 == 1 {
                    on.extend(self.on(number as i32, action));
                }
            }
        }
        Wait { on, ..bare("select", args[4] != 0) }
    }

    fn epoll(&self, call: &str, args: &[u64; 6]) -> Wait {
        let file = format!("/proc/{}/fdinfo/{}", self.pid, args[0] as i32);
        let info = std::fs::read(file).unwrap_or_default();
        let number = |line: &[u8]| field(line, "tfd")?.split_whitespace().next()?.parse().ok();
        let numbers = info.split(|&byte| byte == b'\n').filter_map(number);
        let on = numbers.flat_map(|number| self.on(number, Action::Receive)).collect();
        Wait { on, ..bare(call, args[3] as i32 >= 0) }
    }
}
