//! What the process is told that tries a dialogue.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// One submission and its question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The name of the question.
    pub name: String,
    /// The question, as the submission may change it.
    pub question: serde_json::Value,
    /// A copy of the submission, which may be written.
    pub home: PathBuf,
    /// Where a dialogue that works is written; None: it is only printed.
    pub write_to: Option<PathBuf>,
    /// `fr` or `en`.
    pub language: String,
    /// Whether queues and shared memory are nobody else's.
    pub is_apart: bool,
}

impl Order {
    /// Writes it into a file.
    ///
    /// # Errors
    /// See write(2).
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(self).context("cannot write the order")?;
        fs::write(path, text).context("cannot write the order")
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is no order.
    pub fn read(path: &Path) -> anyhow::Result<Order> {
        let text = fs::read(path).context("cannot read the order")?;
        serde_json::from_slice(&text).context("cannot read the order")
    }
}
