//! Figures in words, and what the words of a report mean.

use crate::results::spread::Spread;

/// What the words of a report mean.
pub const DEFINITIONS: [(&str, &str); 9] = [
    ("VIEW", "a client asks how many seats one show has left: 32 bytes there, 32 back."),
    ("LIST", "a client asks for the whole table: 32 bytes there, 752 back."),
    (
        "RESERVE",
        "a client takes a seat. Durable: after a write and an fdatasync, so that it survives a power \
         cut. Process-durable: after a write, so that it survives the death of any process.",
    ),
    (
        "bare",
        "the baseline: the same bytes over the same mechanism, with nothing behind it. A ratio to it \
         is the price of being a server.",
    ),
    (
        "group commit",
        "all requests that wait share one write and one fdatasync. The bare one has no table, no \
         rules and no log.",
    ),
    ("bar", "a limit that a stage must keep, most of them on such a ratio."),
    (
        "dirty",
        "a round in which other programs used more than 5 % of the CPU, too often to be measured \
         again. * marks a figure with such a round. Dirty memory is something else: Private_Dirty, \
         pages that a server has written and the kernel cannot take back.",
    ),
    ("p50, p99", "half of all requests, and 99 of 100, took at most so long."),
    ("free", "the scheduler chose the CPUs; everything else ran on one."),
];

/// The mark of a figure with a dirty round.
const DIRTY: &str = "*";

/// A figure, marked if one of its rounds was dirty.
pub fn marked(figure: String, dirty_rounds: usize) -> String {
    if dirty_rounds == 0 { figure } else { figure + DIRTY }
}

/// The number of a stage, the first word of its package: q4.
pub fn number(package: &str) -> &str {
    package.split('-').next().unwrap_or(package)
}

/// Microseconds, with as many digits as mean something.
pub fn us(figure: f64) -> String {
    match figure {
        f if f < 1.0 => format!("{f:.2}"),
        f if f < 100.0 => format!("{f:.1}"),
        f => format!("{f:.0}"),
    }
}

/// A ratio with its spread.
pub fn ratio(spread: &Spread) -> String {
    format!("{:.2} ({:.2}-{:.2})", spread.median, spread.min, spread.max)
}

/// A rate with its spread.
pub fn rate(spread: &Spread) -> String {
    format!("{:.0} ({:.0}-{:.0})", spread.median, spread.min, spread.max)
}

/// A figure that may not have been measured.
pub fn optional(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_the_digits_that_mean_something() {
        assert_eq!([0.054, 3.94, 199.4].map(us), ["0.05", "3.9", "199"]);
        assert_eq!(ratio(&Spread::of(vec![1.0, 1.25, 1.5])), "1.25 (1.00-1.50)");
        assert_eq!(marked(us(1.0), 1), "1.0*");
        assert_eq!(optional(None, 2), "-");
    }
}
