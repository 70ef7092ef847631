//! The log never stops a server: nobody reads it, its file may not grow, its file is renamed.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: logs {
    whoever_does_not_read_the_log_stops_nothing_and_learns_what_was_lost,
    a_file_that_may_not_grow_costs_lines_of_the_log_and_no_server,
    sighup_opens_the_log_file_anew_in_every_process,
    sighup_without_a_log_file_is_a_stop_unless_it_was_ignored,
    an_acknowledgement_is_in_the_log_before_it_leaves,
});
