//! A program of the judge's own in a box, such as strace: it has all rights there.

use std::io;
use std::process::{Child, Command};

use crate::launch::children::Children;

/// A running tool; it is killed when this is dropped.
#[derive(Debug)]
pub struct Tool {
    /// The process.
    pub child: Child,
    children: Children,
}

impl Tool {
    /// Starts it. It is none of the submission's processes, and nobody else collects it.
    pub(crate) fn start(command: &mut Command, children: &Children) -> io::Result<Tool> {
        let mut known = children.hold();
        let child = command.spawn()?;
        known.holders.insert(child.id() as i32);
        drop(known);
        Ok(Tool { child, children: children.clone() })
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.children.hold().holders.remove(&(self.child.id() as i32));
    }
}
