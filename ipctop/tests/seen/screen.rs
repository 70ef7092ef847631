//! The screen on a terminal that is a buffer: every size, every key.

use std::thread;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ipctop::messages::Language;
use ipctop::scope::{Scope, Target};
use ipctop::screen::draw::draw;
use ipctop::screen::keys::{Order, press};
use ipctop::screen::state::{Over, Pane, State};
use ipctop::screen::style::Styles;
use ipctop::watch;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::program::Stuck;

/// Draws a state on a terminal of this size.
pub(crate) fn drawn(state: &mut State, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal.backend().buffer().clone()
}

/// The letters of a buffer, line by line.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let line = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..area.height).map(line).collect()
}

fn text(state: &mut State, width: u16, height: u16) -> String {
    lines(&drawn(state, width, height)).join("\n")
}

/// A state that shows a situation of which something is said.
pub(crate) fn showing(name: &'static str, language: Language) -> (State, String) {
    thread::spawn(move || {
        let stuck = Stuck::start(name).unwrap();
        let target = Target::Pid(stuck.pid());
        let scope = Scope { peeks: true, with_memory: true, language, ..Scope::of(target) };
        let mut state = State::new(&scope);
        state.styles = Styles::coloured();
        let mut look = watch::look(&scope);
        while look.findings.is_empty() {
            look = watch::look(&scope);
        }
        state.show(look);
        (state, stuck.pid().to_string())
    })
    .join()
    .unwrap()
}

fn key(state: &mut State, code: KeyCode) -> Order {
    press(state, &Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[test]
fn every_size_of_a_terminal_is_drawn_without_a_panic() {
    let (mut state, _) = showing("full-of-a-dead-reader", Language::English);
    for (width, height) in [(80, 24), (40, 12), (200, 60), (1, 1), (2, 3), (20, 5), (300, 4)] {
        for over in [Over::Nothing, Over::Help] {
            state.cover(over);
            let text = text(&mut state, width, height);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        }
    }
    state.cover(Over::Nothing);
    for (width, height) in [(80, 24), (40, 12), (200, 60)] {
        let text = text(&mut state, width, height);
        // A narrow terminal breaks the sentence anywhere.
        let letters = text.replace([' ', '\n'], "");
        assert!(letters.contains("WHATISSTUCK") && letters.contains("waitsinmsgsnd"), "{text}");
        assert!(text.contains("████████"), "the gauge is full: {text}");
    }
}

#[test]
fn every_key_does_what_the_help_says() {
    let (mut state, pid) = showing("full-of-a-dead-reader", Language::English);
    assert_eq!(state.pane, Pane::Processes);
    key(&mut state, KeyCode::Tab);
    assert_eq!(state.pane, Pane::Objects);
    key(&mut state, KeyCode::Right);
    assert_eq!(state.pane, Pane::Findings);
    key(&mut state, KeyCode::Left);
    key(&mut state, KeyCode::BackTab);
    assert_eq!(state.pane, Pane::Processes);
    for code in [KeyCode::Down, KeyCode::PageDown, KeyCode::End, KeyCode::Up, KeyCode::Home] {
        key(&mut state, code);
    }
    assert_eq!(state.selected[0], 0);
    key(&mut state, KeyCode::Enter);
    let open = text(&mut state, 80, 24);
    assert!(open.contains("Everything that touches it") && open.contains(&pid), "{open}");
    key(&mut state, KeyCode::Esc);
    key(&mut state, KeyCode::Char('p'));
    assert!(text(&mut state, 80, 24).contains("752 B  hello"), "{}", text(&mut state, 80, 24));
    key(&mut state, KeyCode::Esc);
    key(&mut state, KeyCode::Char('?'));
    assert!(text(&mut state, 80, 24).contains("Ctrl-Z: suspend"));
    key(&mut state, KeyCode::Esc);
    for c in "/nothing has this name".chars() {
        key(&mut state, KeyCode::Char(c));
    }
    assert!(state.rows(Pane::Processes).is_empty());
    key(&mut state, KeyCode::Backspace);
    key(&mut state, KeyCode::Esc);
    assert!(!state.rows(Pane::Processes).is_empty());
    key(&mut state, KeyCode::Char('f'));
    assert!(text(&mut state, 80, 24).contains("FROZEN"));
    assert_eq!(key(&mut state, KeyCode::Char('q')), Order::Quit);
    let control = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    assert_eq!(press(&mut state, &control('c')), Order::Quit);
    assert_eq!(press(&mut state, &control('z')), Order::Suspend);
}

#[test]
fn the_mouse_selects_and_scrolls() {
    let (mut state, _) = showing("full-of-a-dead-reader", Language::English);
    drawn(&mut state, 80, 24);
    let area = state.areas[Pane::Objects as usize];
    let mouse = |kind, column, row| {
        Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    };
    press(&mut state, &mouse(MouseEventKind::Down(MouseButton::Left), area.x + 3, area.y));
    assert_eq!((state.pane, state.selected[1]), (Pane::Objects, 0));
    press(&mut state, &mouse(MouseEventKind::ScrollDown, 0, 0));
    press(&mut state, &mouse(MouseEventKind::Down(MouseButton::Left), 9999, 9999));
    assert_eq!(state.pane, Pane::Objects);
}

#[test]
fn without_colour_nothing_is_coloured_and_in_french_all_is_french() {
    use ratatui::style::Color;
    let (mut state, _) = showing("full-of-a-dead-reader", Language::French);
    state.styles = Styles::plain();
    let buffer = drawn(&mut state, 80, 24);
    let is_plain =
        |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(buffer.content.iter().all(is_plain));
    let text = lines(&buffer).join("\n");
    assert!(text.contains("CE QUI EST BLOQUÉ") && text.contains("attend dans"), "{text}");
}
