//! Clients whose last lines are typed at the same moment.

use std::time::Instant;

use grade::assignment::question::Ready;
use grade::dialogue::client::Client;
use grade::dialogue::reading::Answer;
use grade::launch::launcher::Launcher;
use grade::patience::Patience;

use crate::driven::open;
use crate::programs::{Folder, has_compiler, question};

#[test]
fn eight_clients_at_once_get_an_answer_each() {
    if !has_compiler("eight_clients_at_once_get_an_answer_each") {
        return;
    }
    let folder = Folder::new();
    folder.compile("serveur.c", "serveur", &[]);
    folder.compile("scanf.c", "client", &[]);
    let (launcher, patience) = (Launcher::bare(), Patience::of(3.0));
    let _server = folder.serve(&launcher, &["./serveur"], &Ready::Auto, patience).unwrap();
    let question = question(&["./client"], "");
    let open_one = |_| open(&launcher, &question, folder.path(), patience);
    let mut clients: Vec<Client<'_>> = (0..8).map(open_one).collect();
    let begin = Instant::now();
    for round in 0..4 {
        clients.iter_mut().for_each(|client| client.prepare_reserve("3", "100"));
        clients.iter_mut().for_each(Client::send);
        let answers: Vec<Answer> =
            clients.iter_mut().map(|client| client.outcome().answer).collect();
        let done = answers.iter().filter(|&&answer| answer == Answer::Done).count();
        let refused = answers.iter().filter(|&&answer| answer == Answer::Refused).count();
        // 2000 seats are 20 reservations: two rounds of eight and one half.
        assert_eq!((done, refused), [(8, 0), (8, 0), (4, 4), (0, 8)][round], "round {round}");
    }
    eprintln!("4 rounds of 8 clients: {:?}", begin.elapsed());
    assert_eq!(clients[0].left("3").value, Some(0));
}
