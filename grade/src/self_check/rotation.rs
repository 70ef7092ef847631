//! Which programs come first today: each day other ones, so that each has its turn.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::self_check::corpus::Program;

/// So many programs are a day's; the next day begins behind them.
pub const PER_DAY: usize = 20;

/// Days since 1970.
pub fn today() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() / (24 * 60 * 60))
}

/// Puts programs into a day's order, in which questions and kinds are mixed.
pub fn rotate(programs: &mut [Program], day: u64) {
    programs.sort_by_cached_key(|program| {
        let mut hasher = DefaultHasher::new();
        program.name.hash(&mut hasher);
        hasher.finish()
    });
    if let Some(begin) = (day as usize * PER_DAY).checked_rem(programs.len()) {
        programs.rotate_left(begin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_check::corpus::tests::program;

    #[test]
    fn in_so_many_days_every_program_has_its_turn() {
        let all: Vec<Program> = (0..70).map(|n| program(&format!("good-{n}"))).collect();
        let mut seen = std::collections::BTreeSet::new();
        for day in 20_000..20_004 {
            let mut today = all.clone();
            rotate(&mut today, day);
            seen.extend(today.into_iter().take(PER_DAY).map(|program| program.name));
        }
        assert_eq!(seen.len(), all.len());
        rotate(&mut [], 1);
    }
}
