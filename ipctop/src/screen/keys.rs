//! What each key and the mouse do.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use crate::model::finding::Value;
use crate::model::look::Look;
use crate::screen::rows::Thing;
use crate::screen::state::{Over, PANES, Pane, State};

/// Rows that a page key moves by.
const PAGE: isize = 10;
/// Longest filter.
const FILTER_MAX: usize = 60;

/// What the loop is to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Draw, and go on.
    Go,
    /// End.
    Quit,
    /// Stop, as Ctrl-Z does.
    Suspend,
}

/// Does what an event asks for.
pub fn press(state: &mut State, event: &Event) -> Order {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => press_key(state, *key),
        Event::Mouse(mouse) => {
            point(state, *mouse);
            Order::Go
        }
        _ => Order::Go,
    }
}

fn press_key(state: &mut State, key: KeyEvent) -> Order {
    state.notice.clear();
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Order::Quit,
            KeyCode::Char('z') => Order::Suspend,
            _ => Order::Go,
        };
    }
    if state.is_filtering {
        write_filter(state, key.code);
        return Order::Go;
    }
    match key.code {
        KeyCode::Char('q') => return Order::Quit,
        KeyCode::Esc => leave(state),
        KeyCode::Up | KeyCode::Char('k') => state.go(-1),
        KeyCode::Down | KeyCode::Char('j') => state.go(1),
        KeyCode::PageUp => state.go(-PAGE),
        KeyCode::PageDown => state.go(PAGE),
        KeyCode::Home => state.go(isize::MIN),
        KeyCode::End if state.over == Over::Nothing => state.go(isize::MAX),
        KeyCode::Tab | KeyCode::Right => state.turn(1),
        KeyCode::BackTab | KeyCode::Left => state.turn(PANES.len() - 1),
        KeyCode::Enter => open(state),
        KeyCode::Char('p') => peek(state),
        KeyCode::Char('/') => state.is_filtering = true,
        KeyCode::Char('f') => state.is_frozen = !state.is_frozen,
        KeyCode::Char('s') => save(state),
        KeyCode::Char('?') => state.cover(Over::Help),
        _ => {}
    }
    Order::Go
}

fn write_filter(state: &mut State, key: KeyCode) {
    match key {
        KeyCode::Char(c) if state.filter.chars().count() < FILTER_MAX => state.filter.push(c),
        KeyCode::Backspace => drop(state.filter.pop()),
        KeyCode::Enter => state.is_filtering = false,
        KeyCode::Esc => {
            state.is_filtering = false;
            state.filter.clear();
        }
        _ => {}
    }
    state.arrange();
}

/// Leaves what covers the panes, or else the filter.
fn leave(state: &mut State) {
    if state.over == Over::Nothing {
        state.filter.clear();
        state.arrange();
    }
    state.cover(Over::Nothing);
}

fn open(state: &mut State) {
    let thing = state.thing(state.pane).cloned();
    if let (Over::Nothing, Some(thing)) = (&state.over, thing) {
        state.cover(Over::Open(thing));
    }
}

/// Peeks into the selected queue, or else into the first one that the selection is about.
fn peek(state: &mut State) {
    let is_queue = |thing: &Thing| matches!(thing, Thing::Object(id) if id.kind() == "msg");
    let selected = state.thing(state.pane).cloned();
    let of_finding = match &selected {
        Some(Thing::Finding(at)) => state.look.findings.get(*at),
        _ => None,
    };
    let of_finding = of_finding.into_iter().flat_map(|finding| &finding.objects);
    let candidates = selected.clone().into_iter().chain(of_finding.cloned().map(Thing::Object));
    let first = state.look.queues.iter().map(|queue| Thing::Object(queue.id()));
    match candidates.chain(first).find(is_queue) {
        Some(queue) => state.cover(Over::Peek(queue)),
        None => state.notice = state.messages.say("screen-no-queue"),
    }
}

fn save(state: &mut State) {
    let name = format!("ipctop-{}.json", state.look.taken_ms);
    state.notice = match write(&name, &state.look) {
        Ok(()) => state.messages.say_with("screen-saved", &[("file", Value::Text(name))]),
        Err(error) => {
            let values = [("file", Value::Text(name)), ("error", Value::Text(error.to_string()))];
            state.messages.say_with("screen-not-saved", &values)
        }
    };
}

/// Messages may be private: nobody else may read the file.
fn write(name: &str, look: &Look) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(name)?;
    file.write_all(serde_json::to_string_pretty(look)?.as_bytes())
}

fn point(state: &mut State, mouse: MouseEvent) {
    match mouse.kind {
        MouseEventKind::ScrollUp => state.go(-1),
        MouseEventKind::ScrollDown => state.go(1),
        MouseEventKind::Down(MouseButton::Left) if state.over == Over::Nothing => {
            let at = Position { x: mouse.column, y: mouse.row };
            let pane = PANES.into_iter().find(|pane| state.areas[*pane as usize].contains(at));
            if let Some(pane) = pane {
                let row = usize::from(mouse.row - state.areas[pane as usize].y);
                let row = state.offset[pane as usize] + row;
                state.pane = pane;
                // A finding has several lines.
                if pane != Pane::Findings && row < state.rows(pane).len() {
                    state.selected[pane as usize] = row;
                }
            }
        }
        _ => {}
    }
}
