//! `grade try`: tries a dialogue line by line, and writes one from what a person types.

// Where it happens, and what is told.
pub mod apart;
pub mod order;
pub mod session;
pub mod page;

// A dialogue that is there.
pub mod check;

// A person who shows how the client is used.
pub mod recording;
pub mod own_terminal;
pub mod relay;
pub mod guide;

// A dialogue made of that.
pub mod proposal;
pub mod own_file;
