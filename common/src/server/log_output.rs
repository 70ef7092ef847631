//! A place where lines go: it never blocks, counts the lines that find no room, and says their number
//! when there is room again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use anyhow::Context;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};

/// A file, a pipe, a terminal or a socket.
#[derive(Debug)]
pub(crate) struct Output {
    file: RwLock<File>,
    kind: Kind,
    /// The file of `--log-file`; None for stderr.
    named: Option<Named>,
    /// Lines that found no room, and that nobody was told of.
    lost: AtomicU64,
    /// Whether only a part of the last line was written.
    is_cut: AtomicBool,
}

/// What keeps a write from blocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It is a file, which never does, or was opened with O_NONBLOCK.
    NeverBlocks,
    /// A flag of each send(2).
    Socket,
    /// A question before each write: it is a pipe or a terminal that we may not open anew. Another
    /// process that writes between question and write may still take the room.
    Asked,
}

/// A file that is opened anew when its name may stand for another one.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    /// How often that was asked for, by this process or the one that has forked it.
    asked: &'static AtomicU32,
    /// How often it was done here.
    done: AtomicU32,
}

impl Output {
    /// stderr.
    ///
    /// Pipes and terminals are opened once more, because O_NONBLOCK belongs to the open file
    /// description, and this one is shared with whoever started us. See fcntl(2).
    ///
    /// # Errors
    /// EMFILE, or EBADF if it is closed.
    pub(crate) fn stderr() -> io::Result<Output> {
        const STDERR: &str = "/proc/self/fd/2";
        let kind = fs::metadata(STDERR).map(|metadata| metadata.file_type());
        let may_block = kind.as_ref().is_ok_and(|kind| kind.is_fifo() || kind.is_char_device());
        if may_block && let Ok(file) = open_nonblocking(OpenOptions::new().write(true), STDERR) {
            return Ok(Output::new(file, Kind::NeverBlocks));
        }
        let file = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let kind = match kind {
            Ok(kind) if kind.is_file() => Kind::NeverBlocks,
            Ok(kind) if kind.is_socket() => Kind::Socket,
            _ => Kind::Asked,
        };
        Ok(Output::new(file, kind))
    }

    /// The file `path`, which is appended to. It is opened anew before the next line whenever `asked`
    /// has risen.
    ///
    /// # Errors
    /// Of open. See open(2).
    pub(crate) fn named(path: &Path, asked: &'static AtomicU32) -> anyhow::Result<Output> {
        let file = open_named(path)
            .with_context(|| format!("cannot open the log file {}", path.display()))?;
        let done = AtomicU32::new(asked.load(Ordering::Acquire));
        let named = Named { path: path.to_owned(), asked, done };
        Ok(Output { named: Some(named), ..Output::new(file, Kind::NeverBlocks) })
    }

    /// A file that never blocks.
    #[cfg(test)]
    pub(crate) fn file(file: File) -> Output {
        Output::new(file, Kind::NeverBlocks)
    }

    fn new(file: File, kind: Kind) -> Output {
        let (lost, is_cut) = (AtomicU64::new(0), AtomicBool::new(false));
        Output { file: RwLock::new(file), kind, named: None, lost, is_cut }
    }

    /// Writes whole lines, which begin with a moment; those that find no room are counted.
    pub(crate) fn write(&self, lines: &str) {
        let moment = lines.split(' ').next().unwrap_or_default();
        self.reopen(moment);
        let written = if self.say_lost(moment) { self.put(lines) } else { 0 };
        let rest = &lines.as_bytes()[written..];
        let lost = rest.iter().filter(|&&byte| byte == b'\n').count();
        if lost > 0 {
            self.lost.fetch_add(lost as u64, Ordering::Relaxed);
        }
        if written > 0 && !lines[..written].ends_with('\n') {
            self.is_cut.store(true, Ordering::Relaxed);
        }
    }

    /// Says how many lines were lost, if there is room for that; whether all is said.
    pub(crate) fn say_lost(&self, moment: &str) -> bool {
        if self.lost.load(Ordering::Relaxed) == 0 {
            return true;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let was_cut = self.is_cut.swap(false, Ordering::Relaxed);
        let end = if was_cut { "\n" } else { "" };
        let notice =
            format!("{end}{moment}  WARN the log had no room: lines were lost lost={lost}\n");
        let written = self.put(&notice);
        if written == notice.len() {
            return true;
        }
        self.lost.fetch_add(lost, Ordering::Relaxed);
        self.is_cut.fetch_or(was_cut || written > 0, Ordering::Relaxed);
        false
    }

    /// Opens a named file anew if that was asked for since the last time.
    pub(crate) fn reopen(&self, moment: &str) {
        let Some(named) = &self.named else { return };
        let asked = named.asked.load(Ordering::Acquire);
        if named.done.load(Ordering::Acquire) == asked {
            return;
        }
        // Whoever comes second waits here, and then finds it done.
        let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
        if named.done.load(Ordering::Acquire) == asked {
            return;
        }
        let opened = open_named(&named.path);
        named.done.store(asked, Ordering::Release);
        match opened {
            Ok(opened) => *file = opened,
            Err(error) => {
                drop(file);
                let path = named.path.display().to_string().escape_debug().to_string();
                self.put(&format!(
                    "{moment} ERROR cannot open {path} anew, so lines go on here: {error}\n"
                ));
            }
        }
    }

    /// Writes as much as there is room for; returns how much that was.
    fn put(&self, text: &str) -> usize {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
        let mut left = text.as_bytes();
        while !left.is_empty() {
            match self.kind.write(&file, left) {
                Ok(0) => break,
                Ok(len) => left = &left[len..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An error of the log can only be counted.
                Err(_) => break,
            }
        }
        text.len() - left.len()
    }
}

impl Kind {
    fn write(self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Kind::NeverBlocks => file.write(bytes),
            Kind::Socket => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                Ok(send(file.as_raw_fd(), bytes, flags)?)
            }
            Kind::Asked => {
                let mut event = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
                if poll(&mut event, PollTimeout::ZERO)? == 0 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                // A pipe that can be written has room for so many.
                file.write(&bytes[..bytes.len().min(libc::PIPE_BUF)])
            }
        }
    }
}

/// Opens a log file. A FIFO is opened to read too: so it needs no reader, and one that comes later
/// finds what was written.
fn open_named(path: &Path) -> io::Result<File> {
    let is_fifo = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    let mut options = OpenOptions::new();
    open_nonblocking(options.read(is_fifo).append(true).create(true).mode(0o600), path)
}

fn open_nonblocking(options: &mut OpenOptions, path: impl AsRef<Path>) -> io::Result<File> {
    options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    /// Writes until lines are lost, has all read, writes one more: each line is there or counted.
    fn assert_counted(output: &Output, mut read: impl FnMut() -> String) {
        let line = format!("moment  INFO {}\n", "x".repeat(100));
        let mut written = 0;
        while output.lost.load(Ordering::Relaxed) < 3 {
            output.write(&line);
            written += 1;
        }
        let mut text = read();
        output.write("moment  INFO last\n");
        text += &read();
        assert!(text.ends_with("\nmoment  INFO last\n"), "{text}");
        let counts = text.split(" lost=").skip(1).filter_map(|rest| rest.lines().next());
        let lost: usize = counts.map(|count| count.parse::<usize>().unwrap()).sum();
        assert!(lost >= 3, "{text}");
        assert_eq!(text.matches(line.as_str()).count() + lost, written, "{text}");
    }

    fn drain(file: &mut impl Read) -> String {
        let mut bytes = Vec::new();
        assert_eq!(file.read_to_end(&mut bytes).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_without_room_in_a_fifo_or_a_socket_are_counted_and_the_count_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let output = Output::named(&path, &ASKED).unwrap();
        let mut fifo = open_nonblocking(OpenOptions::new().read(true), &path).unwrap();
        assert_counted(&output, || drain(&mut fifo));

        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let output = Output::new(OwnedFd::from(theirs).into(), Kind::Socket);
        assert_counted(&output, || drain(&mut ours));

        let (mut reader, writer) = io::pipe().unwrap();
        let output = Output::new(OwnedFd::from(writer).into(), Kind::Asked);
        let mut buffer = vec![0; 1 << 20];
        let mut read = || {
            let len = reader.read(&mut buffer).unwrap();
            String::from_utf8(buffer[..len].to_vec()).unwrap()
        };
        assert_counted(&output, &mut read);
    }

    #[test]
    fn a_line_that_was_cut_does_not_run_into_the_next() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = Output::new(file.reopen().unwrap(), Kind::NeverBlocks);
        output.put("moment  INFO half a li");
        output.is_cut.store(true, Ordering::Relaxed);
        output.lost.store(1, Ordering::Relaxed);
        output.write("moment  INFO whole\n");
        let text = fs::read_to_string(file.path()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let notice = "moment  WARN the log had no room: lines were lost lost=1";
        assert_eq!(lines, ["moment  INFO half a li", notice, "moment  INFO whole"]);
    }

    #[test]
    fn a_file_is_opened_anew_when_that_was_asked_for_and_an_old_one_serves_on_if_it_cannot() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("log"), dir.path().join("log.1"));
        let output = Output::named(&path, &ASKED).unwrap();
        output.write("moment one\n");
        fs::rename(&path, &old).unwrap();
        output.write("moment two\n");
        ASKED.fetch_add(1, Ordering::Release);
        output.write("moment three\n");
        assert_eq!(fs::read_to_string(&old).unwrap(), "moment one\nmoment two\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "moment three\n");
        let third = dir.path().join("log.2");
        fs::rename(&path, &third).unwrap();
        fs::create_dir(&path).unwrap();
        ASKED.fetch_add(1, Ordering::Release);
        output.write("moment four\n");
        let text = fs::read_to_string(third).unwrap();
        assert!(text.contains(" anew, so lines go on here: ") && text.ends_with("moment four\n"));
        fs::remove_dir(&path).unwrap();
        ASKED.fetch_add(1, Ordering::Release);
        output.write("moment five\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "moment five\n");
    }
}
