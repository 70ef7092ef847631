//! Draws the screen, in whatever room there is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, List, ListItem, ListState, Paragraph, Wrap};

use crate::lines;
use crate::model::finding::Value;
use crate::screen::details;
use crate::screen::rows::Row;
use crate::screen::state::{Over, Pane, State};

/// From this width on, the two panes stand side by side.
const WIDE: u16 = 70;
/// From this height on, there is room for the table of seats.
const HIGH: u16 = 20;
/// Cells of a gauge.
const GAUGE: usize = 8;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &mut State) {
    let area = frame.area();
    let (findings, seats) = (findings_height(area, state), seats_height(area, state));
    let [head, main, below, table, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(findings),
        Constraint::Length(seats),
        Constraint::Length(1),
    ])
    .areas(area);
    let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [left, right] = match area.width >= WIDE {
        true => Layout::horizontal(halves).areas(main),
        false => Layout::vertical(halves).areas(main),
    };
    frame.render_widget(Line::styled(head_line(state), state.styles.head), head);
    pane(frame, state, Pane::Processes, left, "screen-processes");
    pane(frame, state, Pane::Objects, right, "screen-objects");
    pane(frame, state, Pane::Findings, below, "screen-findings");
    if seats > 0 {
        draw_seats(frame, state, table);
    }
    frame.render_widget(Line::styled(foot_line(state), state.styles.faint), foot);
    cover(frame, state, area);
}

fn findings_height(area: Rect, state: &State) -> u16 {
    let lines = findings_lines(state, area.width).0.len().max(1) as u16;
    // Its heading, and at most a third of the screen.
    (lines + 1).min((area.height / 3).max(2))
}

/// The findings, each in as many lines as it needs, and the first line of the selected one.
fn findings_lines(state: &State, width: u16) -> (Vec<Line<'static>>, usize) {
    let is_selected = state.pane == Pane::Findings;
    let (mut lines, mut first) = (Vec::new(), 0);
    for (at, row) in state.rows(Pane::Findings).iter().enumerate() {
        let mut style = state.styles.stuck;
        if at == state.selected[Pane::Findings as usize] {
            first = lines.len();
            style = if is_selected { style.patch(state.styles.selected) } else { style };
        }
        for (at, text) in
            wrap(&row.text, usize::from(width.saturating_sub(2)).max(8)).iter().enumerate()
        {
            let mark = if at == 0 { "! " } else { "  " };
            lines.push(Line::styled(format!("{mark}{text}"), style));
        }
    }
    (lines, first)
}

fn seats_height(area: Rect, state: &State) -> u16 {
    match &state.look.office {
        Some(office) if area.height >= HIGH => (office.shows.len() as u16 + 1).min(area.height / 3),
        _ => 0,
    }
}

fn head_line(state: &State) -> String {
    let look = &state.look;
    let count = |value: usize| Value::Number(value as i64);
    let values = [
        ("scope", Value::Text(look.scope.clone())),
        ("processes", count(look.processes.len())),
        ("findings", count(look.findings.len())),
        ("ms", Value::Number((look.took_us / 1000) as i64)),
    ];
    let frozen = if state.is_frozen { state.messages.say("screen-frozen") } else { String::new() };
    format!("{} {frozen}", state.messages.say_with("screen-head", &values))
}

fn foot_line(state: &State) -> String {
    if state.is_filtering || !state.filter.is_empty() && state.notice.is_empty() {
        let cursor = if state.is_filtering { "_" } else { "" };
        return format!("/{}{cursor}", state.filter);
    }
    if !state.notice.is_empty() {
        return state.notice.clone();
    }
    let notes: Vec<&str> = state.look.notes.iter().map(|note| note.text.as_str()).collect();
    format!("{}  {}", state.messages.say("screen-keys"), notes.join(" "))
}

fn pane(frame: &mut Frame<'_>, state: &mut State, pane: Pane, area: Rect, head: &str) {
    let styles = state.styles;
    let is_selected = state.pane == pane;
    let head = format!("{}{}", if is_selected { "> " } else { "  " }, state.messages.say(head));
    let inner = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    frame.render_widget(
        Line::styled(head, styles.head),
        Rect { height: 1.min(area.height), ..area },
    );
    state.areas[pane as usize] = inner;
    if pane == Pane::Findings {
        draw_findings(frame, state, inner);
        return;
    }
    let items: Vec<ListItem<'_>> = state.rows(pane).iter().map(|row| item(row, state)).collect();
    let mut list = ListState::default().with_offset(state.offset[pane as usize]);
    list.select(Some(state.selected[pane as usize]));
    let style = if is_selected { styles.selected } else { ratatui::style::Style::new() };
    frame.render_stateful_widget(List::new(items).highlight_style(style), inner, &mut list);
    state.offset[pane as usize] = list.offset();
}

fn draw_findings(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if state.look.findings.is_empty() {
        let nothing = if state.look.schema == 0 { "screen-wait" } else { "nothing-stuck" };
        frame.render_widget(Line::raw(format!("  {}", state.messages.say(nothing))), area);
        return;
    }
    let (lines, first) = findings_lines(state, area.width);
    let last = lines.len().saturating_sub(usize::from(area.height));
    frame.render_widget(Paragraph::new(lines).scroll((first.min(last) as u16, 0)), area);
}

/// A row, with a gauge if it can be full.
fn item(row: &Row, state: &State) -> ListItem<'static> {
    let style = if row.is_stuck { state.styles.stuck } else { ratatui::style::Style::new() };
    let mark = if row.is_stuck { "! " } else { "  " };
    let mut spans = vec![Span::styled(mark, style)];
    if let Some(fullness) = row.fullness {
        let full = (fullness * GAUGE as f64).ceil() as usize;
        spans.push(Span::styled("█".repeat(full), state.styles.gauge));
        spans.push(Span::styled("░".repeat(GAUGE - full), state.styles.faint));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(row.text.clone(), style));
    ListItem::new(Line::from(spans))
}

/// Breaks a text at blanks.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one from the start");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn draw_seats(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let lines = state.look.office.iter().flat_map(lines::office).enumerate();
    let style = |at| if at == 0 { state.styles.head } else { ratatui::style::Style::new() };
    let lines: Vec<Line<'_>> =
        lines.map(|(at, line)| Line::styled(format!("  {line}"), style(at))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn cover(frame: &mut Frame<'_>, state: &mut State, area: Rect) {
    let (head, page) = match state.over.clone() {
        Over::Nothing => return,
        Over::Open(thing) => ("screen-open", details::open(state, &thing)),
        Over::Peek(thing) => ("screen-peek", details::peek(state, &thing)),
        Over::Help => ("screen-help-head", details::help(state)),
    };
    state.scroll = state.scroll.min(page.len().saturating_sub(1));
    let block = Block::new().borders(Borders::ALL).title(state.messages.say(head));
    let lines: Vec<Line<'_>> = page.into_iter().map(Line::from).collect();
    let shown = Paragraph::new(lines).block(block).wrap(Wrap { trim: false });
    let area = area.inner(ratatui::layout::Margin { horizontal: 1, vertical: 1 });
    frame.render_widget(Clear, area);
    frame.render_widget(shown.scroll((state.scroll as u16, 0)), area);
}
