//! The bytes that travel, alike in every mechanism: the row of a table, the request, the reply.

pub mod record;
pub mod request;
pub mod reply;
