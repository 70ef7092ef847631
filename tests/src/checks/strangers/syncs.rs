//! The calls by which any program makes a file durable: they are delayed, or fail, and are looked for
//! in what strace has written.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use crate::checks::asked::strace;
use crate::checks::check::Skipped;
use crate::server::Server;
use crate::strace::Strace;
use crate::strace::trace::{self, Call};

/// How long each sync takes: what comes sooner has not waited for it.
pub(super) const DELAY: Duration = Duration::from_millis(300);

/// The calls.
const SYNCS: &str = "fdatasync,fsync,msync,sync,syncfs";
/// What gives a file that was written under another name its own.
const RENAMES: &str = "rename,renameat,renameat2";
/// How a program writes, or maps, what it then syncs.
const WRITES: &str = "pwrite64,write,writev,pwritev,pwritev2,ftruncate";

/// When a sync is held up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// Before the disk has it.
    Before,
    /// When it is done, and nobody knows it yet.
    After,
    /// As `After`, and the first one of each thread fails.
    AfterItFails,
}

/// Attaches strace to all processes of a server; each sync takes [`DELAY`].
///
/// # Errors
/// If this machine cannot do that.
pub(super) fn hold(server: &Server, held: Held) -> Result<Strace, Skipped> {
    let how = match held {
        Held::Before => "delay_enter=",
        Held::After => "delay_exit=",
        Held::AfterItFails => "error=EIO:when=1:delay_exit=",
    };
    let inject = format!("inject={SYNCS}:{how}{}", DELAY.as_micros());
    let trace = format!("trace={SYNCS},{RENAMES},{WRITES}");
    strace(&server.processes(), &["-x", "-y", "-e", &trace, "-e", &inject])
}

/// The syncs in a trace that have returned 0, or have failed.
pub(super) fn done(trace: &str) -> Vec<Call> {
    let mut calls = trace::parse(trace);
    calls.retain(|call| is_sync(call) && call.end != usize::MAX);
    calls
}

/// Whether a sync was entered.
pub(super) fn is_there(trace: &str) -> bool {
    trace::parse(trace).iter().any(is_sync)
}

fn is_sync(call: &Call) -> bool {
    SYNCS.split(',').any(|name| name == call.name)
}

/// Whether these calls made the data file durable, after the last write to it: one synced it, or all
/// files, or a file that then got its name.
pub(super) fn keep(trace: &str, data_file: &Path) -> bool {
    let calls = trace::parse(trace);
    let (dir, name) = (traced(data_file.parent().unwrap_or(data_file)), traced(data_file));
    let has = |call: &Call, kinds: &str| kinds.split(',').any(|kind| kind == call.name);
    let is_about = |call: &Call, path: &[String]| path.iter().any(|it| call.text.contains(it));
    let is_renamed =
        calls.iter().any(|call| has(call, RENAMES) && call.text.contains("spectacles"));
    let place = if is_renamed { &dir } else { &name };
    let written = calls.iter().rposition(|call| has(call, WRITES) && is_about(call, place));
    let is_whole = |call: &Call| ["msync", "sync", "syncfs"].contains(&call.name.as_str());
    let mut behind = calls[written.map_or(0, |at| at + 1)..].iter();
    behind.any(|call| is_sync(call) && (is_whole(call) || is_about(call, place)))
}

/// How strace writes the path of a descriptor: as it is, or byte by byte if any of them is unusual.
fn traced(path: &Path) -> [String; 2] {
    let bytes = path.as_os_str().as_bytes().iter();
    let bytes: String = bytes.map(|byte| format!("\\x{byte:02x}")).collect();
    [format!("<{}", path.display()), format!("<{bytes}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn a_file_is_kept_if_it_is_synced_after_its_last_write() {
        let write = "7 pwrite64(3</d/run/spectacles.dat>, \"\\x01\", 4, 68) = 4\n";
        let sync = "7 fdatasync(3</d/run/spectacles.dat>) = 0 (DELAYED)\n";
        let kept = |text: &str| keep(text, Path::new("/d/run/spectacles.dat"));
        assert!(kept(&[write, sync].concat()) && kept(sync) && kept("7 sync() = 0\n"));
        assert!(!kept(&[write, sync, write].concat()) && !kept(write) && !kept(""));
        assert!(!kept("7 fdatasync(1</d/run/other.log>) = 0\n"), "a sync of another file");
        let renamed =
            "7 fsync(4</d/run/new.dat>) = 0\n7 rename(\"new.dat\", \"spectacles.dat\") = 0\n";
        assert!(kept(renamed));
        let unusual = Path::new(OsStr::from_bytes(b"/\xe9/a"));
        assert!(keep("7 fdatasync(4<\\x2f\\xe9\\x2f\\x61>) = 0\n", unusual));
        assert!(!keep("7 fdatasync(4<\\x2f\\xe8\\x2f\\x61>) = 0\n", unusual));
    }
}
