//! Each attack beside an honest load, and the same load without it.

use std::fmt;
use std::time::{Duration, Instant};

use harness::attack::Attack;
use harness::attack::attacker::{Attacker, NeverReads};
use harness::effort::Effort;
use harness::machine::stolen::Stolen;
use harness::runner::sweep::Sweep;
use harness::say::say;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use harness::wait;

use crate::alone;
use crate::honest::{Honest, Took, table};

/// How long an honest load is measured.
fn time() -> Duration {
    Effort::asked().of(Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(4))
}

/// Messages of one attack.
fn count() -> u64 {
    Effort::asked().of(3_000, 30_000, 250_000)
}

/// More than this, and what took long is measured again.
const STOLEN_MAX_PERCENT: f64 = 0.5;
/// So many times at most: a server that is late is late on a quiet machine too.
const TRIES: u32 = 5;

/// What happens beside the honest clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// Somebody sends without a pause.
    Busy(Attack),
    /// 40 live clients, whose unread answers need twice the room of a reply queue.
    Crowd,
    /// A stopped client, whose unread answers fill whatever they are put into.
    Stopped,
    /// Parts of requests, a byte now and then.
    Dripping,
}

const BESIDE: [Beside; 8] = [
    Beside::Crowd,
    Beside::Busy(Attack::Flood),
    Beside::Stopped,
    Beside::Busy(Attack::Forge),
    Beside::Dripping,
    Beside::Busy(Attack::Noise),
    Beside::Busy(Attack::Nameless),
    Beside::Busy(Attack::Die),
];

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Beside::Busy(attack) => write!(f, "{attack:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Beside {
    /// The attack, and what honest clients see of it.
    fn run(self, server: &Server, seed: u64) -> Result<Took, String> {
        let silent = |count| NeverReads::start(server, count);
        match self {
            Beside::Busy(attack) => {
                let honest = Honest::start(server);
                let until = Instant::now() + time();
                let mut attacker = Attacker::start(server, attack, self.messages(), seed);
                let is_over = || Instant::now() >= until && attacker.has_sent(Duration::ZERO);
                wait::until_true("the end of the attack", Duration::from_secs(300), is_over);
                honest.finish()
            }
            Beside::Crowd => {
                let _crowd: Vec<NeverReads> = (0..40).map(|_| silent(1)).collect();
                Honest::measure(server, time())
            }
            Beside::Stopped => {
                let mut client = Attacker::start(server, Attack::Silent, 500, seed);
                assert!(client.has_sent(Duration::from_secs(60)));
                client.freeze();
                Honest::measure(server, time())
            }
            Beside::Dripping => {
                let mut client = Attacker::start(server, Attack::Drip, 1_000_000, seed);
                assert!(client.has_sent(Duration::from_secs(60)));
                Honest::measure(server, time())
            }
        }
    }

    /// Dying takes a process each.
    fn messages(self) -> u64 {
        if self == Beside::Busy(Attack::Die) { count() / 25 } else { count() }
    }

    /// How long 99 of 100 answers may take. At night the machine has nothing else to do, and the
    /// promise is checked as it is made; else anything may run besides, and only a server that
    /// keeps somebody waiting for long is caught.
    fn limit(self, before: Took) -> Duration {
        let ms = Duration::from_millis;
        let is_night = Effort::asked() == Effort::Night;
        match self {
            Beside::Busy(Attack::Die) if is_night => ms(50),
            Beside::Busy(_) if is_night => ms(20),
            _ if is_night => (before.p99 * 3).max(ms(1)),
            Beside::Busy(_) => (before.p99 * 20).max(ms(2500)),
            _ => (before.p99 * 10).max(ms(500)),
        }
    }
}

/// Every attack on one stage; who was kept waiting.
fn beside(stage: Stage) -> Vec<String> {
    let _turn = alone();
    let mut faults = Vec::new();
    let sweep = Sweep::new(
        &format!("attacks on {}", stage.package()),
        BESIDE.len() as u64,
        ALL.len() as u32,
    );
    let seed = sweep.seed();
    sweep.run(|point| {
        for tries_left in (0..TRIES).rev() {
            let stolen = Stolen::so_far();
            let result = attack(stage, BESIDE[point as usize], seed);
            let stolen = stolen.percent_since();
            match result {
                Err(fault) if stolen > STOLEN_MAX_PERCENT && tries_left > 0 => {
                    say(&format!(
                        "the hypervisor took {stolen:.1} % of the time, once more: {fault}"
                    ));
                }
                result => return faults.extend(result.err()),
            }
        }
    });
    faults
}

/// One attack on one stage, or who was kept waiting.
fn attack(stage: Stage, beside: Beside, seed: u64) -> Result<(), String> {
    let server = Server::start_with(stage, &table(), &["--durability", "process"]);
    let name = format!("{}, {beside}", stage.package());
    let of_this = |fault: String| format!("{name}: {fault}");
    let before = Honest::measure(&server, time()).map_err(of_this)?;
    let during = beside.run(&server, seed).map_err(of_this)?;
    let after = Honest::measure(&server, time()).map_err(of_this)?;
    let told = format!("{name}: before {before}; during {during}; after {after}");
    say(&format!("proof wedged: {told}"));
    let limits = [beside.limit(before), Beside::Crowd.limit(before)];
    if during.p99 > limits[0] || after.p99 > limits[1] {
        return Err(format!("{limits:?} at most during and after it: {told}"));
    }
    Ok(())
}

#[test]
fn honest_clients_are_served_beside_hostile_ones() {
    let faults: Vec<String> = ALL.into_iter().flat_map(beside).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
