//! What goes into a box: its sizes, the job, and the submission's folder as an archive.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// What is said before the archive.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Order {
    /// Bytes that the submission's folder may grow to.
    pub(crate) scratch_bytes: u64,
    /// Bytes of memory that all processes may have together.
    pub(crate) memory_bytes: u64,
    /// Processes and threads.
    pub(crate) n_processes: u64,
    /// The judge's own.
    pub(crate) job: String,
}

/// Longer orders are not ours.
const MAX_ORDER: u32 = 16 << 20;

impl Order {
    /// # Errors
    /// EPIPE: the box is gone.
    pub(crate) fn write_to(&self, mut to: impl Write) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        to.write_all(&(text.len() as u32).to_le_bytes())?;
        to.write_all(&text)
    }

    /// # Errors
    /// It ends too early, or is no order.
    pub(crate) fn read_from(mut from: impl Read) -> io::Result<Order> {
        let mut len = [0; 4];
        from.read_exact(&mut len)?;
        let len = u32::from_le_bytes(len);
        if len > MAX_ORDER {
            return Err(io::Error::other("it is too long"));
        }
        let mut text = vec![0; len as usize];
        from.read_exact(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }
}
