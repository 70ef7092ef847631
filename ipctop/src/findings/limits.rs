//! Limits that are nearly reached.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;

/// Descriptors that are left when a process is warned about.
const DESCRIPTORS_LEFT: u64 = 8;

/// Processes without descriptors left, and a machine without objects left.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for process in &facts.look.processes {
        let (Some(open), Some(max)) = (process.n_descriptors, process.descriptors_max) else {
            continue;
        };
        if open + DESCRIPTORS_LEFT.min(max / 10) >= max {
            let new = Finding::new("descriptors-limit").of(process.pid).number("count", open);
            found.push(new.text("process", process.label()).number("max", max));
        }
    }
    let limits = &facts.look.limits;
    let kinds = [
        ("queues-limit", limits.n_queues, limits.msgmni),
        ("segments-limit", limits.n_segments, limits.shmmni),
        ("sets-limit", limits.n_sets, limits.semmni),
    ];
    for (kind, used, max) in kinds {
        if let Some(max) = max.filter(|&max| used >= max) {
            found.push(Finding::new(kind).number("count", used).number("max", max));
        }
    }
    found
}
