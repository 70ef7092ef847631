//! The mechanism seen from outside: processes, threads, names, permissions, the log.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: outside {
    the_processes_and_threads_are_those_of_the_mechanism,
    everything_in_dir_is_for_its_owner_only,
    the_lock_names_the_holder,
    a_reservation_is_logged_and_a_consultation_is_not,
    a_log_file_gets_every_line_and_is_kept,
    a_log_that_nobody_reads_stops_nothing,
});
