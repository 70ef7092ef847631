//! One server per DIR: `DIR/lock`, held as long as any process of the server lives.
//!
//! The lock belongs to the open file description, which forked workers share: after the parent is
//! killed they still hold it, so that a successor cannot start beside an old writer. It is never
//! unlocked by a call and the file is never removed. It says who holds it, where it was written, and
//! which kernel objects a crash would leave behind.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::program::directory::open_file;
use crate::program::process::{is_alive, users};
use crate::server::origin::{Namespaces, Origin};

/// Name of the lock file in DIR.
pub const LOCK_FILE: &str = "lock";
/// How long a dead server's last processes may take to die; killed ones need milliseconds.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often to look whether they have; nothing tells us of the death of a process that is not our
/// child.
const POLL: Duration = Duration::from_millis(10);
/// A lock file has a handful of lines; of a larger file no more is read.
const FILE_MAX: u64 = 64 * 1024;

/// What a lock file says: `PID package` in the first line, two lines on where it was written, then a
/// line for each kernel object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The process that took the lock last, which may be gone.
    pub pid: i32,
    /// Its package, such as `q2-msgqueue`.
    pub package: String,
    /// The file that it wrote, and its namespaces.
    pub origin: Origin,
    /// Its kernel objects, in the words of the stage that made them; the one made last stands last.
    pub objects: Vec<String>,
}

/// The lock, ours until this process and all its children have ended.
#[derive(Debug)]
pub struct Lock {
    file: File,
    holder: Holder,
}

impl Lock {
    /// Takes the lock of DIR for `package`.
    ///
    /// The objects that a dead server recorded stay recorded until [`Lock::forget`], so that a
    /// crash while they are being removed loses none. What stands in a copy of another lock file is
    /// not kept: those objects may be a live server's.
    ///
    /// # Errors
    /// If a server runs in DIR, or processes of a dead one are still there after 2 s: names them.
    /// See flock(2).
    pub fn take(dir: &Path, package: &str) -> anyhow::Result<Lock> {
        let path = dir.join(LOCK_FILE);
        let file =
            open_file(&path, true).with_context(|| format!("cannot open {}", path.display()))?;
        wait_for(&file, dir).with_context(|| format!("cannot lock {}", path.display()))?;
        let pid = std::process::id() as i32;
        let held = read(&file).with_context(|| format!("cannot read {}", path.display()))?;
        let origin = Origin::of(&file).context("cannot tell where this process runs")?;
        let held = held.filter(|held| held.origin.has_objects_of(&origin));
        let objects = held.unwrap_or_default().objects;
        let holder = Holder { pid, package: package.to_owned(), origin, objects };
        let lock = Lock { file, holder };
        lock.write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(lock)
    }

    /// The objects recorded so far, those of a dead predecessor first.
    pub fn objects(&self) -> &[String] {
        &self.holder.objects
    }

    /// Records a kernel object, one line of text: its key before it is made, its id after.
    ///
    /// # Errors
    /// Of pwrite.
    pub fn record(&mut self, object: String) -> io::Result<()> {
        self.holder.objects.push(object);
        self.write()
    }

    /// Forgets objects that are no longer there.
    ///
    /// # Errors
    /// Of pwrite and ftruncate.
    pub fn forget(&mut self, gone: impl Fn(&str) -> bool) -> io::Result<()> {
        self.holder.objects.retain(|object| !gone(object));
        self.write()
    }

    /// Names nobody any more, unless there is something to be removed: for a server that does not
    /// start after all. Where somebody has removed the lock file of another server, that one's
    /// clients would take it for dead.
    ///
    /// # Errors
    /// Of ftruncate.
    pub fn withdraw(self) -> io::Result<()> {
        if self.holder.objects.is_empty() { self.file.set_len(0) } else { Ok(()) }
    }

    /// Writes the lines, then cuts the file. A server that is killed in between leaves some old lines
    /// behind the new ones, and they are true.
    fn write(&self) -> io::Result<()> {
        let mut text = format!("{} {}\n", self.holder.pid, self.holder.package);
        text += &self.holder.origin.text();
        for object in &self.holder.objects {
            text += object;
            text.push('\n');
        }
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }
}

/// What the lock file of DIR says, or None if there is none or it is not one of this project's.
///
/// # Errors
/// Of open and read.
pub fn holder(dir: &Path) -> io::Result<Option<Holder>> {
    match open_file(&dir.join(LOCK_FILE), false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => read(&file?),
    }
}

fn wait_for(file: &File, dir: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let Holder { pid, package, origin, .. } = read(file)?.unwrap_or_default();
        let others = users(file)?;
        // The PID of a dead holder may have gone to a stranger, who does not have the file open.
        if others.contains(&pid) && is_alive(pid) {
            bail!(
                "{package}, process {pid}, runs in {}: stop it first, or use another --dir",
                dir.display()
            );
        }
        if Instant::now() >= deadline {
            let its = origin.namespaces.pid;
            let here = match others[..] {
                [] => "cannot be seen from here".to_owned(),
                [ref first, ..] => format!("process {first} here"),
            };
            ensure!(
                its.is_empty() || its == Namespaces::own()?.pid,
                "{package} runs in {}, as process {pid} of another PID namespace ({here}): stop it \
                 first, or use another --dir",
                dir.display()
            );
            ensure!(
                !others.is_empty(),
                "{package}, process {pid}, is gone, but who holds its lock {here}: end that first"
            );
            bail!(
                "{package}, process {pid}, is gone, but {others:?} of its processes are still there: end them first"
            );
        }
        sleep(POLL);
    }
}

fn read(file: &File) -> io::Result<Option<Holder>> {
    // As large as the file and no larger: what is touched here stays the server's for good.
    let mut bytes = vec![0; file.metadata()?.len().min(FILE_MAX) as usize];
    let len = file.read_at(&mut bytes, 0)?;
    Ok(parse(&String::from_utf8_lossy(&bytes[..len])))
}

fn parse(text: &str) -> Option<Holder> {
    let mut lines = text.lines();
    let (pid, package) = lines.next()?.split_once(' ')?;
    let pid = pid.parse().ok()?;
    let mut origin = Origin::default();
    let objects = lines.filter(|line| !origin.read(line)).map(str::to_owned).collect();
    Some(Holder { pid, package: package.to_owned(), origin, objects })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_record_outlives_its_server_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(dir.path(), "q9-test").unwrap();
        lock.record("queue 0x51000001".into()).unwrap();
        lock.record("queue 0x51000001 id 7".into()).unwrap();
        drop(lock);
        let mut lock = Lock::take(dir.path(), "q9").unwrap();
        assert_eq!(lock.objects(), ["queue 0x51000001", "queue 0x51000001 id 7"]);
        lock.forget(|object| object.contains("0x51000001")).unwrap();
        let held = holder(dir.path()).unwrap().unwrap();
        let origin = Origin::of(&lock.file).unwrap();
        let pid = std::process::id() as i32;
        assert_eq!(held, Holder { pid, package: "q9".into(), origin, objects: vec![] });
    }

    #[test]
    fn what_another_lock_file_records_is_not_taken_over() {
        let [dir, copy] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let mut lock = Lock::take(dir.path(), "q9-test").unwrap();
        lock.record("queue 0x51000001 id 7".into()).unwrap();
        fs::copy(dir.path().join(LOCK_FILE), copy.path().join(LOCK_FILE)).unwrap();
        assert_eq!(Lock::take(copy.path(), "q9-test").unwrap().objects(), [""; 0]);
        drop(lock);
        // Nor is one of another boot, or of another IPC namespace.
        let path = dir.path().join(LOCK_FILE);
        let text = fs::read_to_string(&path).unwrap();
        for (from, to) in [("boot ", "boot 0"), ("ipc:[", "ipc:[0")] {
            fs::write(&path, text.replace(from, to)).unwrap();
            assert_eq!(Lock::take(dir.path(), "q9-test").unwrap().objects(), [""; 0], "{to}");
        }
        fs::write(&path, text.replace("pid:[", "pid:[0")).unwrap();
        assert_eq!(Lock::take(dir.path(), "q9-test").unwrap().objects().len(), 1);
    }

    #[test]
    fn a_foreign_lock_file_names_nobody() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()).unwrap(), None);
        for text in ["", "\n", "x", "x y\n", "99999999999 q2\n"] {
            fs::write(dir.path().join(LOCK_FILE), text).unwrap();
            assert_eq!(holder(dir.path()).unwrap(), None, "{text:?}");
        }
        fs::hard_link(dir.path().join(LOCK_FILE), dir.path().join("second")).unwrap();
        assert!(holder(dir.path()).unwrap_err().to_string().contains("2 names"));
    }

    #[test]
    fn a_lock_without_an_owner_in_sight_is_waited_for_and_then_reported() {
        let dir = tempfile::tempdir().unwrap();
        let _held = Lock::take(dir.path(), "q9-test").unwrap();
        // The holder is this very process, which `users` leaves out: as if the owner had died.
        let before = Instant::now();
        let error = format!("{:#}", Lock::take(dir.path(), "q9-test").unwrap_err());
        assert!(error.contains("is gone") && before.elapsed() >= WAIT_MAX, "{error}");
    }
}
