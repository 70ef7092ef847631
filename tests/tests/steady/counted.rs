//! A server and a client on one CPU, whose counts the kernel keeps.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use harness::c::Program;
use harness::processes::of_process;
use harness::server::Server;
use harness::stage::{Mechanism, Stage, program};
use harness::target::Target;
use harness::wait;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// VIEWs in one count.
pub(crate) const VIEWS: u64 = 2000;
/// VIEWs before the first: pages are touched, buffers grow, the reply's way is opened.
const WARM_UP: u64 = 200;
/// Far more than they take, under strace and a load too.
const SOON: Duration = Duration::from_secs(120);

/// A server, and a client process that asks when it is told to.
pub(crate) struct Counted {
    // The client goes first: it has the server's objects open.
    client: Child,
    answers: BufReader<ChildStdout>,
    server: Server,
    allocations: Option<(Program, PathBuf)>,
}

impl Counted {
    /// Starts both, on one CPU.
    pub(crate) fn start(stage: Stage) -> Counted {
        stay_on_one_cpu();
        Counted::with(Server::start(stage), None)
    }

    /// Starts both, the server with an allocator that counts; None if there is no C compiler.
    pub(crate) fn start_with_count(test: &str, stage: Stage) -> Option<Counted> {
        stay_on_one_cpu();
        let shim = Program::compile_library(test, "allocations")?;
        let mut server = Server::prepare(stage, &[]);
        let count = server.base().join("allocations");
        fs::write(&count, 0_u64.to_ne_bytes()).unwrap();
        let mut command = Command::new(Target::from(stage).program());
        command.arg("--dir").arg(server.dir());
        if stage.mechanism() == Mechanism::Sockets {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.env("LD_PRELOAD", shim.path()).env("ALLOCATIONS", &count);
        server.launch_as(command);
        Some(Counted::with(server, Some((shim, count))))
    }

    fn with(server: Server, allocations: Option<(Program, PathBuf)>) -> Counted {
        let mut client = Command::new(program("steady-client"))
            .args([server.stage().package().as_ref(), server.dir().as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(client.stdout.take().unwrap());
        let mut counted = Counted { client, answers, server, allocations };
        counted.ask(WARM_UP);
        counted
    }

    /// Has the client ask [`VIEWS`] times.
    pub(crate) fn view(&mut self) {
        self.ask(VIEWS);
    }

    fn ask(&mut self, count: u64) {
        writeln!(self.client.stdin.as_ref().unwrap(), "{count}").unwrap();
        assert!(wait::until_readable(self.answers.get_ref(), SOON), "the client gave up");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n");
    }

    /// The server's processes, and the client.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mut pids: Vec<i32> = self.server.threads().iter().map(|thread| thread.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids.push(self.client.id() as i32);
        pids
    }

    /// How often a thread has given up the CPU to wait. See proc_pid_status(5).
    pub(crate) fn switches(&self) -> u64 {
        let threads = self.processes().into_iter().flat_map(of_process);
        let status = |tid| fs::read_to_string(format!("/proc/{tid}/status")).unwrap();
        let count = |text: String| {
            let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.unwrap().trim().parse::<u64>().unwrap()
        };
        threads.map(|thread| count(status(thread.tid))).sum()
    }

    /// Page faults, minor and major. See proc_pid_stat(5).
    pub(crate) fn faults(&self) -> u64 {
        let count = |pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            let (_, fields) = stat.rsplit_once(')').unwrap();
            let field = |at| fields.split_whitespace().nth(at).unwrap().parse::<u64>().unwrap();
            field(7) + field(9)
        };
        self.processes().into_iter().map(count).sum()
    }

    /// Allocations of the server so far.
    pub(crate) fn allocations(&self) -> u64 {
        let (_, path): &(Program, PathBuf) = self.allocations.as_ref().unwrap();
        read_count(path)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // The end of its input is the client's end.
        drop(self.client.stdin.take());
        self.client.wait().unwrap();
    }
}

fn read_count(path: &Path) -> u64 {
    u64::from_ne_bytes(fs::read(path).unwrap().try_into().unwrap())
}

/// Keeps this thread, and what it starts, on one CPU: then a wait and a wake are one switch each.
fn stay_on_one_cpu() {
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
    let first = (0..CpuSet::count()).find(|&cpu| allowed.is_set(cpu).unwrap()).unwrap();
    let mut one = CpuSet::new();
    one.set(first).unwrap();
    sched_setaffinity(Pid::from_raw(0), &one).unwrap();
}
