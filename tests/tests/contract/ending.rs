//! Stops, crashes and rivals: a stop leaves nothing behind, a crash loses nothing, two servers
//! never share a DIR.

use harness::stage::Stage;

use crate::{every_stage, every_stage_of_processes};

cases!(every_stage: ending {
    a_stop_under_load_is_prompt_and_leaves_nothing_behind,
    a_stop_answers_all_that_it_has_decided,
    an_idle_stop_is_prompt_even_with_a_client_at_its_menu,
    ctrl_c_reaches_the_whole_group_and_stops_it_well,
    after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go,
    a_server_that_loses_a_part_of_itself_ends_with_an_error,
    a_client_that_waits_learns_soon_that_the_server_is_dead,
    a_second_server_is_refused_and_harms_nobody,
    a_server_waits_for_the_last_processes_of_a_killed_one,
});

cases!(every_stage_of_processes: ending { a_stopped_worker_is_killed_and_the_stop_says_so });
