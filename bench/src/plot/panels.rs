//! Pictures with a panel for each stage: its rate against the number of clients, beside the bare one.

use anyhow::Context;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::plan::{self, CLIENTS};
use crate::plot::{DARK, FLOOR, FONT, Picture, human, short};
use crate::results::Results;
use crate::results::server::Stage;
use crate::results::timing::Question;
use crate::subject::{Subject, group_commit};

const HEIGHT: u32 = 360;
const PANEL_WIDTH: u32 = 210;
const MARGIN_LEFT: u32 = 50;

/// Points of a line: the place of the number of clients, and the rate.
type Line = Vec<(f64, f64)>;

/// VIEWs per second.
///
/// # Errors
/// If it cannot be drawn.
pub fn throughput(results: &Results) -> anyhow::Result<Picture> {
    let lines = |stage: &Stage| {
        let of = |subject: &str| {
            let first = ("latency".to_owned(), 0.0);
            let more =
                CLIENTS.iter().zip(1..).map(|(n, at)| (format!("{n} clients"), f64::from(at)));
            let groups = [first].into_iter().chain(more);
            points(results, stage, subject, Question::View, groups)
        };
        vec![of(&stage.name), of(&stage.bare)]
    };
    let title = "VIEWs per second against clients, one CPU";
    let svg = draw(results, title, &lines).context("throughput")?;
    let caption = "Throughput: discs on a full line are the stage, squares on a broken line its \
        bare exchange.";
    Ok(Picture { name: "throughput", caption, svg })
}

/// Durable RESERVEs per second: what a batch that shares a sync brings.
///
/// # Errors
/// If it cannot be drawn.
pub fn durable(results: &Results) -> anyhow::Result<Picture> {
    let disk = Subject::disk().name;
    let lines = |stage: &Stage| {
        let of = |subject: &str| {
            let first = ("durable, 1 client".to_owned(), 0.0);
            let group = |n: &usize| format!("durable, {n} clients");
            let more = CLIENTS.iter().zip(1..).map(|(n, at)| (group(n), f64::from(at)));
            let groups = [first].into_iter().chain(more);
            points(results, stage, subject, Question::Reserve, groups)
        };
        vec![of(&stage.name), of(&disk), of(&group_commit(&stage.bare))]
    };
    let title = "Durable RESERVEs per second against clients, one CPU";
    let svg = draw(results, title, &lines).context("durable")?;
    let caption = "Durable batching: discs on a full line are the stage, squares on a broken line \
        a loop of one write and one fdatasync in the same rounds. What rises above it shares its \
        syncs. Triangles: the bare exchange with one write and one sync for all that wait.";
    Ok(Picture { name: "durable", caption, svg })
}

fn points(
    results: &Results,
    stage: &Stage,
    subject: &str,
    question: Question,
    groups: impl Iterator<Item = (String, f64)>,
) -> Line {
    let point = |(what, at): (String, f64)| {
        let group = plan::name(&stage.name, &what);
        let mut timings = results.timings.iter();
        let found = timings.find(|timing| {
            timing.group == group && timing.subject == subject && timing.question == question
        });
        found.map(|timing| (at, timing.per_second.median))
    };
    groups.filter_map(point).collect()
}

fn draw(
    results: &Results,
    title: &str,
    lines: &dyn Fn(&Stage) -> Vec<Line>,
) -> anyhow::Result<String> {
    let panels: Vec<(&Stage, Vec<Line>)> =
        results.stages.iter().map(|stage| (stage, lines(stage))).collect();
    let rates = panels.iter().flat_map(|(_, lines)| lines.iter().flatten().map(|point| point.1));
    let highest = rates.fold(1.0, f64::max) * 1.15;
    let mut svg = String::new();
    {
        let size = (MARGIN_LEFT + PANEL_WIDTH * panels.len().max(2) as u32, HEIGHT);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let area = root.titled(title, (FONT, 20))?;
        let (_, area) = area.split_horizontally(MARGIN_LEFT - 40);
        for (place, (stage, lines)) in area.split_evenly((1, panels.len())).iter().zip(&panels) {
            panel(place, stage, lines, highest)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    stage: &Stage,
    lines: &[Line],
    highest: f64,
) -> anyhow::Result<()> {
    let last = CLIENTS.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(short(&stage.name), (FONT, 15))
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
        .label_style((FONT, 12))
        .draw()?;
    let (own, bare) = lines.split_first().context("a panel has a line")?;
    let (style, filled) = (FLOOR.stroke_width(2), FLOOR.filled());
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
        let label = (FONT, 12).into_text_style(area).pos(Pos::new(HPos::Center, side));
        chart.draw_series([Text::new(human(y), (x, y + highest * gap), label)])?;
    }
    let below = (FONT, 13).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Top));
    let (left, top) = area.get_base_pixel();
    for (at, clients) in [1].iter().chain(&CLIENTS).enumerate() {
        let (x, y) = chart.backend_coord(&(at as f64, 0.0));
        let place = (x - left, y - top + 8);
        area.draw(&Text::new(clients.to_string(), place, below.clone()))?;
    }
    Ok(())
}
