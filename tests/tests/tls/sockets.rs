//! What holds of q5's connections holds of these: the same checks, asked through a tunnel.

use harness::effort::Effort;
use harness::runner;
use harness::seed;
use harness::stage::Stage;

/// Those that a quick run asks; it asks q5 all of them.
const SAMPLE: usize = 3;

/// Not asked: what a connection is told for whose thread there is no memory. Here it is an alert.
const CHECKS: [&str; 20] = [
    "sockets::ending::every_acknowledgement_of_a_stopping_server_arrives",
    "sockets::ending::after_a_failed_sync_everyone_who_waits_in_line_is_told",
    "sockets::ending::a_stop_waits_for_nobody_who_does_not_read_or_finish",
    "sockets::ending::a_server_starts_again_on_its_port_at_once",
    "sockets::limits::a_connection_without_room_reads_that_the_server_is_busy",
    "sockets::limits::the_connection_idle_longest_makes_room_and_its_client_connects_again",
    "sockets::limits::whoever_makes_room_is_told",
    "sockets::limits::without_descriptors_connections_wait_and_nothing_spins",
    "sockets::limits::too_few_descriptors_lower_the_limit_and_the_log_says_so",
    "sockets::share::the_address_with_most_connections_gives_way",
    "sockets::slow::one_byte_a_second_does_not_outlive_the_deadline",
    "sockets::slow::a_flood_that_is_never_read_ends_in_time_and_delays_nobody",
    "sockets::slow::a_thousand_idle_connections_do_not_slow_one_that_asks",
    "sockets::slow::an_idle_connection_is_closed_and_the_client_makes_another",
    "sockets::stream::a_request_is_found_wherever_it_is_cut",
    "sockets::stream::pipelined_requests_are_answered_in_order_and_see_those_before_them",
    "sockets::stream::what_is_no_request_is_told_so_and_ends_the_connection",
    "sockets::stream::a_wrong_request_is_refused_and_the_next_one_answered",
    "sockets::stream::a_client_that_sends_no_more_still_gets_its_answers",
    "sockets::stream::a_silent_peer_is_asked_whether_it_is_still_there",
];

#[test]
fn what_is_asked_of_plain_connections_holds_over_tls() {
    let mut asked = CHECKS;
    seed::rng().shuffle(&mut asked);
    let count = Effort::asked().of(SAMPLE, CHECKS.len(), CHECKS.len());
    for name in &asked[..count] {
        runner::ask(name, &Stage::Q7Tls.into());
    }
}
