//! The judge's side of a box: it starts programs, watches them, and says what it finds.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;

use crate::launch::behind::PROGRAM;
use crate::launch::children::Children;
use crate::launch::launcher::Launcher;
use crate::launch::walls::Walls;
use crate::sandbox::frames::{self, Kind, MAX_FRAME};
use crate::sandbox::leftovers::Leftovers;
use crate::sandbox::order::Order;
use crate::sandbox::processes::{Census, Found};
use crate::sandbox::supervisor::Supervisor;
use crate::sandbox::tree::Tree;
use crate::sandbox::{keeper, nested, network, root};
use crate::sys;

/// The first argument that makes this program the judge in a box.
pub(crate) const ARGUMENT: &str = "inside-the-box";

/// Whether this process was started to be the judge in a box.
pub fn is_asked() -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
}

/// A box, as its first process sees it.
#[derive(Debug)]
pub struct Inside {
    /// Starts programs of the submission.
    pub launcher: Launcher,
    /// What is to be done.
    pub job: String,
    /// The submission's folder, which may be written.
    pub home: PathBuf,
    /// Where lines go.
    pub results: Results,
    /// The program `wire-door`, if it stood beside this one: in the box nothing does.
    door: Option<File>,
    scratch_bytes: u64,
    walls: Walls,
    supervisor: Supervisor,
    second_network: Mutex<Option<Arc<OwnedFd>>>,
}

/// The way out of a box.
#[derive(Debug)]
pub struct Results(File);

impl Results {
    /// Says a line to whoever runs the box.
    ///
    /// # Errors
    /// EPIPE: nobody listens; EINVAL: it is longer than 1 MiB.
    pub fn line(&self, line: &str) -> io::Result<()> {
        frames::write(&self.0, Kind::Line, line.as_bytes())
    }
}

/// Makes the box around this process, which must have one thread, and returns in its first process.
///
/// If that is not possible, whoever runs the box hears why, and this process ends.
pub fn enter() -> Inside {
    let results = match take_results() {
        Ok(results) => results,
        Err(error) => {
            eprintln!("cannot use the pipe of results: {error}");
            std::process::exit(1)
        }
    };
    // Without it the items that need it say so.
    let door = env::current_exe().and_then(|path| File::open(path.with_file_name(PROGRAM))).ok();
    let made = read_order().and_then(|order| Ok((make(&order, &results)?, order)));
    let (made, order) = made.unwrap_or_else(|error| give_up(&results, Kind::NoBox, &error));
    if let Err(error) = fill(&made.home) {
        give_up(&results, Kind::NoCopy, &error);
    }
    if let Err(error) = frames::write(&results, Kind::Ready, &[]) {
        give_up(&results, Kind::NoBox, &error.into());
    }
    Inside {
        launcher: Launcher::behind(made.walls.clone(), made.supervisor.census.children.clone()),
        job: order.job,
        scratch_bytes: order.scratch_bytes,
        home: made.home,
        results: Results(results),
        door,
        walls: made.walls,
        supervisor: made.supervisor,
        second_network: Mutex::new(None),
    }
}

fn give_up(results: &File, kind: Kind, error: &anyhow::Error) -> ! {
    // Without a listener there is nobody to tell.
    let _ = frames::write(results, kind, format!("{error:#}").as_bytes());
    std::process::exit(1)
}

/// Moves the pipe of results away from standard output, on which anything may print.
fn take_results() -> io::Result<File> {
    let copy = io::stdout().as_fd().try_clone_to_owned()?;
    fcntl(&copy, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    sys::dup2(io::stderr().as_fd(), 1)?;
    Ok(File::from(copy))
}

fn read_order() -> Result<Order> {
    // Without a buffer: the archive is read by another process.
    Order::read_from(standard_input()?).context("cannot read what the box is to be")
}

fn standard_input() -> Result<File> {
    let copy = io::stdin().as_fd().try_clone_to_owned().context("cannot read what comes in")?;
    Ok(File::from(copy))
}

/// What is made before the submission comes in.
struct Made {
    home: PathBuf,
    walls: Walls,
    supervisor: Supervisor,
}

fn make(order: &Order, results: &File) -> Result<Made> {
    let kept = keeper::enter(results)?;
    root::make(&kept.sources, order)?;
    network::loopback()?;
    limit_objects(order);
    let nested = nested::make()?;
    let home = Path::new(root::HOME).join("submission");
    fs::create_dir(&home).context("cannot make the submission's folder")?;
    if let Some(crates) = kept.sources.crates() {
        show_crates(&crates).context("cannot show cargo its crates")?;
    }
    let mut environment = kept.sources.environment();
    environment.extend([
        ("HOME".into(), root::HOME.into()),
        ("USER".into(), "student".into()),
        ("TERM".into(), "xterm".into()),
    ]);
    let walls = Walls {
        user: Arc::new(nested.user),
        mounts: Arc::new(nested.mounts),
        network: None,
        n_processes: order.n_processes,
        environment,
    };
    let census = Census::new(Children::default()).context("cannot tell processes apart")?;
    let supervisor =
        Supervisor::start(census, order.memory_bytes).context("cannot start the supervisor")?;
    Ok(Made { home, walls, supervisor })
}

/// Has cargo find the crates that the machine has, as it cannot fetch any.
fn show_crates(crates: &Path) -> io::Result<()> {
    let cargo = Path::new(root::HOME).join(".cargo");
    let registry = cargo.join("registry");
    if crates == registry {
        return Ok(());
    }
    fs::create_dir(&cargo)?;
    symlink(crates, registry)
}

/// Bounds System V objects, which are memory of nobody.
fn limit_objects(order: &Order) {
    let pages = (order.memory_bytes / 4096).to_string();
    // Semaphores: in a set, in all, operations at once, sets.
    let sem = ("sem", "1000 32000 500 1000");
    let settings = [("shmall", pages.as_str()), ("shmmni", "1000"), ("msgmni", "1000"), sem];
    for (name, value) in settings {
        // Older kernels keep these for the machine's root; there the machine's own limits hold.
        let _ = fs::write(format!("/proc/sys/kernel/{name}"), value);
    }
}

/// Copies the submission in, and closes the way that it came.
fn fill(home: &Path) -> Result<()> {
    let mut input = standard_input()?;
    Tree::unpack(&mut input, home).context("cannot write it")?;
    // What is left of the archive is its padding.
    io::copy(&mut input.take(MAX_FRAME as u64), &mut io::sink()).context("cannot read it")?;
    let nothing = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())
        .context("cannot open /dev/null")?;
    sys::dup2(nothing.as_fd(), 0).context("cannot close what came in")
}

impl Inside {
    /// Sends the submission's folder as it is now to whoever runs the box.
    ///
    /// # Errors
    /// A file cannot be read, or there are too many.
    pub fn send_home(&self) -> io::Result<()> {
        let tree = Tree::read(&self.home, self.scratch_bytes)?;
        let mut pieces = tree.bytes().chunks(MAX_FRAME);
        pieces.try_for_each(|piece| frames::write(&self.results.0, Kind::Tree, piece))
    }

    /// Starts programs on another machine, as far as they can see: in a network of its own, at
    /// 10.0.0.2, with a cable to that of the box, which is at 10.0.0.1.
    ///
    /// # Errors
    /// The kernel has no veth.
    pub fn elsewhere(&self) -> Result<Launcher> {
        let mut second = self.second_network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match &*second {
            Some(network) => network.clone(),
            None => second.insert(Arc::new(network::second()?)).clone(),
        };
        let walls = Walls { network: Some(network), ..self.walls.clone() };
        Ok(Launcher::behind(walls, self.supervisor.census.children.clone()))
    }

    /// The program `wire-door`.
    ///
    /// # Errors
    /// It did not stand beside this one.
    pub(crate) fn door(&self) -> io::Result<File> {
        let missing = || io::Error::other(format!("there is no {PROGRAM} beside grade"));
        self.door.as_ref().ok_or_else(missing)?.try_clone()
    }

    /// What is around the programs of the submission.
    pub(crate) fn walls(&self) -> &Walls {
        &self.walls
    }

    /// The environment of all programs in the box.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.walls.environment.iter().map(|(name, value)| (name, value))
    }

    /// The processes of the submission, zombies included.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub fn processes(&self) -> io::Result<Vec<Found>> {
        self.supervisor.census.take()
    }

    /// Kills all processes in the box but this one, and waits until the submission has none.
    ///
    /// # Errors
    /// Some do not end.
    pub fn end_all(&self) -> io::Result<()> {
        self.supervisor.end_all()
    }

    /// What the submission has left, as of now.
    ///
    /// # Errors
    /// /proc or /dev cannot be read.
    pub fn leftovers(&self) -> io::Result<Leftovers> {
        Leftovers::find(&[root::HOME, "/tmp"].map(Path::new), self.processes()?)
    }

    /// If the submission was killed for it: how many bytes of memory it had.
    pub fn exceeded_memory(&self) -> Option<u64> {
        self.supervisor.exceeded()
    }
}
