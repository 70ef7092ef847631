//! Pictures with a panel for each server: its rate against the number of clients, beside the bare one.

use anyhow::Context;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::output::plot::{BASELINE, DARK, FONT, Picture, human, short};
use crate::results::counts::ServerCounts;
use crate::results::file::Results;
use crate::results::group::{CLIENTS, Group, Question};
use crate::results::row::{Baseline, Row};
use crate::results::timing::beside;

const HEIGHT: u32 = 360;
const PANEL_WIDTH: u32 = 210;
const MARGIN_LEFT: u32 = 50;

/// Points of a line: which number of clients, and the rate.
type Line = Vec<(f64, f64)>;

/// VIEWs per second.
///
/// # Errors
/// If it cannot be drawn.
pub fn throughput(results: &Results) -> anyhow::Result<Picture> {
    let lines = |server: &ServerCounts| {
        let bare = Row::Baseline(Baseline::plain(server.exchange));
        let groups = [1].into_iter().chain(CLIENTS).map(Group::views);
        let groups: Vec<Group> = groups.collect();
        let of = |row: &Row| points(results, server, row, Question::View, &groups);
        vec![of(&Row::Server(server.name.clone())), of(&bare)]
    };
    let title = "VIEWs per second against clients, one CPU";
    let svg = draw(results, title, &lines).context("throughput")?;
    let caption = "Throughput: discs on a full line are the server, squares on a broken line its bare \
        exchange. With many clients a server can do more than that one where it reads several \
        requests by one call, as q1 does.";
    Ok(Picture { name: "throughput", caption, svg })
}

/// Durable RESERVEs per second: what a batch that shares a sync brings.
///
/// # Errors
/// If it cannot be drawn.
pub fn durable(results: &Results) -> anyhow::Result<Picture> {
    let lines = |server: &ServerCounts| {
        let commit = Row::Baseline(Baseline::group_commit(server.exchange));
        let groups: Vec<Group> = [1].into_iter().chain(CLIENTS).map(Group::durable).collect();
        let of = |row: &Row| points(results, server, row, Question::Reserve, &groups);
        vec![of(&Row::Server(server.name.clone())), of(&Row::Disk), of(&commit)]
    };
    let title = "Durable RESERVEs per second against clients, one CPU";
    let svg = draw(results, title, &lines).context("durable")?;
    let caption = "Group commit: discs on a full line are the server, squares on a broken line a loop \
        of one write and one fdatasync by one process. What rises above it shares its syncs. \
        Triangles: the bare exchange with group commit, from 4 clients on.";
    Ok(Picture { name: "durable", caption, svg })
}

/// A point for each of the groups that was measured.
fn points(
    results: &Results,
    server: &ServerCounts,
    row: &Row,
    question: Question,
    groups: &[Group],
) -> Line {
    let point = |(group, at): (&Group, u32)| {
        let timing = beside(&results.timings, *group, server.exchange, row, question)?;
        Some((f64::from(at), timing.per_second.median))
    };
    groups.iter().zip(0..).filter_map(point).collect()
}

fn draw(
    results: &Results,
    title: &str,
    lines: &dyn Fn(&ServerCounts) -> Vec<Line>,
) -> anyhow::Result<String> {
    let panels: Vec<(&ServerCounts, Vec<Line>)> =
        results.servers.iter().map(|server| (server, lines(server))).collect();
    let rates = panels.iter().flat_map(|(_, lines)| lines.iter().flatten().map(|point| point.1));
    let highest = rates.fold(1.0, f64::max) * 1.15;
    let mut svg = String::new();
    {
        let size = (MARGIN_LEFT + PANEL_WIDTH * panels.len().max(2) as u32, HEIGHT);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let area = root.titled(title, (FONT, 20))?;
        let (_, area) = area.split_horizontally(MARGIN_LEFT - 40);
        let areas = area.split_evenly((1, panels.len()));
        for (area, (server, lines)) in areas.iter().zip(&panels) {
            panel(area, server, lines, highest)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    server: &ServerCounts,
    lines: &[Line],
    highest: f64,
) -> anyhow::Result<()> {
    let last = CLIENTS.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(short(&server.name), (FONT, 16))
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(42)
        .build_cartesian_2d(-0.3..last + 0.3, 0.0..highest)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(WHITE)
        .y_labels(6)
        .y_label_formatter(&|figure| human(*figure))
        .label_style((FONT, 13))
        .draw()?;
    let (own, bare) = lines.split_first().context("a panel has a line")?;
    let (style, filled) = (BASELINE.stroke_width(2), BASELINE.filled());
    for (at, line) in bare.iter().enumerate() {
        chart.draw_series(DashedLineSeries::new(line.iter().copied(), 6, 4, style))?;
        let square = |&(x, y): &(f64, f64)| {
            EmptyElement::at((x, y)) + Rectangle::new([(-4, -4), (4, 4)], filled)
        };
        match at {
            0 => chart.draw_series(line.iter().map(square))?,
            _ => chart
                .draw_series(line.iter().map(|&point| TriangleMarker::new(point, 6, filled)))?,
        };
    }
    chart.draw_series(LineSeries::new(own.iter().copied(), DARK.stroke_width(2)))?;
    chart.draw_series(own.iter().map(|&point| Circle::new(point, 5, DARK.filled())))?;
    for &(x, y) in own {
        // On the side where the bare line is not, unless the axis is there.
        let bare_is_above = bare.iter().flatten().any(|point| point.0 == x && point.1 > y);
        let (side, gap) = if bare_is_above && y > highest / 8.0 {
            (VPos::Top, -0.045)
        } else {
            (VPos::Bottom, 0.045)
        };
        let label = (FONT, 13).into_text_style(area).pos(Pos::new(HPos::Center, side));
        chart.draw_series([Text::new(human(y), (x, y + highest * gap), label)])?;
    }
    let below = (FONT, 13).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Top));
    let (left, top) = area.get_base_pixel();
    for (at, clients) in [1].iter().chain(&CLIENTS).enumerate() {
        let (x, y) = chart.backend_coord(&(at as f64, 0.0));
        let below_axis = (x - left, y - top + 8);
        let name = if *clients == 1 { "1 client".to_owned() } else { clients.to_string() };
        area.draw(&Text::new(name, below_axis, below.clone()))?;
    }
    Ok(())
}
