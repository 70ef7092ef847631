//! Many clients at once: nothing is sold twice, and each reader sees a table that there was.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: crowd {
    a_seat_is_never_sold_twice,
    a_seat_is_never_sold_twice_without_syncs_either,
    what_one_client_has_reserved_every_client_sees,
    a_list_is_one_snapshot,
});

mod plain {
    use crate::every_plain_server;
    use harness::stage::Stage;
    use harness::target::Target;

    cases!(every_plain_server: crowd {
        a_seat_is_never_sold_twice,
        a_seat_is_never_sold_twice_without_syncs_either,
        what_one_client_has_reserved_every_client_sees,
        a_list_is_one_snapshot,
    });
}
