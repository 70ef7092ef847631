//! One figure per round, and what they come to.

use serde::{Deserialize, Serialize};

/// A figure of several rounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// All of them, in order.
    pub rounds: Vec<f64>,
}

impl Spread {
    /// The spread of the rounds' figures; zeros if there are none.
    pub fn of(rounds: Vec<f64>) -> Spread {
        let sorted = sorted(&rounds);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Spread::default();
        };
        Spread { median: quantile(&sorted, 0.5), min, max, rounds }
    }

    /// Divided by another one, round by round.
    pub fn over(&self, below: &Spread) -> Spread {
        let rounds = self.rounds.iter().zip(&below.rounds);
        Spread::of(rounds.map(|(above, below)| above / below).collect())
    }

    /// Between which two figures the middle half of the rounds lies.
    pub fn middle_half(&self) -> (f64, f64) {
        let sorted = sorted(&self.rounds);
        if sorted.is_empty() {
            return (0.0, 0.0);
        }
        (quantile(&sorted, 0.25), quantile(&sorted, 0.75))
    }
}

fn sorted(rounds: &[f64]) -> Vec<f64> {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A quantile of figures in order, between two of them where it falls there.
fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let at = quantile * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        let odd = Spread::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.min, odd.max), (2.0, 1.0, 3.0));
        assert_eq!(odd.rounds, [3.0, 1.0, 2.0]);
        assert_eq!(Spread::of(vec![1.0, 2.0, 4.0, 8.0]).median, 3.0);
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn a_quotient_is_made_round_by_round() {
        let (above, below) = (Spread::of(vec![2.0, 15.0]), Spread::of(vec![1.0, 10.0]));
        assert_eq!(above.over(&below).rounds, [2.0, 1.5]);
    }

    #[test]
    fn the_middle_half_leaves_out_a_quarter_on_each_side() {
        let spread = Spread::of(vec![5.0, 1.0, 2.0, 4.0, 3.0]);
        assert_eq!(spread.middle_half(), (2.0, 4.0));
        assert_eq!(Spread::default().middle_half(), (0.0, 0.0));
    }
}
