//! The baselines: the same bytes over the same mechanism, without a box office; they give the figures
//! of the stages a meaning.

pub mod commit;
pub mod disk;
pub mod epoll;
pub mod handshakes;
pub mod in_process;
pub mod pipes;
pub mod queues;
pub mod serve;
pub mod sockets;
pub mod threads;
pub mod uring;
pub mod wire;
