//! What the system calls of any server show, whoever wrote it: no name, log or option of it is known.
//!
//! Each of these has a sister for our own servers that asks for more, in `durability` and `ending`.

mod failed;
mod order;
mod rival;
mod syncs;

use crate::checks::check::{Check, Skipped, Verdict};
use crate::checks::strangers::failed::no_ok_leaves_after_a_sync_that_failed;
use crate::checks::strangers::order::{
    an_ok_leaves_after_the_sync_of_its_count, no_view_shows_a_count_that_is_being_synced,
};
use crate::checks::strangers::rival::a_rival_in_the_same_directory_ends_and_harms_nobody;
use crate::target::{Author, Target};

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P1,
        an_ok_leaves_after_the_sync_of_its_count,
        "Is each new count written and synced before its OK leaves?"
    ),
    check!(
        P5,
        no_view_shows_a_count_that_is_being_synced,
        "Does VIEW show the old count, or wait, while the new one is being synced?"
    ),
    check!(
        P6,
        no_ok_leaves_after_a_sync_that_failed,
        "Does a sync that fails end the server with an error, without another OK?"
    ),
    check!(
        P9,
        a_rival_in_the_same_directory_ends_and_harms_nobody,
        "Does a second server on the same DIR end with an error, and the first go on?"
    ),
];

/// Leaves the check out for our own servers, whose own one is stricter.
fn of_strangers(target: &Target) -> Verdict {
    match target.author() {
        Author::Stranger => Ok(()),
        Author::Stage | Author::Plain => {
            Err(Skipped::LeftOut("the check for servers of this project asks for more"))
        }
    }
}
