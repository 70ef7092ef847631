//! What any server's system calls show: asked of a foreign server, left out for our own, whose
//! sisters in `durability` and `ending` ask for more.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: strangers {
    an_ok_leaves_after_the_sync_of_its_count,
    no_view_shows_a_count_that_is_being_synced,
    no_ok_leaves_after_a_sync_that_failed,
    a_rival_in_the_same_directory_ends_and_harms_nobody,
});
