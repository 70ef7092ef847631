//! Two machines and a cable between them: network namespaces joined by a veth pair, with names that
//! no other test has.

use std::fs::File;
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sched::{CloneFlags, setns};

use crate::machine::capability::{Capability, has};
use crate::stage::skip;

/// Tells the networks of one test process apart.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The addresses of the two machines, IPv4 and IPv6.
const ADDRESSES: [[&str; 2]; 2] = [["10.77.0.1", "fd77::1"], ["10.77.0.2", "fd77::2"]];

/// Which of the two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// The one with the first addresses.
    Server = 0,
    /// The other one.
    Client = 1,
}

/// Two namespaces and their cable; dropping it removes them.
#[derive(Debug)]
pub struct Network {
    names: [String; 2],
}

impl Network {
    /// Makes them; None, and a word on stderr, if this machine does not allow it.
    ///
    /// # Panics
    /// If it allows a part of it.
    pub fn new(test: &str) -> Option<Network> {
        if !has(&[Capability::SysAdmin, Capability::NetAdmin])
            || Command::new("ip").arg("-V").output().is_err()
        {
            skip(test, "CAP_SYS_ADMIN, CAP_NET_ADMIN and the command ip, for network namespaces");
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let names = ["a", "b"].map(|end| format!("spectacles-{}-{number}-{end}", id()));
        let network = Network { names };
        let [a, b] = &network.names;
        ip(&["netns", "add", a]);
        ip(&["netns", "add", b]);
        ip(&["-n", a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b]);
        for (name, [v4, v6]) in network.names.iter().zip(ADDRESSES) {
            ip(&["-n", name, "addr", "add", &format!("{v4}/24"), "dev", "cable"]);
            ip(&["-n", name, "addr", "add", &format!("{v6}/64"), "dev", "cable", "nodad"]);
            ip(&["-n", name, "link", "set", "lo", "up"]);
            ip(&["-n", name, "link", "set", "cable", "up"]);
        }
        Some(network)
    }

    /// Moves the calling thread to a machine, with the children and sockets that it makes from now
    /// on.
    ///
    /// # Panics
    /// If the namespace is gone.
    pub fn enter(&self, machine: Machine) {
        let path = format!("/run/netns/{}", self.names[machine as usize]);
        let namespace = File::open(path).expect("the namespace is there");
        setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter it");
    }

    /// Cuts the cable, at the client's end.
    pub fn cut(&self) {
        ip(&["-n", &self.names[Machine::Client as usize], "link", "set", "cable", "down"]);
    }

    /// Restores it.
    pub fn restore(&self) {
        ip(&["-n", &self.names[Machine::Client as usize], "link", "set", "cable", "up"]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            // One that could not be made cannot be removed; the test has failed then anyway.
            if let Err(error) = Command::new("ip").args(["netns", "del", name]).output() {
                eprintln!("cannot remove the network namespace {name}: {error}");
            }
        }
    }
}

fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output().expect("ip can be started");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {}: {error}", words.join(" "));
}
