//! Collects what a look shows, each kind of thing in a file of its own.

pub(crate) mod activity;

pub(crate) mod stat;

pub(crate) mod table;

pub(crate) mod descriptors;

pub(crate) mod maps;

pub(crate) mod index;

pub(crate) mod calls;

pub(crate) mod memory;

pub(crate) mod futex;

pub(crate) mod namespace;

pub(crate) mod call;

pub(crate) mod channel;

pub(crate) mod thread;

pub(crate) mod process;

pub(crate) mod footprint;

pub(crate) mod members;

pub(crate) mod pipes;

pub(crate) mod system_v;

pub(crate) mod queues;

pub(crate) mod key_files;

pub(crate) mod segments;

pub(crate) mod posix;

pub(crate) mod netlink;

pub(crate) mod sockets;

pub(crate) mod locks;

pub(crate) mod office;

pub(crate) mod notes;
