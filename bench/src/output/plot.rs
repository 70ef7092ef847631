//! The pictures of a report: told apart by shape, tone and label, so that a grey print and every
//! reader's eyes will do.

pub mod columns;
pub mod panels;

use plotters::style::RGBColor;

use crate::results::file::Results;

/// A picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// A file name without its ending.
    pub name: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// The picture itself.
    pub svg: String,
}

/// Tones from dark to light, far enough apart in grey.
const DARK: RGBColor = RGBColor(0x1b, 0x3a, 0x57);
const MIDDLE: RGBColor = RGBColor(0x7f, 0xa8, 0xc9);
const LIGHT: RGBColor = RGBColor(0xe6, 0xee, 0xf4);
/// The baselines.
const BASELINE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

const FONT: &str = "sans-serif";

/// All of them.
///
/// # Errors
/// If one cannot be drawn.
pub fn all(results: &Results) -> anyhow::Result<Vec<Picture>> {
    Ok(vec![
        columns::latency(results)?,
        panels::throughput(results)?,
        columns::memory(results)?,
        panels::durable(results)?,
    ])
}

/// The name of a stage as it fits under a column.
fn short(name: &str) -> String {
    match name {
        "q4-thread-per-request" => "q4-thread-per-req.".to_owned(),
        other => other.to_owned(),
    }
}

/// A number of figures for an axis or a label: 1 234 567 as 1.2M.
fn human(figure: f64) -> String {
    match figure {
        0.0 => "0".to_owned(),
        f if f >= 10_000_000.0 => format!("{:.0}M", f / 1e6),
        f if f >= 1_000_000.0 => format!("{:.1}M", f / 1e6),
        f if f >= 10_000.0 => format!("{:.0}k", f / 1e3),
        f if f >= 1_000.0 => format!("{:.1}k", f / 1e3),
        f if f >= 100.0 => format!("{f:.0}"),
        f => format!("{f:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_few_digits_and_a_unit() {
        let seen: Vec<String> = [0.0, 2.345, 456.7, 1234.0, 98765.0, 2.5e6].map(human).into();
        assert_eq!(seen, ["0", "2.3", "457", "1.2k", "99k", "2.5M"]);
    }
}
