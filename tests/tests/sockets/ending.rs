//! Stops: what was received is answered, whoever does not read is cut off, and the port is free at
//! once.

checks!(ending {
    every_acknowledgement_of_a_stopping_server_arrives,
    after_a_failed_sync_everyone_who_waits_in_line_is_told,
    a_stop_waits_for_nobody_who_does_not_read_or_finish,
    a_server_starts_again_on_its_port_at_once,
    a_port_in_use_is_named_and_several_addresses_are_served,
});
