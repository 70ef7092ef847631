//! The file of which ftok(3) makes a queue's key, if it is in sight.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::clean::clean;
use crate::model::object::MessageQueue;
use crate::scope::{Scope, Target};

/// Entries of a folder that are looked at.
const ENTRIES_MAX: usize = 500;

/// How long what was found is good: folders do not change often, and to read them takes long.
const EVERY: Duration = Duration::from_secs(5);

/// The files in sight, by what ftok keeps of them: 8 bits of the device and 16 of the inode.
#[derive(Debug, Default)]
pub(crate) struct KeyFiles {
    by_low_bits: HashMap<i32, PathBuf>,
    found: Option<Instant>,
    /// The keys that were asked for since.
    keys: BTreeSet<i32>,
}

impl KeyFiles {
    /// Finds the files of queues, in the scope's directory and in the working directories of
    /// processes.
    pub(crate) fn tell(
        &mut self,
        queues: &mut [MessageQueue],
        scope: &Scope,
        folders: impl FnOnce() -> Vec<PathBuf>,
        now: Instant,
    ) {
        let is_old = self.found.is_none_or(|found| now.duration_since(found) >= EVERY);
        if is_old || queues.iter().any(|queue| !self.keys.contains(&queue.key)) {
            self.find(scope, folders());
            self.found = Some(now);
            self.keys = queues.iter().map(|queue| queue.key).collect();
        }
        for queue in queues {
            queue.key_file = self.of(queue.key);
        }
    }

    fn find(&mut self, scope: &Scope, folders: Vec<PathBuf>) {
        self.by_low_bits.clear();
        let mut folders: BTreeSet<PathBuf> = folders.into_iter().collect();
        // A server of the box office has its key in `run`, unless it was told otherwise.
        folders.extend(folders.iter().map(|folder| folder.join("run")).collect::<Vec<_>>());
        if let Target::Dir(dir) = &scope.target {
            folders.insert(dir.clone());
        }
        folders.iter().for_each(|folder| self.add(folder));
    }

    fn add(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES_MAX);
        for path in entries.map(|entry| entry.path()).chain([folder.to_owned()]) {
            if let Ok(metadata) = fs::metadata(&path) {
                let low = (metadata.dev() & 0xff) << 16 | metadata.ino() & 0xffff;
                self.by_low_bits.entry(low as i32).or_insert(path);
            }
        }
    }

    /// The file of a key. Two files may fit one key: it keeps 16 bits of the inode only.
    fn of(&self, key: i32) -> Option<String> {
        // IPC_PRIVATE is no key, and -1 is what ftok returns when it fails.
        if key == 0 || key == -1 {
            return None;
        }
        let path = self.by_low_bits.get(&(key & 0x00ff_ffff))?;
        Some(clean(&path.display().to_string()))
    }
}
