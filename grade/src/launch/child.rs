//! From fork to exec: the child enters its box and becomes the program. System calls only.
//!
//! A program with a terminal does not lead its session: when a server of such a kind called daemon(3)
//! its leader would end, and the whole session be told SIGHUP. A *holder* leads it, and does nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sys::prctl::{set_name, set_pdeathsig};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, chdir, getpid, pause, pipe2, setpgid, setsid, tcsetpgrp};

use crate::launch::plan::Plan;
use crate::sys;

/// Where the three standard streams go.
#[derive(Debug)]
pub(crate) struct Descriptors {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    /// Whether they are a terminal.
    pub(crate) has_terminal: bool,
}

/// The processes that were started; both are children of this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) program: Pid,
    pub(crate) holder: Option<Pid>,
}

/// Starts a program.
///
/// # Errors
/// Those of fork(2), setns(2), chdir(2) and execve(2).
pub(crate) fn start(plan: &Plan, streams: Descriptors) -> io::Result<Started> {
    // The child says its PID, and then what goes wrong; a successful exec closes the pipe.
    let (mut told, tell) = {
        let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
        (File::from(read), File::from(write))
    };
    let child = match sys::fork()? {
        Some(child) => child,
        None => run(plan, &streams, &tell),
    };
    drop((tell, streams));
    let mut said = Vec::new();
    let read = told.read_to_end(&mut said);
    let number = |bytes: &[u8]| bytes.try_into().map(i32::from_le_bytes).ok();
    let program = said.get(..4).and_then(number);
    let error = match (read, program, said.get(4..8).and_then(number)) {
        (Err(error), ..) => error,
        (_, Some(pid), None) if pid > 0 => {
            let program = Pid::from_raw(pid);
            return Ok(Started { program, holder: (program != child).then_some(child) });
        }
        (_, _, Some(errno)) => io::Error::from_raw_os_error(errno),
        _ => io::Error::other("it was killed before it ran"),
    };
    let others = program.map(Pid::from_raw).filter(|pid| pid.as_raw() > 0 && *pid != child);
    for pid in [Some(child), others].into_iter().flatten() {
        // It has ended, or it is a holder that nobody needs.
        let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
    }
    Err(error)
}

/// What the child does.
fn run(plan: &Plan, streams: &Descriptors, tell: &File) -> ! {
    let led = lead(plan, streams);
    match led {
        Ok(Side::Holder) => hold(),
        Ok(Side::Program) => say(tell, getpid().as_raw()),
        Err(_) => say(tell, 0),
    }
    let error = match led.and_then(|_| become_program(plan, streams)) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    say(tell, error.raw_os_error().unwrap_or(libc::EIO));
    sys::exit(127)
}

fn say(mut tell: &File, number: i32) {
    // If nobody listens any more, nobody needs to know.
    let _ = tell.write_all(&number.to_le_bytes());
}

/// What a process is after [`lead`].
enum Side {
    Holder,
    Program,
}

/// Enters the box and a session of its own.
fn lead(plan: &Plan, streams: &Descriptors) -> io::Result<Side> {
    // A background group that writes to its terminal would be stopped.
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None)?;
    if let Some(walls) = &plan.walls {
        walls.enter()?;
    }
    setsid()?;
    die_with_starter(plan)?;
    if !streams.has_terminal {
        return Ok(Side::Program);
    }
    let terminal = streams.input.as_fd();
    sys::take_terminal(terminal)?;
    if sys::fork_sibling()?.is_some() {
        return Ok(Side::Holder);
    }
    die_with_starter(plan)?;
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    tcsetpgrp(terminal, getpid())?;
    Ok(Side::Program)
}

/// In a box everybody dies with its first process.
fn die_with_starter(plan: &Plan) -> io::Result<()> {
    if plan.walls.is_none() {
        set_pdeathsig(Signal::SIGKILL)?;
    }
    Ok(())
}

/// The holder's whole life: it has nothing open, hears nothing, and waits to be killed.
fn hold() -> ! {
    let _ = set_name(c"grade: holder");
    let _ = sys::close_range(0, 0);
    loop {
        pause();
    }
}

fn become_program(plan: &Plan, streams: &Descriptors) -> io::Result<std::convert::Infallible> {
    let (input, output): (BorrowedFd<'_>, BorrowedFd<'_>) =
        (streams.input.as_fd(), streams.output.as_fd());
    sys::dup2(input, 0)?;
    sys::dup2(output, 1)?;
    sys::dup2(output, 2)?;
    if let Some(walls) = &plan.walls {
        walls.limit()?;
    }
    chdir(plan.cwd.as_c_str())?;
    sys::default_signals()?;
    sys::close_range(3, libc::CLOSE_RANGE_CLOEXEC)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Err(sys::execve(&plan.path, &plan.argv, &plan.envp).into())
}
