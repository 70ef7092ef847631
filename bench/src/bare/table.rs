//! No IPC: the table of shows, asked by a call.

use std::hint::black_box;
use std::io;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Nonces;
use common::protocol::request::Request;

use crate::door;
use crate::results::timing::Question;

/// The table and its only client.
#[derive(Debug)]
pub struct InProcess {
    table: Table,
    show: i32,
    nonces: Nonces,
}

impl InProcess {
    /// The sample of shows.
    ///
    /// # Errors
    /// Those of `getrandom`.
    pub fn new(show: i32) -> io::Result<InProcess> {
        Ok(InProcess { table: shows::sample(), show, nonces: Nonces::new()? })
    }

    /// Decides a request.
    pub fn ask(&mut self, question: Question) {
        let ask = door::ask(question, self.show);
        let request = black_box(Request::new(1, self.nonces.draw(), ask));
        black_box(self.table.reply(&request, 1));
    }
}
