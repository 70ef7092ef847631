//! The first consultation: whether a server answers at all, asked with fresh clients.

use std::io;
use std::time::Instant;

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Reading, Row};
use crate::patience::Patience;

/// Consults until the table comes, or for as long as a server may take to become ready; then the
/// last try is told.
///
/// # Errors
/// Those of opening a client.
pub fn consult<'a>(
    mut open: impl FnMut() -> io::Result<Client<'a>>,
    patience: Patience,
) -> io::Result<Reading<Vec<Row>>> {
    let begin = Instant::now();
    loop {
        let reading = open()?.list();
        if reading.value.is_some() || begin.elapsed() >= patience.ready() {
            return Ok(reading);
        }
    }
}
