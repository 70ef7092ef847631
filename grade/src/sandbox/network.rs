//! The networks of a box: its own, and a second one that a cable joins to it.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::sched::{CloneFlags, unshare};

use crate::sandbox::netlink::{CABLE, LOOPBACK, Network};

/// The address of the box, in its own network.
pub(crate) const HERE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The address of the second network.
pub(crate) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// Has 127.0.0.1 work in the network of this thread.
///
/// # Errors
/// EPERM, in some containers.
pub(crate) fn loopback() -> Result<()> {
    let network = Network::open().context("cannot ask about networks")?;
    network.up(LOOPBACK).context("cannot start the loopback interface")
}

/// Makes a second network, with a cable to this one.
///
/// # Errors
/// The kernel has no veth.
pub(crate) fn second() -> Result<OwnedFd> {
    let here = Network::open().context("cannot ask about networks")?;
    // A thread can change its network alone, and ends with it.
    let made = thread::scope(|scope| scope.spawn(|| there(&here)).join());
    let other = made.map_err(|_| anyhow!("the maker of a network panicked"))??;
    here.address(CABLE, HERE).context("cannot give the box an address")?;
    here.up(CABLE).context("cannot start the cable here")?;
    Ok(other)
}

/// What the thread does.
fn there(here: &Network) -> Result<OwnedFd> {
    unshare(CloneFlags::CLONE_NEWNET).context("cannot make a second network")?;
    loopback()?;
    let other = File::open("/proc/thread-self/ns/net").context("cannot open a network")?;
    here.cable(other.as_fd()).context("cannot join two networks")?;
    let network = Network::open().context("cannot ask about networks")?;
    network.address(CABLE, ELSEWHERE).context("cannot give the second network an address")?;
    network.up(CABLE).context("cannot start the cable there")?;
    Ok(other.into())
}
