//! What a sleeping thread waits in when only its wait channel may be seen: /proc/PID/wchan.

use crate::collect::descriptors::Descriptors;
use crate::model::object::ObjectId;
use crate::model::process::{Action, Wait, Want};

/// Parts of the names of kernel functions, and the call that sleeps there; the first that fits.
const CHANNELS: &[(&str, &str)] = &[
    ("do_msgrcv", "msgrcv"),
    ("do_msgsnd", "msgsnd"),
    ("pipe_read", "read"),
    ("pipe_write", "write"),
    ("wait_for_partner", "open"),
    ("fifo_open", "open"),
    ("futex", "futex"),
    ("do_wait", "wait4"),
    ("inet_csk_accept", "accept"),
    ("unix_accept", "accept"),
    ("skb_wait_for_more_packets", "recvfrom"),
    ("unix_stream_data_wait", "recvfrom"),
    ("unix_stream_read", "recvfrom"),
    ("sk_wait_data", "recvfrom"),
    ("tcp_recvmsg", "recvfrom"),
    ("wait_for_more", "recvfrom"),
    ("sk_stream_wait_memory", "sendto"),
    ("sock_alloc_send", "sendto"),
    ("unix_wait_for_peer", "connect"),
    ("inet_wait_for_connect", "connect"),
    ("semtimedop", "semop"),
    ("nanosleep", "nanosleep"),
    ("sigtimedwait", "rt_sigtimedwait"),
    ("sigsuspend", "pause"),
    ("pause", "pause"),
    ("ep_poll", "epoll_wait"),
    ("do_poll", "poll"),
    ("poll_schedule", "poll"),
    ("do_select", "select"),
    ("lock_inode_wait", "flock"),
    ("do_lock_file_wait", "fcntl"),
    ("wq_sleep", "mq_timedreceive"),
];

/// The call by its channel, with the object if exactly one descriptor comes into question.
pub(crate) fn wait(channel: &str, descriptors: Option<&Descriptors>) -> Option<Wait> {
    let (_, call) = CHANNELS.iter().find(|(part, _)| channel.contains(part))?;
    let on = match *call {
        "read" => only(descriptors, "pipe", true).map(|object| (object, Action::Receive)),
        "write" => only(descriptors, "pipe", false).map(|object| (object, Action::Send)),
        "accept" | "recvfrom" => only(descriptors, "socket", true).map(|o| (o, Action::Receive)),
        "sendto" => only(descriptors, "socket", false).map(|object| (object, Action::Send)),
        _ => None,
    };
    let on = on.map(|(object, action)| Want { object, action }).into_iter().collect();
    let has_deadline = *call == "nanosleep";
    Some(Wait { call: (*call).to_owned(), on, has_deadline, ..Wait::default() })
}

fn only(descriptors: Option<&Descriptors>, kind: &str, to_read: bool) -> Option<ObjectId> {
    let fits = |d: &&crate::collect::descriptors::Descriptor| {
        d.object.kind() == kind && if to_read { d.reads } else { d.writes }
    };
    let mut found: Vec<_> = descriptors?.values().filter(fits).map(|d| &d.object).collect();
    found.sort();
    found.dedup();
    match found[..] {
        [object] => Some(object.clone()),
        _ => None,
    }
}
