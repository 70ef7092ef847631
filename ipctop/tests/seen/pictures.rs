//! The pictures of the README, made from the real screen.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;

use harness::history::load::Load;
use harness::server::Server;
use harness::stage::Stage;
use ipctop::messages::Language;
use ipctop::scope::{Scope, Target};
use ipctop::screen::state::State;
use ipctop::screen::style::Styles;
use ipctop::watch;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::screen::{drawn, lines, showing};

/// A cell of the picture, in pixels.
const CELL: (u16, u16) = (8, 17);

fn colour(color: Color) -> &'static str {
    match color {
        Color::Cyan => "#0aa",
        Color::Red => "#c22",
        Color::DarkGray => "#888",
        Color::Green => "#2a2",
        _ => "#222",
    }
}

/// A buffer as a picture: runs of equal cells become one piece of text.
fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (area.width * CELL.0 + 16, area.height * CELL.1 + 16);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"monospace\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"#fff\" stroke=\"#888\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let is_alike = |cell: &Cell| (cell.fg, cell.modifier) == (first.fg, first.modifier);
            let end = (x..area.width).find(|&at| !is_alike(&buffer[(at, y)])).unwrap_or(area.width);
            let run: String = (x..end).map(|at| buffer[(at, y)].symbol()).collect();
            let is_reversed = first.modifier.contains(Modifier::REVERSED);
            piece(&mut svg, first, (x, y), if is_reversed { &run } else { run.trim_end() });
            x = end;
        }
    }
    svg + "</svg>\n"
}

fn piece(svg: &mut String, cell: &Cell, (x, y): (u16, u16), run: &str) {
    let is_reversed = cell.modifier.contains(Modifier::REVERSED);
    if run.is_empty() {
        return;
    }
    let (left, base) = (8 + x * CELL.0, 8 + y * CELL.1 + 13);
    let len = run.chars().count() as u16 * CELL.0;
    let text = run.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut fill = colour(cell.fg);
    if is_reversed {
        let top = base - 13;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{len}\" height=\"17\" fill=\"{fill}\"/>"
        );
        fill = "#fff";
    }
    let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" fill=\"{fill}\"{weight} textLength=\"{len}\" \
         xml:space=\"preserve\">{text}</text>"
    );
}

/// Keeps a picture. PIDs and times differ from run to run, so what it says is compared, not its
/// bytes.
fn keep(name: &str, state: &mut State, says: &[&str]) {
    let buffer = drawn(state, 100, 26);
    let text = lines(&buffer).join("\n");
    for said in says {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, svg(&buffer)).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for said in says {
        assert!(kept.contains(said), "{said} in {name}: UPDATE=1 cargo test -p ipctop makes it");
    }
}

#[test]
fn the_readme_shows_a_queue_full_of_a_dead_clients_messages() {
    let (mut state, _) = showing("full-of-a-dead-reader", Language::English);
    keep("dead-client.svg", &mut state, &["waits in msgsnd", "WHAT IS STUCK", "████████"]);
}

#[test]
fn the_readme_shows_two_processes_that_wait_for_each_other() {
    let (mut state, _) = showing("circle-of-reads", Language::English);
    keep("circle.svg", &mut state, &["A circle of waits, nobody can go on"]);
}

#[test]
fn the_readme_shows_a_healthy_watchdog() {
    let _turn = crate::take_turn();
    let run = || {
        let mut server = Server::start(Stage::Q6Watchdog);
        let load = Load::start(&server, 4, 8, 7);
        load.wait_for(4);
        let scope = Scope { with_memory: true, ..Scope::of(Target::Dir(server.dir())) };
        let mut state = State::new(&scope);
        state.styles = Styles::coloured();
        let mut look = watch::look(&scope);
        "dir run".clone_into(&mut look.scope);
        if let Some(office) = &mut look.office {
            "run".clone_into(&mut office.dir);
        }
        state.show(look);
        crate::healthy::end(&mut server);
        load.join();
        keep("healthy-q6.svg", &mut state, &["q6 watchdog", "nothing is stuck", "q6-watchdog"]);
    };
    thread::spawn(run).join().unwrap();
}
