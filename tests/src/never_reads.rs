//! A client process that asks and never reads the answer, until it is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::server::Server;
use crate::stage::program;
use crate::sys;

/// The running client; dropping it kills it between request and reply.
#[derive(Debug)]
pub struct NeverReads {
    child: Child,
}

impl NeverReads {
    /// Starts one that sends LISTs; it has sent them when this returns.
    ///
    /// # Panics
    /// If it cannot be started or does not say that it has sent them.
    pub fn start(server: &Server, requests: u64) -> NeverReads {
        let mut command = Command::new(program("hostile"));
        command.arg(server.stage().package()).arg(server.dir()).arg(requests.to_string());
        sys::tie_to_this_thread(&mut command);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the client can be started");
        let stdout = child.stdout.take().expect("stdout is piped");
        let client = NeverReads { child };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("the client writes UTF-8");
        assert!(line.starts_with("sent"), "{line:?}");
        client
    }
}

impl Drop for NeverReads {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        ended.expect("a child can be killed and reaped");
    }
}
