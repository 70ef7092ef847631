//! A server can be asked when it waits for a request, and not before.

use std::time::Duration;

use grade::assignment::question::Ready;
use grade::dialogue::client::Client;
use grade::dialogue::first;
use grade::launch::launcher::Launcher;
use grade::patience::Patience;
use grade::readiness::{NotReady, Sign};

use crate::programs::{Folder, Server, has_compiler, question};

/// Patience for a machine that other tests keep busy.
fn patience() -> Patience {
    Patience::of(2.0)
}

fn serve(options: &[&str], ready: &Ready) -> Option<(Folder, Result<Server, NotReady>)> {
    if !has_compiler("a server is ready") {
        return None;
    }
    let folder = Folder::new();
    folder.compile("serveur.c", "serveur", options);
    let server = folder.serve(&Launcher::bare(), &["./serveur"], ready, patience());
    Some((folder, server))
}

fn script(text: &str, ready: &Ready) -> Result<Server, NotReady> {
    let folder = Folder::new();
    folder.serve(&Launcher::bare(), &["sh", "-c", text], ready, patience())
}

#[test]
fn a_server_that_waits_for_a_message_is_ready_at_once() {
    let Some((_folder, server)) = serve(&[], &Ready::Auto) else { return };
    let server = server.unwrap();
    assert_eq!(server.asked.sign, Sign::Waits);
    assert_eq!(server.asked.pids, [server.process.pid()]);
    eprintln!("ready after {:?}", server.asked.used);
}

#[test]
fn a_server_that_sleeps_first_is_not_ready_before() {
    if !has_compiler("a_server_that_sleeps_first_is_not_ready_before") {
        return;
    }
    let folder = Folder::new();
    folder.compile("serveur.c", "serveur", &["-DLENT"]);
    // Enough patience that it is not taken for one that looks at another program's queue.
    let patience = Patience::of(5.0);
    let server = folder.serve(&Launcher::bare(), &["./serveur"], &Ready::Auto, patience);
    let asked = server.unwrap().asked.clone();
    assert_eq!(asked.sign, Sign::Waits);
    assert!(asked.used >= Duration::from_secs(1), "{:?}", asked.used);
}

#[test]
fn a_daemon_is_ready_though_its_starter_has_ended() {
    let Some((folder, server)) = serve(&["-DDEMON"], &Ready::Auto) else { return };
    let mut server = server.unwrap();
    assert_eq!(server.asked.sign, Sign::Waits);
    assert!(server.process.status().unwrap().is_some_and(|status| status.success()));
    assert!(!server.asked.pids.contains(&server.process.pid()), "{:?}", server.asked.pids);
    folder.compile("scanf.c", "client", &[]);
    let (launcher, question) = (Launcher::bare(), question(&["./client"], ""));
    let open = || Client::open(&launcher, &question, "", folder.path(), "", patience());
    assert_eq!(open().unwrap().left("1").value, Some(4000));
}

#[test]
fn a_server_that_polls_is_known_by_its_queue_and_its_answer() {
    let Some((folder, server)) = serve(&["-DSCRUTE"], &Ready::Auto) else { return };
    assert_eq!(server.unwrap().asked.sign, Sign::Polls);
    folder.compile("scanf.c", "client", &[]);
    let Some((other, server)) = serve(&["-DSCRUTE"], &Ready::Auto) else { return };
    let _server = server.unwrap();
    other.compile("scanf.c", "client", &[]);
    let (launcher, question) = (Launcher::bare(), question(&["./client"], ""));
    let open = || Client::open(&launcher, &question, "", other.path(), "", patience());
    let rows = first::consult(open, patience().ready()).unwrap();
    assert_eq!(rows.len(), 3);
}

#[test]
fn a_server_is_ready_when_its_line_or_time_has_come() {
    let line = Ready::Line("^écoute|UP$".to_owned());
    let server = script("sleep 0.1; echo UP; exec sleep 100", &line).unwrap();
    assert_eq!(server.asked.sign, Sign::Line);
    assert!(server.asked.used >= Duration::from_millis(100), "{:?}", server.asked.used);
    let server = script("exec sleep 100", &Ready::AfterMs(150)).unwrap();
    assert_eq!(server.asked.sign, Sign::Time);
    assert!(server.asked.used >= Duration::from_millis(150), "{:?}", server.asked.used);
    let wrong = script("exec sleep 100", &Ready::Line("(".to_owned()));
    assert!(matches!(wrong, Err(NotReady::Pattern(_))));
}

#[test]
fn a_line_that_stays_in_a_buffer_is_said_to() {
    let line = Ready::Line("en ecoute".to_owned());
    let Some((_folder, server)) = serve(&["-DBAVARD"], &line) else { return };
    let Err(NotReady::Late { stuck, output, waits }) = server.map(|_| ()) else { panic!("ready") };
    assert!(waits && output.is_empty(), "{output}");
    assert!(stuck.waits().join("\n").contains("msgrcv type 1 "), "{:?}", stuck.waits());
}

#[test]
fn a_server_that_ends_first_says_how_and_what_it_said() {
    let server = script("echo 'adresse déjà utilisée' >&2; exit 4", &Ready::Auto);
    let Err(NotReady::Ended { status, output }) = server.map(|_| ()) else { panic!("ready") };
    assert_eq!((status.code(), output.as_str()), (Some(4), "adresse déjà utilisée\n"));
}

fn assert_never_waits(server: Result<Server, NotReady>) {
    match server {
        // There is no box around these tests: the queue that it may look at is another program's.
        Ok(server) => assert_eq!(server.asked.sign, Sign::Polls),
        Err(NotReady::Late { stuck, waits, .. }) => assert!(!waits && stuck.used >= stuck.budget),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_waits_for_nothing_is_never_taken_for_ready() {
    assert_never_waits(script("exec sleep 100", &Ready::Auto));
}

#[test]
fn whoever_waits_for_a_request_is_ready_and_nobody_else() {
    if !has_compiler("whoever_waits_for_a_request_is_ready_and_nobody_else") {
        return;
    }
    let folder = Folder::new();
    folder.compile("attend.c", "attend", &["-lrt"]);
    let serve = |how: &str, patience| {
        folder.serve(&Launcher::bare(), &["./attend", how], &Ready::Auto, patience)
    };
    for how in [
        "accept",
        "recv",
        "fifo",
        "read",
        "semop",
        "sem_wait",
        "mq_receive",
        "poll",
        "select",
        "epoll",
        "join",
        "fork",
    ] {
        let server = serve(how, patience()).unwrap_or_else(|error| panic!("{how}: {error:?}"));
        assert_eq!(server.asked.sign, Sign::Waits, "{how}");
        assert_eq!(server.asked.pids.len(), if how == "fork" { 2 } else { 1 }, "{how}");
    }
    for how in ["pause", "mutex", "boucle"] {
        assert_never_waits(serve(how, Patience::of(0.2)));
    }
}
