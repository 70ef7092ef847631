//! The one table that is printed.
use crate::results::Results;
/// x
pub fn of(results: &Results) -> String {
    let mut s = String::new();
    for b in &results.bars {
        s += &crate::bars::line(b);
        s += "\n";
    }
    s
}
