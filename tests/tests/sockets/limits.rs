//! Too many connections, too few descriptors: whoever finds no room is told, and nothing spins.

checks!(limits {
    a_connection_without_room_reads_that_the_server_is_busy,
    the_connection_idle_longest_makes_room_and_its_client_connects_again,
    whoever_makes_room_is_told,
    without_descriptors_connections_wait_and_nothing_spins,
    without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on,
    too_few_descriptors_lower_the_limit_and_the_log_says_so,
});
