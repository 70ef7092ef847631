//! Power cuts: what was acknowledged is on the disk when the machine starts again, and nothing
//! else.

use std::fs;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use fastrand::Rng;
use harness::history::load::Load;
use harness::leftovers;
use harness::machine::disk::Disk;
use harness::processes;
use harness::runner::sweep::Sweep;
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours};
use harness::wait;

/// Cuts per stage.
const CUTS: u64 = 500;
/// How many cuts a server without syncs may survive before we are blind.
const CONTROL_MAX: u64 = 20;
/// Clients at the moment of a cut.
const CLIENTS: u64 = 8;
/// Shows that they ask for.
const SHOWS: i32 = 4;
/// The latest cut comes after so many answers.
const ANSWERS_MAX: u64 = 400;
/// How long a server may take to notice that its disk is gone, with clients that ask on; and the
/// last of its processes to end.
const END_MAX: Duration = Duration::from_secs(10);

/// The shows that a new server is given: more seats than can be sold before a cut.
fn shows_file(disk: &Disk) -> String {
    let path = disk.path().join("shows.toml");
    let show = |n| format!("[[show]]\ntitle = \"n° {n}\"\ndate = \"08/01/2027\"\nseats = 100000\n");
    fs::write(&path, (1..=SHOWS).map(show).collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A server that makes its data file on an empty disk, a power cut under load, and a restart; what
/// the clients' answers and the disk contradict.
fn cut(disk: &Disk, stage: Stage, durability: &str, rng: &mut Rng) -> Option<String> {
    let shows = shows_file(disk);
    disk.format();
    let mut server = Server::prepare(stage, &["--shows", &shows, "--durability", durability]);
    let mount = disk.mount(&server.dir());
    server.launch();
    let before: Table = shows::load(shows.as_ref()).unwrap();
    let load = Load::start(&server, CLIENTS, SHOWS, rng.u64(..));
    load.wait_for(rng.u64(0..ANSWERS_MAX));
    let group = server.pid();
    mount.cut();
    // A server that lives on must not acknowledge anything any more.
    if durability == "power" && rng.bool() {
        let status = server.wait(END_MAX);
        assert!(!status.success(), "its disk is gone, and it ended with {status}");
    } else {
        server.crash();
    }
    let told = load.join();
    wait::until_true("the last process's end", END_MAX, || processes::of_group(group).is_empty());
    mount.unmount();
    leftovers::renew_namespace();

    let mount = disk.mount(&server.dir());
    let after = server.table_on_disk();
    server.launch();
    let list = *server.client().ask(Ask::List).unwrap();
    assert_eq!(list.rows(), after.rows, "what a restart shows is not what was on the disk");
    server.stop();
    mount.unmount();
    told.contradiction(&before, &after)
}

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let name = "a_power_cut_takes_nothing_that_was_acknowledged";
    if !is_ours(name) {
        return;
    }
    // A thread of its own, because its namespaces are.
    let sweeps = || {
        let Some(disk) = Disk::new(name) else { return };
        for stage in ALL {
            let sweep =
                Sweep::new(&format!("power-cuts-{}", stage.package()), CUTS, ALL.len() as u32);
            let seed = sweep.seed();
            let mut rng = Rng::with_seed(seed);
            let loses =
                (1..=CONTROL_MAX).find(|_| cut(&disk, stage, "process", &mut rng).is_some());
            assert!(loses.is_some(), "{CONTROL_MAX} cuts cost a server without syncs nothing");
            sweep.run(|point| {
                let mut rng = Rng::with_seed(seed ^ point);
                let contradiction = cut(&disk, stage, "power", &mut rng);
                assert_eq!(contradiction, None, "{}", stage.package());
            });
        }
    };
    if let Err(panic) = thread::scope(|scope| scope.spawn(sweeps).join()) {
        resume_unwind(panic);
    }
}
