//! Clients that die, never read, or send garbage: they cost others nothing.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: hostile {
    clients_killed_between_request_and_reply_delay_nobody,
    a_client_that_never_reads_delays_nobody,
    many_clients_that_never_read_delay_nobody,
    garbage_of_every_length_is_survived,
    a_request_that_names_nobody_is_dropped_and_sells_nothing,
    a_forged_pid_costs_its_owner_nothing,
    a_client_that_goes_away_has_reserved_wholly_or_not_at_all,
});
