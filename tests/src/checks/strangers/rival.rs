//! A second server on the same DIR.

use std::process::{Command, Stdio};
use std::time::Duration;

use common::protocol::reply::Status;

use super::of_strangers;
use crate::checks::asked::reserve;
use crate::checks::check::Verdict;
use crate::evidence::{fail, holds};
use crate::server::Server;
use crate::sys;
use crate::target::Target;
use crate::wait;

/// How long the second one may take to see that it is not alone.
const END_MAX: Duration = Duration::from_secs(5);

/// Two servers never sell the seats of one file.
pub(super) fn a_rival_in_the_same_directory_ends_and_harms_nobody(target: &Target) -> Verdict {
    of_strangers(target)?;
    let server = Server::start(target);
    reserve(&mut server.client(), 1, 1, (Status::Ok, 199));
    let mut command = Command::new(target.program());
    command.args(target.words()).arg("--dir").arg(server.dir());
    if target.stage().mechanism().has_address() {
        // Any other port: it is DIR that is taken.
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    sys::tie_to_this_thread(&mut command);
    let mut rival = command.spawn().expect("the first one was started by the same command");
    let ended = wait::until(END_MAX, || rival.try_wait().expect("it is our child"));
    if ended.is_none() {
        rival.kill().expect("a child can be killed");
    }
    let said = rival.wait_with_output().expect("a child can be waited for");
    let words = [said.stdout.as_slice(), &said.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    let sent = "a second start on the same DIR";
    let expected = "an end with an exit status that is not 0, and no line `ready`";
    let Some(status) = ended else {
        fail(sent, expected, format!("it still runs after {}: {words}", wait::seconds(END_MAX)))
    };
    let is_refused = !status.success() && !said.stdout.starts_with(b"ready ");
    holds(is_refused, sent, expected, format!("{status}: {words}"));
    holds(!words.trim().is_empty(), sent, "a word that says why it ends", "none");
    reserve(&mut server.client(), 1, 1, (Status::Ok, 198));
    Ok(())
}
