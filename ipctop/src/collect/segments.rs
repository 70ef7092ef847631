//! Who has attached which shared memory, from /proc/PID/maps.

use std::collections::{BTreeMap, BTreeSet};

use crate::collect::index::Index;
use crate::collect::maps::Mapping;

/// The shared memory of processes.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// Who has attached each segment.
    pub(crate) segments: BTreeMap<i64, BTreeSet<i32>>,
    /// Who has mapped each POSIX object.
    pub(crate) files: BTreeMap<(u64, u64), BTreeSet<i32>>,
}

impl Mapped {
    /// Collects the maps of these processes; those that may not be read add nothing.
    pub(crate) fn of(pids: impl Iterator<Item = i32>, index: &Index) -> Mapped {
        let mut mapped = Mapped::default();
        for pid in pids {
            for mapping in index.mappings(pid) {
                let users = match *mapping {
                    Mapping::Segment(id) => mapped.segments.entry(id).or_default(),
                    Mapping::File(device, inode) => {
                        mapped.files.entry((device, inode)).or_default()
                    }
                };
                users.insert(pid);
            }
        }
        mapped
    }
}
