//! What is acknowledged is on disk: the order of write, sync and reply, and what a failed sync
//! means.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: durability {
    an_acknowledgement_leaves_after_its_write_and_its_sync,
    a_failed_sync_is_never_acknowledged_and_ends_the_server,
    reservations_that_are_waiting_share_one_sync,
    process_durability_syncs_nothing,
    no_reader_sees_a_count_before_its_sync,
    a_count_is_overwritten_in_place_and_nothing_else_is,
    a_start_writes_the_table_back_and_syncs_it_before_it_is_ready,
});

mod plain {
    use crate::every_plain_server;
    use harness::stage::Stage;
    use harness::target::Target;

    cases!(every_plain_server: durability {
        an_acknowledgement_leaves_after_its_write_and_its_sync,
        a_failed_sync_is_never_acknowledged_and_ends_the_server,
        process_durability_syncs_nothing,
        no_reader_sees_a_count_before_its_sync,
        a_count_is_overwritten_in_place_and_nothing_else_is,
        a_start_writes_the_table_back_and_syncs_it_before_it_is_ready,
    });
}
