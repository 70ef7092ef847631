//! How things look, in colour and without.

use std::env;

use ratatui::style::{Color, Modifier, Style};

/// The looks of things.
#[derive(Clone, Copy, Debug)]
pub struct Styles {
    /// A heading.
    pub head: Style,
    /// The selected row.
    pub selected: Style,
    /// A finding, or whom it is about.
    pub stuck: Style,
    /// What is less important.
    pub faint: Style,
    /// The bar of a gauge.
    pub gauge: Style,
}

impl Styles {
    /// Those of the environment: NO_COLOR, if it is not empty, takes the colours away.
    pub fn of_environment() -> Styles {
        let is_plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if is_plain { Styles::plain() } else { Styles::coloured() }
    }

    /// Without colour: bold, reversed and dim do the work.
    pub fn plain() -> Styles {
        let with = |modifier| Style::new().add_modifier(modifier);
        Styles {
            head: with(Modifier::BOLD),
            selected: with(Modifier::REVERSED),
            stuck: with(Modifier::BOLD),
            faint: Style::new(),
            gauge: Style::new(),
        }
    }

    /// With colours that can be read on black and on white.
    pub fn coloured() -> Styles {
        let plain = Styles::plain();
        Styles {
            head: plain.head.fg(Color::Cyan),
            stuck: plain.stuck.fg(Color::Red),
            faint: plain.faint.fg(Color::DarkGray),
            gauge: plain.gauge.fg(Color::Green),
            ..plain
        }
    }
}
