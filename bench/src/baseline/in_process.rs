//! No IPC: the table of shows, asked by a call.

use std::hint::black_box;
use std::io;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::{Ask, Nonces};
use common::protocol::reply::Reply;
use common::protocol::request::Request;

use crate::results::group::Question;

/// The table and its only client.
#[derive(Debug)]
pub struct InProcess {
    table: Table,
    show: i32,
    nonces: Nonces,
    reply: Reply,
}

impl InProcess {
    /// The sample of shows.
    ///
    /// # Errors
    /// Those of `getrandom`.
    pub fn new(show: i32) -> io::Result<InProcess> {
        Ok(InProcess {
            table: shows::sample(),
            show,
            nonces: Nonces::new()?,
            reply: Reply::default(),
        })
    }

    /// Decides a request.
    pub fn ask(&mut self, question: Question) {
        let show = self.show;
        let ask = match question {
            Question::View => Ask::View { show },
            Question::List => Ask::List,
            Question::Reserve => Ask::Reserve { show, seats: 1 },
        };
        let request = black_box(Request::new(1, self.nonces.draw(), ask));
        match question {
            Question::View | Question::List => self.table.answer(&request, 1, &mut self.reply),
            Question::Reserve => self.reply.tell(&request, self.table.decide(&request), 1),
        }
        black_box(&self.reply);
    }
}
