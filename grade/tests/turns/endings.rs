//! How a turn ends is told before what was said in it.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use grade::assignment::question::{Question, Ready};
use grade::dialogue::client::Client;
use grade::dialogue::reading::Answer;
use grade::kernel::stop;
use grade::launch::launcher::Launcher;
use grade::patience::Patience;
use grade::terminal::turn::Ending;
use nix::sys::signal::Signal;

use crate::programs::{Folder, has_compiler, question};

/// A server and a client, compiled, and the server started.
fn with_server(client: &str, more: &str, body: impl FnOnce(&Launcher, &Question, &Folder, i32)) {
    if !has_compiler("an ending") {
        return;
    }
    let folder = Folder::new();
    folder.compile("serveur.c", "serveur", &[]);
    folder.compile(&format!("{client}.c"), "client", &[]);
    let launcher = Launcher::bare();
    let server = folder.serve(&launcher, &["./serveur"], &Ready::Auto, Patience::of(3.0)).unwrap();
    body(&launcher, &question(&["./client"], more), &folder, server.process.pid());
}

fn open<'a>(launcher: &'a Launcher, question: &'a Question, folder: &Folder) -> Client<'a> {
    let patience = Patience::of(1.0);
    Client::open(launcher, question, "localhost", folder.path(), "Ana", patience).unwrap()
}

#[test]
fn a_client_that_spins_at_the_end_of_its_input_floods() {
    with_server("scanf", "", |launcher, question, folder, _| {
        let mut client = open(launcher, question, folder);
        let turn = client.type_raw("\u{4}");
        assert!(matches!(turn.ending, Ending::Flood), "{}", turn.ending);
        assert!(turn.text.len() >= 200_000 && turn.text.len() < 250_000, "{}", turn.text.len());
        client.kill();
    });
}

#[test]
fn a_turn_without_an_end_says_where_everybody_waits() {
    let more = "\n";
    with_server("muet", more, |launcher, question, folder, server| {
        let mut client = open(launcher, question, folder);
        client.set_server(server);
        client.prepare_reserve("2", "3");
        let outcome = client.outcome();
        // It says "confirmée", and then never asks again.
        assert_eq!((outcome.answer, outcome.said), (Answer::Neither, Answer::Done));
        let turn = outcome.turn.unwrap();
        let Ending::Budget(stuck) = turn.ending else { panic!("{}", turn.ending) };
        assert_eq!(stuck.budget, Duration::from_secs(2));
        assert!(stuck.used >= stuck.budget, "{:?}", stuck.used);
        let waits = stuck.waits().join("\n");
        let (client, server) = (client.pid().to_string(), server.to_string());
        let has = |pid: &str, what: &str| {
            waits.lines().any(|line| line.contains(pid) && line.contains(what))
        };
        assert!(has(&client, "msgrcv type 424242"), "{waits}");
        assert!(has(&server, "msgrcv type 1 "), "{waits}");
    });
}

#[test]
fn a_client_that_ends_or_is_killed_tells_how() {
    with_server("une_action", "", |launcher, question, folder, _| {
        let mut client = open(launcher, question, folder);
        let outcome = client.reserve("1", "2");
        let turn = outcome.turn.unwrap();
        assert_eq!(outcome.answer, Answer::Done, "{}", turn.text);
        let conversation =
            "2\nNumero du spectacle : 1\nNombre de places : 2\nRéservation confirmée\n";
        assert_eq!(turn.conversation(), conversation);
        assert!(matches!(turn.ending, Ending::Exit(status) if status.code() == Some(0)));
        // It is not opened anew: the assignment does not say that it ends after one action.
        let again = client.left("1");
        assert!(matches!(again.turn.ending, Ending::Exit(_)) && again.value.is_none());

        let mut other = open(launcher, question, folder);
        other.signal(Signal::SIGKILL).unwrap();
        let turn = other.type_raw("3\n");
        assert!(matches!(turn.ending, Ending::Exit(status) if status.code().is_none()));
        assert!(!turn.ending.is_calm());
    });
}

#[test]
fn a_client_is_ended_by_the_keys_that_the_assignment_names() {
    with_server("une_action", "", |launcher, question, folder, _| {
        let mut question = question.clone();
        question.dialogue.quit = "\u{3}".to_owned();
        let turn = open(launcher, &question, folder).quit();
        let Ending::Exit(status) = turn.ending else { panic!("{}", turn.ending) };
        assert_eq!(status.signal(), Some(Signal::SIGINT as i32));
        // It is killed: these keys would reserve.
        question.dialogue.quit_stops_server = true;
        question.dialogue.quit = question.dialogue.reserve.replace("{show}", "1");
        question.dialogue.quit = question.dialogue.quit.replace("{seats}", "5");
        open(launcher, &question, folder).leave();
        assert_eq!(open(launcher, &question, folder).left("1").value, Some(4000));
        question.dialogue.quit = "\u{4}".to_owned();
        let turn = open(launcher, &question, folder).quit();
        assert!(matches!(turn.ending, Ending::Exit(status) if status.success()), "{}", turn.ending);
    });
}

#[test]
fn a_stopped_client_has_no_turn_until_it_goes_on() {
    with_server("scanf", "seats_max = 100\n", |launcher, question, folder, _| {
        let mut client = open(launcher, question, folder);
        assert_eq!(client.reserve("1", "101").answer, Answer::NotAsked);
        client.prepare_reserve("1", "2");
        stop::stop(client.pid()).unwrap();
        client.send();
        let outcome = client.outcome();
        let turn = outcome.turn.unwrap();
        assert!(matches!(turn.ending, Ending::Budget(_)), "{}", turn.ending);
        stop::go_on(client.pid()).unwrap();
        // The answer to what was typed comes now, and then that to the next question.
        let turn = client.left("1");
        assert_eq!(turn.value, Some(3998), "{:?}", turn.turn.text);
    });
}

#[test]
fn a_client_that_cannot_be_started_or_used_is_told() {
    let folder = Folder::new();
    let launcher = Launcher::bare();
    let nobody = question(&["./nobody"], "");
    let patience = Patience::of(1.0);
    let error = Client::open(&launcher, &nobody, "", folder.path(), "", patience).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let failing = question(&["sh", "-c", "echo no server; exit 3"], "");
    let mut client = open(&launcher, &failing, &folder);
    let code = |ending: &Ending| match ending {
        Ending::Exit(status) => status.code(),
        _ => None,
    };
    assert_eq!(code(&client.opening().ending), Some(3));
    assert_eq!(client.opening().text, "no server\n");
    let list = client.list();
    assert_eq!((code(&list.turn.ending), list.turn.typed.len()), (Some(3), 0));
}

#[test]
fn a_table_on_the_start_screen_is_read_anew() {
    let folder = Folder::new();
    let launcher = Launcher::bare();
    let script = "read -p 'Nom : ' nom; n=$(cat seats 2>/dev/null || echo 9)
        echo \"Bonjour $nom\"; echo \"[1] Cid : $n places\"
        while read a && [ \"$a\" != 0 ]; do read b; echo $((n -= b)) > seats; echo confirmée; done";
    let mut question = question(&["bash", "-c", script], "open = [\"{name}\\n\"]\n");
    question.dialogue.list = None;
    question.dialogue.view = None;
    question.dialogue.reserve = "1\n{seats}\n".to_owned();
    let mut client = open(&launcher, &question, &folder);
    assert!(client.transcript().starts_with("Nom : \nBonjour Ana\n"), "{}", client.transcript());
    assert_eq!(client.left("1").value, Some(9));
    assert_eq!(client.reserve("1", "2").answer, Answer::Done);
    assert_eq!(client.left("1").value, Some(7));
    assert_eq!(client.transcript().matches("Bonjour").count(), 2);
}
