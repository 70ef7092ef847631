//! Threads share memory: what two of them change at once is lost unless a lock keeps one of them
//! out.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::{Parser, value_parser};
use common::program::exit;
use common::program::signals::inherit_nothing;
use q0_primitives::gate::together;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};

/// Has threads count together, without a lock and with one. See pthreads(7), pthread_mutex_lock(3).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// How many threads
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u64).range(1..=256))]
    threads: u64,
    #[command(flatten)]
    pause: Pause,
}

/// How often each thread adds 1.
const ADDITIONS: u64 = 500_000;

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("threads", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let goal = options.threads * ADDITIONS;
    let counter = AtomicU64::new(0);
    let report = |how, sum| say(format_args!("{how}: {sum} of {goal}, {} lost", goal - sum));
    let look_around = || {
        look(format_args!("ps -L -o pid,lwp,stat,comm -p {}", std::process::id()))?;
        options.pause.wait(&format!("let {} threads count", options.threads)).map(drop)
    };
    together(options.threads, look_around, || {
        for round in 0..ADDITIONS {
            // What `value += 1` is to the machine: a load and a store, each whole, the pair not. On
            // a plain variable that is a data race, which Rust does not define (nor does C).
            let value = counter.load(Relaxed);
            if round % 1000 == 0 {
                // Lets others in between even where there is only one CPU.
                thread::yield_now();
            }
            counter.store(value + 1, Relaxed);
        }
    })?;
    report("without a lock", counter.into_inner())?;
    let counter = Mutex::new(0);
    together(options.threads, look_around, || {
        (0..ADDITIONS).for_each(|_| *counter.lock().unwrap_or_else(PoisonError::into_inner) += 1);
    })?;
    report("with a lock", counter.into_inner().unwrap_or_else(PoisonError::into_inner))?;
    Ok(0)
}
