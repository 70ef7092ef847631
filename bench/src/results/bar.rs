//! One demand on a stage, and whether it holds.

use serde::{Deserialize, Serialize};

/// A bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its number in the README.
    pub number: u32,
    /// The stage.
    pub stage: String,
    /// What is demanded, in words.
    pub demand: String,
    /// What was measured; None if this run or this machine could not.
    pub measured: Option<Measured>,
    /// The limit.
    pub limit: f64,
    /// Whether the limit is the least that will do, not the most.
    pub at_least: bool,
}

/// A figure that is held against a bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The figure; of several rounds the median.
    pub figure: f64,
    /// The least and the most of the rounds; None where there are no rounds.
    pub spread: Option<(f64, f64)>,
    /// Whether one of these rounds was dirty.
    pub dirty: bool,
}

impl Measured {
    /// A figure that has no rounds.
    pub fn count(figure: f64) -> Measured {
        Measured { figure, spread: None, dirty: false }
    }
}

impl Bar {
    /// Whether it holds; None if it was not measured.
    pub fn holds(&self) -> Option<bool> {
        let figure = self.measured?.figure;
        Some(if self.at_least { figure >= self.limit } else { figure <= self.limit })
    }

    /// In one line.
    pub fn line(&self) -> String {
        let demanded = if self.at_least { "at least" } else { "at most" };
        let measured = match self.measured {
            Some(measured) => format!("{:.2}", measured.figure),
            None => "not measured".to_owned(),
        };
        format!(
            "bar {}, {}: {} is {measured}, demanded {demanded} {:.2}",
            self.number, self.stage, self.demand, self.limit
        )
    }
}

/// The bars that fall short.
pub fn short(bars: &[Bar]) -> Vec<&Bar> {
    bars.iter().filter(|bar| bar.holds() == Some(false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_was_not_measured_neither_holds_nor_falls_short() {
        let bar = Bar {
            number: 1,
            stage: "q1-pipes".into(),
            demand: String::new(),
            measured: None,
            limit: 1.1,
            at_least: false,
        };
        let with = |figure| Bar { measured: Some(Measured::count(figure)), ..bar.clone() };
        assert_eq!(bar.holds(), None);
        assert_eq!(with(1.1).holds(), Some(true));
        assert_eq!(with(1.2).holds(), Some(false));
        assert_eq!(Bar { at_least: true, ..with(1.2) }.holds(), Some(true));
        assert_eq!(short(&[bar.clone(), with(1.0), with(1.2)]).len(), 1);
    }
}
