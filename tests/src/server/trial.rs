//! A foreign server's trial: it is started and stopped once before anything is asked of it. One that
//! cannot be is told once, in words, and not by every test.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::time::Duration;

use common::booking::shows;
use nix::sys::signal::Signal;
use zerocopy::IntoBytes;

use crate::evidence::Finding;
use crate::server::Server;
use crate::target::{Author, Target};
use crate::{verdict, wait};

/// What came of the trials so far; each server has one for each mechanism.
static TRIALS: Mutex<Vec<(Target, Result<(), Finding>)>> = Mutex::new(Vec::new());

/// How long a server that did not get ready may take to end, for its last words.
const LAST_WORDS_MAX: Duration = Duration::from_secs(5);

/// Ends the test of a server that cannot be judged; the reason is said at the end of the run.
///
/// # Panics
/// If it cannot, with no word of its own.
pub(crate) fn demand(target: &Target) {
    if target.author() != Author::Stranger {
        return;
    }
    if let Err(finding) = of(target) {
        verdict::cannot_judge(target.program(), &finding);
        resume_unwind(Box::new("it cannot be judged"));
    }
    verdict::started();
}

/// Starts a server and stops it, as the protocol says how; the first call does it, and every later
/// one knows.
///
/// # Errors
/// If it does not get ready, does not stop, or leaves something behind.
///
/// # Panics
/// If there is no directory for it.
pub fn of(target: &Target) -> Result<(), Finding> {
    let mut trials = TRIALS.lock().expect("a trial does not panic");
    if let Some((_, result)) = trials.iter().find(|(tried, _)| tried == target) {
        return result.clone();
    }
    let mut server = Server::untried(target.clone(), &[]);
    server.write_data_file(shows::sample().as_bytes());
    let result = server.is_tried();
    server.end();
    trials.push((target.clone(), result.clone()));
    result
}

impl Server {
    fn is_tried(&mut self) -> Result<(), Finding> {
        let command = self.command();
        self.begin(command)?;
        self.gets_ready().map_err(|finding| self.with_last_words(finding))?;
        self.stays()?;
        self.try_stop()?;
        if self.target.must_stop_well() { self.leaves_no_unknown_object() } else { Ok(()) }
    }

    /// What was still in a buffer comes when the server ends.
    fn with_last_words(&mut self, mut finding: Finding) -> Finding {
        if self.stays().is_err() {
            return finding;
        }
        self.look_at_family();
        self.signal(Signal::SIGTERM);
        let has_ended = self.ends("SIGTERM", LAST_WORDS_MAX).is_ok();
        let stdout = self.stdout.as_ref().expect("it was started");
        let has_come = || (stdout.has_ended() || stdout.ready_line().is_some()).then_some(());
        wait::until(LAST_WORDS_MAX, has_come);
        if has_ended && stdout.ready_line().is_some() {
            finding.came = "the line, but only when it was stopped: call fflush(stdout) after it, \
                            or stdio keeps it in its buffer"
                .into();
        }
        finding
    }
}
