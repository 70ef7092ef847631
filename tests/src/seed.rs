//! Random choices that can be made again: `SPECTACLES_SEED=N` replays a test that printed `seed N`.

use std::env;

use fastrand::Rng;

/// A generator for one test, whose seed is in the test's output.
///
/// # Panics
/// If `SPECTACLES_SEED` is no number.
pub fn rng() -> Rng {
    let given = env::var("SPECTACLES_SEED").ok();
    let seed = given.map_or_else(|| Rng::new().u64(..), |text| text.parse().expect("a number"));
    println!("seed {seed}");
    Rng::with_seed(seed)
}
