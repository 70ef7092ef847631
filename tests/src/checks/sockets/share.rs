//! A full server: who has most connections gives way to others, down to a share.

use common::client::ask::Ask;
use common::protocol::reply::Status;

use super::raw::{Raw, SOON, request, start};
use crate::checks::check::{Check, Verdict};
use crate::evidence::same;
use crate::target::Target;
use crate::wait;

const VIEW: Ask = Ask::View { show: 3 };

/// The checks of this file.
pub const CHECKS: &[Check] = &[check!(
    P7,
    the_address_with_most_connections_gives_way,
    "Does an address that keeps all connections busy leave a share of them to others?",
    "another server has no --max-connections"
)];

/// Connections that are never idle for long do not keep others out.
pub fn the_address_with_most_connections_gives_way(target: &Target) -> Verdict {
    let server = start(target, &["--max-connections", "8"]);
    let mut large: Vec<Raw> = (0..8).map(|_| Raw::open(&server)).collect();
    let mut others: Vec<Raw> = Vec::new();
    // All ask again and again, so that none is idle. Who has to go reads so, at the latest with the
    // answer after the next.
    let ask_all = |large: &mut Vec<Raw>| {
        large.retain_mut(|raw| {
            raw.send(&request(1, VIEW));
            raw.told("VIEW on one of 8 connections of an address") != (Some(Status::Busy), 0)
        });
    };
    for number in 1..=5 {
        others.iter_mut().for_each(|other| {
            other.send(&request(1, VIEW));
            other.expect("VIEW on a connection of an address with few", Status::Ok, 1);
        });
        ask_all(&mut large);
        let mut other = Raw::open_from([127, 0, 0, 2], &server);
        let sent = format!("VIEW on connection {number} of another address, of 8 in all");
        other.send(&request(1, VIEW));
        let told = if number <= 4 { (Some(Status::Ok), 1) } else { (Some(Status::Busy), 0) };
        same(sent, told, other.told("VIEW on a connection of another address"));
        others.push(other);
    }
    wait::until(SOON, || {
        ask_all(&mut large);
        (large.len() <= 4).then_some(())
    });
    ask_all(&mut large);
    same("connections that stay, of 8", 4, large.len());
    Ok(())
}
