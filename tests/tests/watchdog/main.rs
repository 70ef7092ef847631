//! What only a watchdog and its servers can get wrong: who watches, who is started again, who ends
//! first, and what clients see of it.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod bars;
mod crowded;
mod ending;
mod fifos;
mod redirected;
mod restarts;
mod scene;
mod sharing;
