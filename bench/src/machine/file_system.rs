//! The file system under a directory: in memory, a sync is none.

use std::fs::File;
use std::path::Path;

use anyhow::Context;

/// Its name, with a warning if it keeps its files in memory only.
///
/// # Errors
/// Of statfs. See statfs(2).
pub fn name(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let status = nix::sys::statfs::fstatfs(&file).context("cannot ask for the file system")?;
    let name = match status.filesystem_type() {
        nix::sys::statfs::EXT4_SUPER_MAGIC => "ext4".to_owned(),
        nix::sys::statfs::XFS_SUPER_MAGIC => "xfs".to_owned(),
        nix::sys::statfs::BTRFS_SUPER_MAGIC => "btrfs".to_owned(),
        nix::sys::statfs::OVERLAYFS_SUPER_MAGIC => "overlay".to_owned(),
        nix::sys::statfs::TMPFS_MAGIC => {
            "tmpfs: in memory, durable figures mean nothing".to_owned()
        }
        other => format!("{other:?}"),
    };
    Ok(name)
}
