//! One client at a time: each question gets the protocol's answer.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: answers {
    the_table_is_listed_as_it_is_on_disk,
    a_view_tells_the_seats_of_one_show,
    a_reply_carries_the_pid_of_the_process_that_answered,
    every_wrong_number_is_refused_and_changes_nothing,
    a_reservation_lowers_the_count_at_once_and_for_good,
    requests_in_flight_get_their_own_replies,
    a_malformed_request_is_a_bad_request_and_sells_nothing,
    a_field_that_a_request_does_not_use_is_ignored,
    a_call_that_is_interrupted_is_made_again,
});

mod plain {
    use crate::every_plain_server;
    use harness::stage::Stage;
    use harness::target::Target;

    cases!(every_plain_server: answers {
        the_table_is_listed_as_it_is_on_disk,
        a_view_tells_the_seats_of_one_show,
        a_reply_carries_the_pid_of_the_process_that_answered,
        every_wrong_number_is_refused_and_changes_nothing,
        a_reservation_lowers_the_count_at_once_and_for_good,
        requests_in_flight_get_their_own_replies,
        a_malformed_request_is_a_bad_request_and_sells_nothing,
        a_field_that_a_request_does_not_use_is_ignored,
        a_call_that_is_interrupted_is_made_again,
    });
}
