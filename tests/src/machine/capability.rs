//! What this process may do: a user's id does not tell, since a container's root lacks much.

use std::fs;

/// A capability by its number. See capabilities(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// To give files away.
    Chown = 0,
    /// To become another user.
    Setuid = 7,
    /// To make network namespaces' devices and addresses.
    NetAdmin = 12,
    /// To make namespaces and to mount.
    SysAdmin = 21,
    /// To make devices.
    Mknod = 27,
}

/// Whether this process has all of these.
///
/// # Panics
/// If /proc is not mounted.
pub fn has(capabilities: &[Capability]) -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    capabilities.iter().all(|&it| effective.is_some_and(|bits| bits >> it as u64 & 1 == 1))
}
