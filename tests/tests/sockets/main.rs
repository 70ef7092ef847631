//! Question 5's mechanism, TCP: what only a stream can get wrong.
//!
//! What is asked of the server stands in `harness::checks::sockets`.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

/// A test for each of these checks of a module.
macro_rules! checks {
    ($module:ident { $($check:ident),+ $(,)? }) => { $(
        #[rstest::rstest]
        fn $check() {
            let name = concat!("sockets::", stringify!($module), "::", stringify!($check));
            harness::runner::ask(name, &harness::stage::Stage::Q5Sockets.into());
        }
    )+ };
}

mod ending;
mod limits;
mod machines;
mod share;
mod slow;
mod stream;
