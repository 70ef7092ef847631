//! Dialogues of menus as students write them.

use crate::assignment::dialogue::Dialogue;
use crate::trial::proposal::propose;
use crate::trial::recording::{Recording, Shown};

/// What was typed, and what was shown; `>` stands where Enter was pressed.
fn shown(keys: &str, text: &str) -> Shown {
    let last = text.rfind('>').map_or(0, |at| at + 1);
    Shown { keys: keys.to_owned(), text: text.replace('>', "\n"), last }
}

fn rows(dialogue: &Dialogue, text: &str) -> Vec<(String, Option<i64>)> {
    let rows = crate::dialogue::reading::rows(dialogue, text).unwrap_or_default();
    rows.into_iter().map(|row| (row.show, row.seats)).collect()
}

fn row(show: &str, seats: i64) -> (String, Option<i64>) {
    (show.to_owned(), Some(seats))
}

/// The dialogue of a recording, which must match what was recorded and nothing else.
fn dialogue(recording: &Recording) -> Dialogue {
    let made = propose(recording);
    assert!(made.missing.is_empty(), "{made:?}");
    let dialogue: Dialogue = toml::from_str(&made.text()).unwrap();
    let texts = [&recording.list.text, &recording.done.text, &recording.refused.text];
    assert_eq!(texts.map(|text| dialogue.done.is_match(text)), [false, true, false], "{made:?}");
    assert_eq!(texts.map(|text| dialogue.refused.is_match(text)), [false, false, true], "{made:?}");
    dialogue
}

#[test]
fn a_french_menu_with_numbers_in_brackets_and_ok_in_nok() {
    const MENU: &str = "\n1) Liste\n2) Places\n3) Réserver\n0) Quitter\n? ";
    let with_menu = |keys: &str, text: &str| shown(keys, &format!("{text}{MENU}"));
    let recording = Recording {
        opening: MENU.to_owned(),
        list: with_menu(
            "1\n",
            ">\n==== PROGRAMME ====\n[0] Le Cid : 20 places libres\n[1] Henry 5 : 1 place libre\n",
        ),
        view: Some(with_menu("2\n0\n", ">Spectacle : >Le Cid : encore 20 places\n")),
        done: with_menu(
            "3\n0\n1\n",
            ">Spectacle : >Places : >Réservation OK, il reste 19 places\n",
        ),
        refused: with_menu(
            "3\n0\n99\n",
            ">Spectacle : >Places : >Réservation NOK, il reste 19 places\n",
        ),
        quit: "0\n".to_owned(),
        ..Recording::default()
    };
    let made = dialogue(&recording);
    assert_eq!(rows(&made, &recording.list.text), [row("0", 20), row("1", 1)]);
    assert_eq!(made.reserve, "3\n{show}\n{seats}\n");
    assert_eq!(made.view.as_deref(), Some("2\n{show}\n"));
    let left = |text| crate::dialogue::reading::left(&made, text);
    assert_eq!(left("Spectacle : \nHenry 5 : encore 1 place\n"), Some(1));
    assert_eq!((made.done.as_str(), made.refused.as_str()), ("Réservation OK", "Réservation NOK"));
}

#[test]
fn a_table_on_the_start_screen_with_a_show_that_is_complet() {
    const TABLE: &str = "Spectacles\n   1  Hamlet                 12\n   2  Phèdre                 complet\n\
                         \x20 10  Les Bonnes              7\nChoix (1 voir, 2 réserver, 0 fin) : ";
    let recording = Recording {
        list: shown("", TABLE),
        view: Some(shown("1\n10\n", ">Numéro : >Places disponibles : 7\nChoix : ")),
        done: shown(
            "2\n10\n2\n",
            ">Numéro : >Combien : >Les Bonnes réservé pour 2 personnes\nChoix : ",
        ),
        refused: shown(
            "2\n10\n60\n",
            ">Numéro : >Combien : >Désolé, Les Bonnes n'a plus que 5 places\nChoix : ",
        ),
        quit: "\u{4}".to_owned(),
        ..Recording::default()
    };
    let made = dialogue(&recording);
    assert_eq!(made.list, None);
    assert_eq!(rows(&made, TABLE), [row("1", 12), row("2", 0), row("10", 7)]);
    assert!(made.done.is_match("Hamlet réservé pour 1 personnes"));
    assert!(made.refused.is_match("Désolé, Hamlet n'a plus que 1 places"));
    assert_eq!(made.quit, "\u{4}");
}

#[test]
fn an_english_menu_whose_shows_are_letters() {
    let recording = Recording {
        open: "Ana Maria\n".to_owned(),
        list: shown(
            "list\n",
            ">Show A - Hamlet (8pm): 12/50 seats\nShow B - The Mousetrap (9pm): 3/40 seats\ncommand: ",
        ),
        view: None,
        done: shown("book B 2\n", ">Your booking is confirmed.\ncommand: "),
        refused: shown("book B 90\n", ">Your booking was refused: not enough seats.\ncommand: "),
        quit: "quit\n".to_owned(),
        ..Recording::default()
    };
    let made = dialogue(&recording);
    assert_eq!(made.open, ["{name}\n"]);
    assert_eq!(made.reserve, "book {show} {seats}\n");
    let seats = rows(&made, &recording.list.text);
    assert_eq!(seats.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    assert!(made.refused.is_match("Your booking was refused: no such show."));
}

#[test]
fn a_table_with_lines_around_it_and_an_answer_with_quotes() {
    let recording = Recording {
        list: shown(
            "L\n",
            ">+----+------------+-----+\n| 1 | Le Cid      |  12 |\n| 2 | Macbeth     | -3 |\n+----+------------+-----+\n: ",
        ),
        view: Some(shown("C\n1\n", ">n° : >=> 12 places restantes\n: ")),
        done: shown("R\n1\n1\n", ">n° : >places : >=> C'est réservé\n: "),
        refused: shown("R\n1\n50\n", ">n° : >places : >=> Refusé\n: "),
        quit: "F\n".to_owned(),
        ..Recording::default()
    };
    let made = dialogue(&recording);
    assert_eq!(rows(&made, &recording.list.text), [row("1", 12), row("2", -3)]);
    assert_eq!(made.done.as_str(), "C'est réservé");
    assert_eq!(crate::dialogue::reading::left(&made, "=> 4 places restantes"), Some(4));
}

#[test]
fn of_several_numbers_the_one_that_the_view_says_is_the_seats() {
    let recording = Recording {
        list: shown(
            "1\n",
            ">3. Hamlet, 20 h 30, salle 2, libres 14, total 50\n4. Tartuffe, 19 h, salle 1, libres 9, total 60\n",
        ),
        view: Some(shown("2\n3\n", ">?>il y a 14 sièges\n")),
        done: shown("3\n3\n1\n", ">?>?>Merci !\n"),
        refused: shown("3\n3\n80\n", ">?>?>Trop peu de sièges.\n"),
        ..Recording::default()
    };
    let made = dialogue(&recording);
    assert_eq!(rows(&made, &recording.list.text), [row("3", 14), row("4", 9)]);
}

#[test]
fn answers_that_cannot_be_told_apart_are_named_and_no_dialogue_is_made() {
    let recording = Recording {
        list: shown("1\n", ">1 Hamlet 12 places\n"),
        done: shown("2\n1\n1\n", ">?>?>Terminé.\n"),
        refused: shown("2\n1\n80\n", ">?>?>Terminé.\n"),
        ..Recording::default()
    };
    let made = propose(&recording);
    assert_eq!(made.missing, ["done", "refused"]);
    assert!(made.dialogue().is_none());
    let recording = Recording { list: shown("1\n", ">no table\n"), ..recording };
    assert_eq!(propose(&recording).missing, ["row", "reserve", "done", "refused"]);
}
