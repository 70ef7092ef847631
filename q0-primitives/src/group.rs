//! A process group of three children, none of them in their parent's group.

use std::io::{PipeWriter, Read, Write, pipe};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, pause, setpgid};

use crate::child;

/// Three children; the first of them gave the group its number.
#[derive(Debug)]
pub struct Group {
    members: Vec<Pid>,
    orders: PipeWriter,
}

impl Group {
    /// Starts the children; they sleep until they are killed, or until one gets an order.
    ///
    /// # Errors
    /// Of pipe and fork. See setpgid(2).
    pub fn start(program: &str) -> anyhow::Result<Group> {
        let (mut reader, orders) = pipe()?;
        let mut members = Vec::new();
        for _ in 0..3 {
            let Some(member) = child::fork()? else {
                child::live(program, || {
                    reader.read_exact(&mut [0])?;
                    kill(Pid::from_raw(0), Signal::SIGUSR1)?;
                    loop {
                        pause();
                    }
                })
            };
            setpgid(member, members.first().copied().unwrap_or(member))?;
            members.push(member);
        }
        Ok(Group { members, orders })
    }

    /// The group's number.
    pub fn id(&self) -> Pid {
        self.members[0]
    }

    /// Has one of the children, whichever is first, send SIGUSR1 to PID 0: to its own group.
    ///
    /// # Errors
    /// EPIPE if they are all gone. See kill(2).
    pub fn order(&mut self) -> anyhow::Result<()> {
        Ok(self.orders.write_all(b"k")?)
    }

    /// Waits for all, and says how they ended.
    ///
    /// # Errors
    /// None that can happen. See waitpid(2).
    pub fn wait(self) -> anyhow::Result<Vec<WaitStatus>> {
        self.members.into_iter().map(|member| Ok(waitpid(member, None)?)).collect()
    }
}
