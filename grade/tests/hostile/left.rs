//! What a submission could have left on the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The key of the submission's queue, as /proc/sysvipc writes it: 0x2025.
const KEY: &str = "8229";

/// Processes that were adopted by this one, mounts, objects and files that are a submission's.
pub(crate) fn on_the_machine() -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let is_ours = status.contains(&format!("\nPPid:\t{}\n", std::process::id()));
        if is_ours && !status.contains("\nState:\tZ") {
            left.insert(format!("process {}", status.lines().next().unwrap_or_default()));
        }
    }
    for kind in ["msg", "sem", "shm"] {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap();
        let own = table.lines().filter(|line| line.split_whitespace().next() == Some(KEY));
        left.extend(own.map(|line| format!("{kind} {line}")));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    left.extend(mounts.lines().filter(|line| line.contains("/home/student")).map(str::to_owned));
    for folder in ["/tmp", "/dev/shm", "/dev/mqueue", "/", "/run", "/var/tmp"] {
        left.extend(files(Path::new(folder)));
    }
    left
}

/// The files in a folder that have a name of the attacks.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let known = ["mallory", "\u{fffd}", "\u{1b}", "--|>", "=HYPER", "]]>"];
    let is_hostile = |name: &String| known.iter().any(|part| name.contains(part));
    names.filter(is_hostile).map(|name| format!("{}: {name:?}", folder.display())).collect()
}
