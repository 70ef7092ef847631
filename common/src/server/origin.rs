//! Where a lock file was written: a record is true of one file, one boot, and one IPC namespace.
//!
//! A copy of DIR has another lock file, though the text is the same. After a boot, and in another IPC
//! namespace, the id of a queue is another queue's.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

/// How the line about the file begins.
const FILE: &str = "file ";
/// How the line about the namespaces begins.
const NAMESPACES: &str = "namespaces ";

/// The second and third line of a lock file; empty texts where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `DEVICE:INODE boot ID`
    file: String,
    /// Those of the process that wrote it.
    pub namespaces: Namespaces,
}

/// The namespaces in which numbers of processes, and of kernel objects, have their meaning.
///
/// See pid_namespaces(7) and ipc_namespaces(7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// Such as `pid:[4026531836]`.
    pub pid: String,
    /// Such as `ipc:[4026531839]`.
    pub ipc: String,
}

impl Namespaces {
    /// Those of the calling thread.
    ///
    /// # Errors
    /// ENOENT without /proc. See namespaces(7).
    pub fn own() -> io::Result<Namespaces> {
        let link = |name: &str| -> io::Result<String> {
            let link = fs::read_link(format!("/proc/thread-self/ns/{name}"))?;
            Ok(link.to_string_lossy().into_owned())
        };
        Ok(Namespaces { pid: link("pid")?, ipc: link("ipc")? })
    }
}

impl Origin {
    /// This file, written now by the calling thread.
    ///
    /// # Errors
    /// ENOENT without /proc.
    pub fn of(file: &File) -> io::Result<Origin> {
        let metadata = file.metadata()?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        Ok(Origin {
            file: format!("{}:{} boot {}", metadata.dev(), metadata.ino(), boot.trim()),
            namespaces: Namespaces::own()?,
        })
    }

    /// Takes in a line of a lock file; false if it says something else.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        if let Some(file) = line.strip_prefix(FILE) {
            self.file = file.to_owned();
        } else if let Some((pid, ipc)) =
            line.strip_prefix(NAMESPACES).and_then(|rest| rest.split_once(' '))
        {
            self.namespaces = Namespaces { pid: pid.to_owned(), ipc: ipc.to_owned() };
        } else {
            return false;
        }
        true
    }

    /// The lines that [`Origin::read`] understands.
    pub(crate) fn text(&self) -> String {
        let Origin { file, namespaces: Namespaces { pid, ipc } } = self;
        format!("{FILE}{file}\n{NAMESPACES}{pid} {ipc}\n")
    }

    /// Whether the ids of kernel objects that stand in this record mean the same objects there.
    pub(crate) fn has_objects_of(&self, other: &Origin) -> bool {
        self.file == other.file && self.namespaces.ipc == other.namespaces.ipc
    }
}
