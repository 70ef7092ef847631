//! Random choices that can be made again: `SPECTACLES_SEED=N` replays a test that printed `seed N`.

use std::env;

use fastrand::Rng;

/// A generator for one test, whose seed is in the test's output.
///
/// # Panics
/// If `SPECTACLES_SEED` is no number.
pub fn rng() -> Rng {
    Rng::with_seed(number())
}

/// A seed, the one that `SPECTACLES_SEED` gives or a random one, which is in the test's output.
///
/// # Panics
/// If `SPECTACLES_SEED` is no number.
pub fn number() -> u64 {
    let given = env::var("SPECTACLES_SEED").ok();
    let seed = given.map_or_else(|| Rng::new().u64(..), |text| text.parse().expect("a number"));
    println!("seed {seed}");
    seed
}
