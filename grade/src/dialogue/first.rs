//! The first consultation: whether a server answers at all, asked with fresh clients.

use std::time::{Duration, Instant};

use crate::dialogue::client::Client;
use crate::dialogue::reading::Row;

/// Consults with fresh clients until a table comes, for so long at most; None if it never came.
pub fn consult<'a, E>(
    mut open: impl FnMut() -> Result<Client<'a>, E>,
    budget: Duration,
) -> Option<Vec<Row>> {
    let begin = Instant::now();
    while begin.elapsed() < budget {
        let Ok(mut client) = open() else { continue };
        let rows = client.list().value;
        client.leave();
        if rows.is_some() {
            return rows;
        }
    }
    None
}
