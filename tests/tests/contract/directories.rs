//! What becomes of a server's directory: it is copied or moved while the server runs.

use harness::stage::Stage;

use crate::every_stage;

cases!(every_stage: directories {
    a_copy_of_a_live_servers_directory_harms_nobody,
    a_moved_directory_is_left_clean,
});
