//! The data file belongs to one server, and keeps its name and its length as long as that one sells.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: data_file {
    a_seat_sold_into_a_file_that_is_gone_is_never_acknowledged,
    a_second_server_is_refused_without_a_lock_file_too,
});
