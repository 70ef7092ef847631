//! The kit, as it is handed out.

#[cfg(test)]
mod handed_out;
