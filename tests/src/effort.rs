//! How much a sweep tries: `SPECTACLES_EFFORT`, quick by default.

use std::env;

/// The size of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The whole workspace's tests end within two minutes.
    Quick,
    /// What continuous integration can afford.
    Ci,
    /// As long as it takes.
    Night,
}

impl Effort {
    /// What the environment asks for.
    ///
    /// # Panics
    /// If it asks for something else.
    pub fn asked() -> Effort {
        match env::var("SPECTACLES_EFFORT").as_deref() {
            Err(_) | Ok("quick") => Effort::Quick,
            Ok("ci") => Effort::Ci,
            Ok("night") => Effort::Night,
            Ok(other) => panic!("SPECTACLES_EFFORT is {other:?}, not quick, ci or night"),
        }
    }

    /// One of three sizes.
    pub fn of<T>(self, quick: T, ci: T, night: T) -> T {
        match self {
            Effort::Quick => quick,
            Effort::Ci => ci,
            Effort::Night => night,
        }
    }
}
