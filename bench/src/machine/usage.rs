//! What processes have used, as the kernel counts it for each of them, dead threads included.

use std::ops::Sub;

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// What processes have used. See getrusage(2).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Microseconds of CPU, user and system.
    pub cpu_us: f64,
    /// Context switches, voluntary and not.
    pub switches: f64,
    /// Page faults, with and without reading.
    pub faults: f64,
}

/// What this process has used.
pub fn own() -> Usage {
    of(UsageWho::RUSAGE_SELF)
}

/// What the children have used that were waited for, and theirs: a server, once it has ended.
pub fn of_ended_children() -> Usage {
    of(UsageWho::RUSAGE_CHILDREN)
}

fn of(who: UsageWho) -> Usage {
    let usage = getrusage(who).expect("both are defined on every Linux");
    let (user, system) = (usage.user_time(), usage.system_time());
    let seconds = user.tv_sec() + system.tv_sec();
    let microseconds = user.tv_usec() + system.tv_usec();
    Usage {
        cpu_us: seconds as f64 * 1e6 + microseconds as f64,
        switches: (usage.voluntary_context_switches() + usage.involuntary_context_switches())
            as f64,
        faults: (usage.minor_page_faults() + usage.major_page_faults()) as f64,
    }
}

impl Sub for Usage {
    type Output = Usage;

    fn sub(self, earlier: Usage) -> Usage {
        Usage {
            cpu_us: self.cpu_us - earlier.cpu_us,
            switches: self.switches - earlier.switches,
            faults: self.faults - earlier.faults,
        }
    }
}
