//! Pictures with a column for each stage: latency beside its baseline, and memory in its parts.

use anyhow::Context;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::output::plot::{BASELINE, DARK, FONT, LIGHT, MIDDLE, Picture, human, short};
use crate::results::counts::ServerCounts;
use crate::results::file::Results;
use crate::results::group::{Group, Question};
use crate::results::row::{Baseline, Row};
use crate::results::timing::{beside, of_server};

const SIZE: (u32, u32) = (960, 460);
/// How much of a server's room its columns take, to the left and to the right of its middle.
const HALF: f64 = 0.38;

/// The picture ends at so many times the largest median: a disturbed percentile hides nothing else.
const CUT: f64 = 3.0;

/// What is drawn.
#[derive(Default)]
struct Columns {
    title: &'static str,
    unit: &'static str,
    /// From, to, bottom, top, tone.
    blocks: Vec<(f64, f64, f64, f64, RGBColor)>,
    /// From, to, height: thick lines across.
    baselines: Vec<(f64, f64, f64)>,
    /// Middle, height, text above it.
    labels: Vec<(f64, f64, String)>,
    keys: Vec<(RGBColor, &'static str)>,
}

/// VIEW latency of each server, with its baseline.
///
/// # Errors
/// If it cannot be drawn.
pub fn latency(results: &Results) -> anyhow::Result<Picture> {
    let (timings, view) = (&results.timings, Question::View);
    let own = |server: &ServerCounts| of_server(timings, Group::LATENCY, &server.name, view);
    let bare = |server: &ServerCounts| {
        let row = Row::Baseline(Baseline::plain(server.exchange));
        beside(timings, Group::LATENCY, server.exchange, &row, view)
    };
    let mut columns = Columns {
        title: "VIEW latency, one client, one CPU",
        unit: "us",
        keys: vec![(DARK, "p50"), (MIDDLE, "p99"), (BASELINE, "the bare exchange")],
        ..Columns::default()
    };
    let p50s = results.servers.iter().filter_map(own);
    let cut = CUT * p50s.map(|timing| timing.latency.p50_us).fold(0.0, f64::max);
    for (at, server) in results.servers.iter().enumerate() {
        let at = at as f64;
        let Some((own, bare)) = own(server).zip(bare(server)) else { continue };
        let sides = [
            (at - HALF, at, own.latency.p50_us, bare.latency.p50_us, DARK),
            (at, at + HALF, own.latency.p99_us, bare.latency.p99_us, MIDDLE),
        ];
        for (from, to, top, baseline, tone) in sides {
            let beyond = if top > cut { " ^" } else { "" };
            let label = human(top) + beyond;
            let (top, baseline) = (top.min(cut), baseline.min(cut));
            columns.blocks.push((from, to, 0.0, top, tone));
            columns.labels.push(((from + to) / 2.0, top.max(baseline), label));
            columns.baselines.push((from, to, baseline));
        }
    }
    let caption = "VIEW latency: the dark column is the median, the lighter one the 99th \
        percentile, each with a thick line where the bare exchange of the same bytes stands. A server \
        can come below its line by luck, or where it reads several requests by one call. A label with \
        ^ stands on a column that is cut off.";
    Ok(Picture { name: "latency", caption, svg: draw(results, &columns).context("latency")? })
}

/// Memory of each server, stacked.
///
/// # Errors
/// If it cannot be drawn.
pub fn memory(results: &Results) -> anyhow::Result<Picture> {
    let mut columns = Columns {
        title: "Memory after 10 000 requests, summed over a server's processes",
        unit: "KiB",
        keys: vec![
            (DARK, "its own, written"),
            (MIDDLE, "clean or shared"),
            (LIGHT, "the kernel's"),
        ],
        ..Columns::default()
    };
    for (at, server) in results.servers.iter().enumerate() {
        let (at, memory) = (at as f64, &server.memory_after);
        let parts = [
            (memory.private_dirty, DARK),
            (memory.pss.saturating_sub(memory.private_dirty), MIDDLE),
            (memory.kernel, LIGHT),
        ];
        let mut bottom = 0.0;
        for (kib, tone) in parts {
            let top = bottom + kib as f64;
            columns.blocks.push((at - HALF / 1.5, at + HALF / 1.5, bottom, top, tone));
            bottom = top;
        }
        let [own, shared, kernel] = parts.map(|(kib, _)| kib);
        columns.labels.push((at, bottom, format!("{own} + {shared} + {kernel}")));
    }
    let caption = "Memory: from below, pages that are the server's own and written \
        (Private_Dirty), the rest of its Pss, most of it clean pages of program and libraries that \
        the kernel can take back, and the kernel's stacks and page tables.";
    Ok(Picture { name: "memory", caption, svg: draw(results, &columns).context("memory")? })
}

fn draw(results: &Results, columns: &Columns) -> anyhow::Result<String> {
    let mut svg = String::new();
    let highest = columns.labels.iter().map(|(_, height, _)| *height).fold(1.0, f64::max);
    let n_servers = results.servers.len();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(columns.title, (FONT, 20))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(60)
            .build_cartesian_2d(-0.6..n_servers as f64 - 0.4, 0.0..highest * 1.4)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(WHITE)
            .y_desc(columns.unit)
            .y_label_formatter(&|figure| human(*figure))
            .label_style((FONT, 13))
            .draw()?;
        for &(from, to, bottom, top, tone) in &columns.blocks {
            let corners = [(from, bottom), (to, top)];
            chart.draw_series([Rectangle::new(corners, tone.filled())])?;
            chart.draw_series([Rectangle::new(corners, BLACK.stroke_width(1))])?;
        }
        for &(from, to, height) in &columns.baselines {
            let line = [(from - 0.04, height), (to + 0.04, height)];
            chart.draw_series([PathElement::new(line, WHITE.stroke_width(6))])?;
            chart.draw_series([PathElement::new(line, BASELINE.stroke_width(3))])?;
        }
        let anchor = Pos::new(HPos::Center, VPos::Bottom);
        let style = (FONT, 13).into_text_style(&root).pos(anchor);
        for (middle, height, text) in &columns.labels {
            let above = (*middle, height + highest * 0.015);
            chart.draw_series([Text::new(text.clone(), above, style.clone())])?;
        }
        let below = (FONT, 14).into_text_style(&root).pos(Pos::new(HPos::Center, VPos::Top));
        for (at, server) in results.servers.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(at as f64, 0.0));
            root.draw(&Text::new(short(&server.name), (x, y + 10), below.clone()))?;
        }
        key(&root, &columns.keys)?;
        root.present()?;
    }
    Ok(svg)
}

/// What the tones mean, in the upper right corner.
fn key<'a>(
    root: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    keys: &[(RGBColor, &str)],
) -> anyhow::Result<()>
where
{
    let style = (FONT, 13).into_text_style(root);
    for (row, &(tone, name)) in keys.iter().enumerate() {
        let (x, y) = (SIZE.0 as i32 - 170, 40 + 20 * row as i32);
        let corners = if tone == BASELINE {
            [(x, y + 4), (x + 18, y + 8)]
        } else {
            [(x, y), (x + 18, y + 12)]
        };
        root.draw(&Rectangle::new(corners, tone.filled()))?;
        root.draw(&Rectangle::new(corners, BLACK.stroke_width(u32::from(tone != BASELINE))))?;
        root.draw(&Text::new(name.to_owned(), (x + 26, y), style.clone()))?;
    }
    Ok(())
}
