//! A PID that comes back: the new process gets its own replies and not its predecessor's.

use std::process::Command;

use harness::effort::Effort;
use harness::machine::capability::{Capability, has};
use harness::stage::{ALL, Mechanism, program, skip};

use crate::alone;

#[test]
fn a_client_with_a_dead_ones_pid_gets_only_its_own_replies() {
    let name = "a_client_with_a_dead_ones_pid_gets_only_its_own_replies";
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, for a PID namespace and its counter");
    }
    let _turn = alone();
    let rounds = Effort::asked().of(20, 100, 2000).to_string();
    // Over a connection replies go where the request came from, whatever PID it claims.
    for stage in ALL
        .into_iter()
        .filter(|stage| matches!(stage.mechanism(), Mechanism::Pipes | Mechanism::Queues))
    {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
        let output = command.arg(program("pid-reuse")).args([stage.package(), &rounds]).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {said}", stage.package());
    }
}
