//! `report.html`: one file, pictures and all.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::grid::Grid;
use crate::plot;
use crate::report::{facts, grids, method};
use crate::results::Results;

const STYLE: &str = "body { font: 15px/1.5 sans-serif; max-width: 75em; margin: 2em auto; \
    padding: 0 1em; color: #111 } table { border-collapse: collapse; font-size: 13px; \
    font-variant-numeric: tabular-nums } th, td { border-bottom: 1px solid #bbb; \
    padding: .2em .6em; text-align: right } th:first-child, td:first-child { text-align: left } \
    th { vertical-align: bottom } figure { margin: 1.5em 0 } svg { max-width: 100%; height: auto } \
    .wide { overflow-x: auto } .short { font-weight: bold }";

/// The whole file.
///
/// # Errors
/// If a picture cannot be drawn.
pub fn of(results: &Results) -> anyhow::Result<String> {
    let pictures = plot::all(results)?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Unix IPC, side by side" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Unix IPC, side by side" }
                p { (method(&results.method, &results.host)) }
                @for (at, grid) in grids(results).iter().enumerate() {
                    (table(grid))
                    @if at == 0 {
                        @for picture in &pictures {
                            figure {
                                (PreEscaped(&picture.svg))
                                figcaption { (picture.caption) }
                            }
                        }
                    }
                }
                h2 { "Host" }
                ul { @for (name, value) in facts(&results.host) { li { (name) ": " (value) } } }
            }
        }
    };
    Ok(page.into_string())
}

fn table(grid: &Grid) -> Markup {
    html! {
        h2 { (grid.title) }
        p { (grid.note) }
        div.wide {
            table {
                thead { tr { @for name in &grid.head { th { (name) } } } }
                tbody {
                    @for row in &grid.rows {
                        tr {
                            @for cell in row { td.short[cell == "FALLS SHORT"] { (cell) } }
                        }
                    }
                }
            }
        }
    }
}
