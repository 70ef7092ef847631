//! Clients that are slow, silent or never read: each costs only itself.

checks!(slow {
    one_byte_a_second_does_not_outlive_the_deadline,
    a_flood_that_is_never_read_ends_in_time_and_delays_nobody,
    a_thousand_idle_connections_do_not_slow_one_that_asks,
    an_idle_connection_is_closed_and_the_client_makes_another,
});
