//! Fuzzing of every decoder: kept inputs first, then mutants of them; whoever reads bytes of
//! others is total, agrees with rules written a second time, and loses only what is broken.
//!
//! An input whose outcome was not seen before joins those that are mutated; `UPDATE=1` keeps it in
//! `tests/corpus`.

mod command_line;
mod files;
mod frames;
mod message;
mod mutation;
mod pipe;
mod records;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::{env, fs};

use fastrand::Rng;
use harness::runner::sweep::Sweep;

use mutation::mutate;

/// Executions of one point of a sweep.
const PER_POINT: u64 = 1000;
/// Points of a decoder's sweep, at night all of them: 10^7 executions.
const POINTS: u64 = 10_000;
/// Decoders, which share the time.
const DECODERS: u32 = 8;
/// Inputs that a run remembers at most, the kept ones included.
const REMEMBERED_MAX: usize = 500;

/// What one decoder is fed with.
struct Diet {
    /// The folder in `tests/corpus`.
    name: &'static str,
    /// Longest input.
    longest: usize,
    /// What is inserted now and then: pieces that mean something to the decoder.
    words: &'static [&'static [u8]],
}

/// Feeds a decoder; `check` panics if it breaks a property, and names the kind of the outcome.
fn fuzz<K: Hash>(diet: &Diet, mut check: impl FnMut(&[u8], &mut Rng) -> K) {
    let mut inputs = kept(diet);
    let mut seen = BTreeMap::new();
    for input in &inputs {
        let outcome = tried(diet, input, &mut Rng::with_seed(0), &mut check);
        seen.insert(outcome, input.clone());
    }
    let sweep = Sweep::new(&format!("fuzz-{}", diet.name), POINTS, DECODERS);
    let seed = sweep.seed();
    sweep.run(|point| {
        let mut rng = Rng::with_seed(seed ^ point.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..PER_POINT {
            let input = mutate(&inputs, diet, &mut rng);
            let outcome = tried(diet, &input, &mut rng, &mut check);
            if seen.len() < REMEMBERED_MAX && !seen.contains_key(&outcome) {
                seen.insert(outcome, input.clone());
                inputs.push(input);
            }
        }
    });
    if env::var_os("UPDATE").is_some() {
        keep(diet, &seen);
    }
}

/// One execution; if it panics, the input is written down where the message says.
fn tried<K: Hash>(
    diet: &Diet,
    input: &[u8],
    rng: &mut Rng,
    check: &mut impl FnMut(&[u8], &mut Rng) -> K,
) -> u64 {
    let failing = Failing { diet, input };
    let outcome = check(input, rng);
    std::mem::forget(failing);
    let mut hasher = DefaultHasher::new();
    outcome.hash(&mut hasher);
    hasher.finish()
}

/// The input under a decoder that panics.
struct Failing<'a> {
    diet: &'a Diet,
    input: &'a [u8],
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        let path = harness::stage::program(&format!("fuzz-{}", self.diet.name));
        let kept = fs::write(&path, self.input);
        let folder = corpus(self.diet);
        eprintln!(
            "this input fails: {} ({kept:?}); keep it in {}",
            path.display(),
            folder.display()
        );
    }
}

fn corpus(diet: &Diet) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(diet.name)
}

/// The inputs that the project keeps, in the order of their names.
fn kept(diet: &Diet) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(corpus(diet)).expect("every decoder has a folder of inputs");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is kept in {}", corpus(diet).display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Keeps one input for each kind of outcome, under the name of that kind.
fn keep(diet: &Diet, seen: &BTreeMap<u64, Vec<u8>>) {
    let kept = kept(diet);
    for (outcome, input) in seen.iter().filter(|(_, input)| !kept.contains(input)) {
        fs::write(corpus(diet).join(format!("{outcome:016x}")), input).unwrap();
    }
}
