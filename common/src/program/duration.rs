//! Durations on a command line.

use std::time::Duration;

/// Longest time-out, a day: beyond it a sum of times could overflow, and nobody waits that long.
const TIMEOUT_MAX: f64 = 86_400.0;

/// A number of seconds, fractions allowed, above 0 and up to a day.
///
/// # Errors
/// For anything else.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=TIMEOUT_MAX).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("write a number of seconds from 0.001 to {TIMEOUT_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_is_a_positive_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("5"), Ok(Duration::from_secs(5)));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "", "soon"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
