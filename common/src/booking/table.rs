//! The table of shows and the rules that decide a request against it: total functions, a refusal is
//! a reply.

use zerocopy::little_endian::I32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::record::{ROWS, Spectacle};
use crate::protocol::reply::{Outcome, Reply, Status};
use crate::protocol::request::{Kind, Request};

/// All shows, in the 720 bytes of the data file.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
pub struct Table {
    /// The shows; rows with id 0 are empty.
    pub rows: [Spectacle; ROWS],
}

impl Table {
    /// A table of empty rows.
    pub fn new() -> Table {
        Table::new_zeroed()
    }

    /// Answers a consultation, LIST or VIEW; anything else is a BAD_REQUEST here.
    pub fn answer(&self, request: &Request, server: i32, reply: &mut Reply) {
        match request.kind() {
            Some(Kind::List) => {
                reply.answer(request, Status::Ok, server);
                reply.count = I32::new(ROWS as i32);
                reply.rows = self.rows;
            }
            Some(Kind::View) => match self.find(request.show) {
                Some(row) => {
                    reply.answer(request, Status::Ok, server);
                    reply.seats = self.rows[row].seats;
                }
                None => reply.answer(request, Status::UnknownShow, server),
            },
            Some(Kind::Reserve) | None => reply.answer(request, Status::BadRequest, server),
        }
    }

    /// Decides a reservation and takes its seats out of the table; anything else is a BAD_REQUEST
    /// here.
    pub fn decide(&mut self, request: &Request) -> Outcome {
        if request.kind() != Some(Kind::Reserve) {
            return Outcome::only(Status::BadRequest);
        }
        let Some(row) = self.find(request.show) else {
            return Outcome::only(Status::UnknownShow);
        };
        let wanted = request.seats.get();
        let left = self.rows[row].seats.get();
        if wanted <= 0 {
            return Outcome::only(Status::BadSeats);
        }
        if wanted > left {
            return Outcome { status: Status::NotEnoughSeats, seats: left };
        }
        self.rows[row].seats = I32::new(left - wanted);
        Outcome { status: Status::Ok, seats: left - wanted }
    }

    /// Answers or decides, whichever the request asks for: the reply of somebody who has the table
    /// to himself.
    pub fn reply(&mut self, request: &Request, server: i32) -> Reply {
        let mut reply = Reply::default();
        match request.kind() {
            Some(Kind::Reserve) => reply.tell(request, self.decide(request), server),
            Some(Kind::List | Kind::View) | None => self.answer(request, server, &mut reply),
        }
        reply
    }

    /// The row of the show with this id; empty rows have none.
    fn find(&self, show: I32) -> Option<usize> {
        if show == 0 {
            return None;
        }
        self.rows.iter().position(|row| row.id == show)
    }
}

impl Default for Table {
    fn default() -> Table {
        Table::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ask::Ask;
    use proptest::prelude::*;

    fn table(seats: &[i32]) -> Table {
        let mut table = Table::new();
        for (row, &seats) in seats.iter().enumerate() {
            table.rows[row].id = I32::new(row as i32 + 1);
            table.rows[row].seats = I32::new(seats);
        }
        table
    }

    fn reserve(table: &mut Table, show: i32, seats: i32) -> (Option<Status>, i32) {
        let request = Request::new(7, 1, Ask::Reserve { show, seats });
        let reply = table.reply(&request, 42);
        (reply.status(), reply.seats.get())
    }

    #[test]
    fn a_reservation_takes_its_seats_and_says_how_many_are_left() {
        let mut table = table(&[10, 5]);
        assert_eq!(reserve(&mut table, 1, 4), (Some(Status::Ok), 6));
        assert_eq!(reserve(&mut table, 1, 6), (Some(Status::Ok), 0));
        assert_eq!(reserve(&mut table, 2, 5), (Some(Status::Ok), 0));
    }

    #[test]
    fn a_refusal_changes_nothing_and_is_checked_in_the_protocols_order() {
        let mut table = table(&[10]);
        let before = table;
        assert_eq!(reserve(&mut table, 2, -1), (Some(Status::UnknownShow), 0));
        assert_eq!(reserve(&mut table, 0, 1), (Some(Status::UnknownShow), 0));
        assert_eq!(reserve(&mut table, i32::MIN, 1), (Some(Status::UnknownShow), 0));
        assert_eq!(reserve(&mut table, 1, 0), (Some(Status::BadSeats), 0));
        assert_eq!(reserve(&mut table, 1, i32::MIN), (Some(Status::BadSeats), 0));
        assert_eq!(reserve(&mut table, 1, 11), (Some(Status::NotEnoughSeats), 10));
        assert_eq!(reserve(&mut table, 1, i32::MAX), (Some(Status::NotEnoughSeats), 10));
        assert_eq!(table, before);
    }

    #[test]
    fn each_place_answers_its_own_kinds_and_refuses_the_others() {
        let mut table = table(&[10]);
        let reserve = Request::new(7, 1, Ask::Reserve { show: 1, seats: 1 });
        let mut reply = Reply::default();
        table.answer(&reserve, 42, &mut reply);
        assert_eq!(reply.status(), Some(Status::BadRequest));
        for ask in [Ask::List, Ask::View { show: 1 }] {
            let outcome = table.decide(&Request::new(7, 1, ask));
            assert_eq!(outcome, Outcome::only(Status::BadRequest));
        }
        assert_eq!(table.rows[0].seats, 10);
    }

    #[test]
    fn a_list_is_the_whole_table_and_a_view_one_count() {
        let mut table = table(&[10, 0, 7]);
        let list = table.reply(&Request::new(7, 1, Ask::List), 42);
        assert_eq!(
            (list.status(), list.rows(), list.show.get()),
            (Some(Status::Ok), &table.rows[..], 0)
        );
        let view = table.reply(&Request::new(7, 1, Ask::View { show: 3 }), 42);
        assert_eq!((view.status(), view.show.get(), view.seats.get()), (Some(Status::Ok), 3, 7));
        let unknown = table.reply(&Request::new(7, 1, Ask::View { show: 4 }), 42);
        assert_eq!((unknown.status(), unknown.seats.get()), (Some(Status::UnknownShow), 0));
    }

    proptest! {
        #[test]
        fn whatever_arrives_no_seat_is_made_or_sold_twice(
            seats in prop::collection::vec(0..=i32::MAX, 0..=ROWS),
            requests in prop::collection::vec((any::<i32>(), -2..12_i32, prop_oneof![any::<i32>(), 0..20_i32]), 0..60),
        ) {
            let mut table = table(&seats);
            for (kind, show, wanted) in requests {
                let before = table;
                let mut request = Request::new(7, 9, Ask::Reserve { show, seats: wanted });
                if kind % 3 == 0 { request.kind = I32::new(kind); }
                let reply = table.reply(&request, 42);
                for row in 0..ROWS {
                    let was = before.rows[row].seats.get();
                    let is = table.rows[row].seats.get();
                    let taken = reply.status() == Some(Status::Ok) && row as i32 + 1 == show;
                    prop_assert_eq!(i64::from(was) - i64::from(is), if taken { i64::from(wanted) } else { 0 });
                    prop_assert!(is >= 0);
                }
            }
        }

        #[test]
        fn every_byte_string_gets_a_reply_that_parses(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let request = Request::from_received(&bytes);
            let mut table = table(&[3, 4]);
            let reply = table.reply(&request, 42);
            prop_assert_eq!(Reply::from_received(reply.bytes()), Some(reply));
            prop_assert_eq!(reply.nonce, request.nonce);
        }
    }
}
