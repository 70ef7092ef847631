//! `report.html`: one file, pictures and all.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::output::table::Table;
use crate::output::{conclusion, details, method, plot, words};
use crate::results::file::Results;

const STYLE: &str = "body { font: 15px/1.5 sans-serif; max-width: 75em; margin: 2em auto; \
    padding: 0 1em; color: #111 } table { border-collapse: collapse; font-size: 13px; \
    font-variant-numeric: tabular-nums } th, td { border-bottom: 1px solid #bbb; \
    padding: .2em .6em; text-align: right; white-space: nowrap } \
    th { vertical-align: bottom; white-space: pre } th.text, td.text { text-align: left } \
    td.text + td.text { white-space: normal } \
    figure { margin: 1.5em 0 } svg { max-width: 100%; height: auto } \
    .wide { overflow-x: auto } .short { font-weight: bold } dt { font-weight: bold; float: left; \
    margin-right: .5em } dd { margin: 0 0 .3em } .lead { font-size: 17px }";

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
                meta name="viewport" content="width=device-width";
                title { "Unix IPC, side by side" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Unix IPC, side by side" }
                @if let Some(warning) = method::warning(&results.method) { p.short { (warning) } }
                p.lead { (conclusion::of(results).join(" ")) }
                dl {
                    @for (word, meaning) in words::DEFINITIONS {
                        dt { (word) } dd { (meaning) }
                    }
                }
                @for (at, table) in details::all(results).iter().enumerate() {
                    (section(table))
                    @if at == 0 {
                        @for picture in &pictures {
                            figure {
                                (PreEscaped(&picture.svg))
                                figcaption { (picture.caption) }
                            }
                        }
                    }
                }
                h2 { "Method and host" }
                p { (method::in_words(&results.method, &results.host)) }
                ul { @for (name, value) in method::facts(&results.host) { li { (name) ": " (value) } } }
            }
        }
    };
    Ok(page.into_string())
}

fn section(table: &Table) -> Markup {
    html! {
        h2 { (table.title) }
        p { (table.note) }
        div.wide {
            table {
                thead {
                    tr { @for column in &table.columns { th.text[column.is_text] { (column.name) } } }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (column, cell) in table.columns.iter().zip(row) {
                                td.text[column.is_text].short[cell == "FALLS SHORT"] { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}
