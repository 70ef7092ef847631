//! One thread for all connections: every attack on question 5, and what only an event loop can get
//! wrong.
//!
//! What both stages are asked stands in `harness::checks::sockets`.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

/// A test for each of these checks of question 5's mechanism.
macro_rules! checks {
    ($($module:ident { $($check:ident),+ $(,)? })+) => { $(
        mod $module { $(
            #[rstest::rstest]
            fn $check() {
                let name = concat!("sockets::", stringify!($module), "::", stringify!($check));
                harness::runner::ask(name, &harness::stage::Stage::Q9Events.into());
            }
        )+ }
    )+ };
}

checks! {
    ending {
        every_acknowledgement_of_a_stopping_server_arrives,
        after_a_failed_sync_everyone_who_waits_in_line_is_told,
        a_stop_waits_for_nobody_who_does_not_read_or_finish,
        a_server_starts_again_on_its_port_at_once,
        a_port_in_use_is_named_and_several_addresses_are_served,
    }
    limits {
        a_connection_without_room_reads_that_the_server_is_busy,
        the_connection_idle_longest_makes_room_and_its_client_connects_again,
        whoever_makes_room_is_told,
        without_descriptors_connections_wait_and_nothing_spins,
        too_few_descriptors_lower_the_limit_and_the_log_says_so,
    }
    share {
        the_address_with_most_connections_gives_way,
    }
    slow {
        one_byte_a_second_does_not_outlive_the_deadline,
        a_flood_that_is_never_read_ends_in_time_and_delays_nobody,
        a_thousand_idle_connections_do_not_slow_one_that_asks,
        an_idle_connection_is_closed_and_the_client_makes_another,
    }
    stream {
        a_request_is_found_wherever_it_is_cut,
        pipelined_requests_are_answered_in_order_and_see_those_before_them,
        what_is_no_request_is_told_so_and_ends_the_connection,
        a_wrong_request_is_refused_and_the_next_one_answered,
        a_client_that_sends_no_more_still_gets_its_answers,
        a_silent_peer_is_asked_whether_it_is_still_there,
    }
}

mod crowd;
mod disk;
mod frames;
mod turns;
