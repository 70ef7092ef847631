//! The client's session: one command, or the assignment's menu, which also works when its input is
//! a pipe.

use std::io::{self, BufRead, Read, Write};

use anyhow::{Context, anyhow, ensure};

use crate::client::ask::{Ask, Unanswered};
use crate::client::interruption;
use crate::client::options::ClientOptions;
use crate::client::print;
use crate::program::exit::{self, Unprinted};
use crate::protocol::reply::Reply;

/// Longest line that is read; the rest of a longer one is skipped.
const LINE_MAX: u64 = 1024;

const MENU: &str = "\n1. Consult the shows\n2. Reserve seats\n0. Quit\nYour choice: ";

/// Asks the command of `options`, or lets the user choose; returns the exit status.
///
/// # Errors
/// If a question stays without an answer, or stdin or stdout fail.
pub fn run(
    options: &ClientOptions,
    mut ask: impl FnMut(Ask) -> Result<Reply, Unanswered>,
) -> anyhow::Result<u8> {
    interruption::prepare().context("cannot handle signals")?;
    let mut out = io::stdout().lock();
    match options.command {
        Some(command) => ask_and_print(&mut out, command, options.json, &mut ask),
        None => {
            ensure!(!options.json, "--json needs a command: list, view or reserve");
            menu(&mut io::stdin().lock(), &mut out, &mut ask)?;
            Ok(0)
        }
    }
}

/// Asks one question and prints the answer; returns the exit status that it stands for.
fn ask_and_print(
    out: &mut impl Write,
    question: Ask,
    json: bool,
    ask: &mut impl FnMut(Ask) -> Result<Reply, Unanswered>,
) -> anyhow::Result<u8> {
    let _waiting = interruption::waiting_for(question);
    let reply = ask(question).map_err(|unanswered| anyhow!(unanswered.explain(question)))?;
    let printed = if json {
        print::json(out, question, &reply)
    } else {
        print::text(out, question, &reply, print::columns())
    };
    if let Err(error) = printed.and_then(|()| out.flush()) {
        return Err(unprinted(question, &reply, error)?.into());
    }
    Ok(exit::code(reply.status()))
}

/// Why an answer was not printed, with the answer where it cannot be had again.
fn unprinted(question: Ask, reply: &Reply, error: io::Error) -> io::Result<Unprinted> {
    if !matches!(question, Ask::Reserve { .. }) {
        return Ok(Unprinted::Other(error));
    }
    let mut text = Vec::new();
    print::text(&mut text, question, reply, None)?;
    Ok(Unprinted::Answer { text: String::from_utf8_lossy(&text).into_owned(), error })
}

fn menu(
    input: &mut impl BufRead,
    out: &mut impl Write,
    ask: &mut impl FnMut(Ask) -> Result<Reply, Unanswered>,
) -> anyhow::Result<()> {
    loop {
        let Some(choice) = prompt(input, out, MENU)? else { return Ok(()) };
        match choice.as_str() {
            "0" => return Ok(()),
            "1" => {
                ask_and_print(out, Ask::List, false, ask)?;
                let Some(show) = number(input, out, "Show to consult (Enter: back): ")? else {
                    continue;
                };
                ask_and_print(out, Ask::View { show }, false, ask)?;
            }
            "2" => {
                let Some(show) = number(input, out, "Show to reserve (Enter: back): ")? else {
                    continue;
                };
                let Some(seats) = number(input, out, "Number of seats (Enter: back): ")? else {
                    continue;
                };
                ask_and_print(out, Ask::Reserve { show, seats }, false, ask)?;
            }
            "" => {}
            other => say(out, &format!("{other:?} is not in the menu: type 1, 2 or 0\n"))?,
        }
    }
}

/// A number typed by the user, or None for anything else.
fn number(
    input: &mut impl BufRead,
    out: &mut impl Write,
    text: &str,
) -> anyhow::Result<Option<i32>> {
    let Some(line) = prompt(input, out, text)? else { return Ok(None) };
    let number = line.parse().ok();
    if number.is_none() && !line.is_empty() {
        say(out, &format!("{line:?} is not a whole number of at most {}\n", i32::MAX))?;
    }
    Ok(number)
}

/// Shows `text` and reads a line, without the spaces around it; None at the end of the input.
///
/// A line that the input ends in is none: nobody has pressed Enter, and a number may lack its last
/// digits.
fn prompt(
    input: &mut impl BufRead,
    out: &mut impl Write,
    text: &str,
) -> anyhow::Result<Option<String>> {
    say(out, text)?;
    let mut line = Vec::new();
    let len = input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line);
    let len = len.context("cannot read standard input")?;
    if !line.ends_with(b"\n") {
        if len as u64 == LINE_MAX {
            input.skip_until(b'\n').context("cannot read standard input")?;
        } else {
            say(out, if len == 0 { "\n" } else { "\nan unfinished line is ignored\n" })?;
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
}

/// Shows a text at once.
fn say(out: &mut impl Write, text: &str) -> Result<(), Unprinted> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Unprinted::Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::shows;
    use crate::protocol::request::Request;
    use proptest::prelude::*;

    /// Types `input` at the menu; what was printed and what was asked.
    fn typed(input: &[u8]) -> (String, Vec<Ask>) {
        let mut table = shows::sample();
        let mut asked = Vec::new();
        let mut out = Vec::new();
        menu(&mut &input[..], &mut out, &mut |ask| {
            asked.push(ask);
            Ok(table.reply(&Request::new(7, 1, ask), 42))
        })
        .unwrap();
        (String::from_utf8(out).unwrap(), asked)
    }

    #[test]
    fn one_session_consults_reserves_and_quits() {
        let (out, asked) = typed(b"1\n3\n2\n3\n2\n0\nnever read\n");
        assert_eq!(asked, [Ask::List, Ask::View { show: 3 }, Ask::Reserve { show: 3, seats: 2 }]);
        assert!(out.contains("La Flûte enchantée"), "{out}");
        assert!(out.contains("show 3: 120 seats left"), "{out}");
        assert!(out.contains("show 3: 2 seats reserved, 118 left"), "{out}");
    }

    #[test]
    fn letters_huge_numbers_empty_lines_and_the_end_of_input_are_survived() {
        let (out, asked) =
            typed(b"abc\n99999999999\n\n  \n2\nx\n2\n1\n99999999999\n1\n\n2\n \xff\n 1 \r\n");
        assert_eq!(asked, [Ask::List, Ask::List]);
        assert!(
            out.contains("\"abc\" is not in the menu")
                && out.contains("\"99999999999\" is not a whole number")
        );
        assert_eq!(typed(b"").1, []);
    }

    #[test]
    fn an_unfinished_line_is_no_order() {
        assert_eq!(typed(b"1").1, []);
        assert_eq!(typed(b"2\n1").1, []);
        let (out, asked) = typed(b"2\n1\n2");
        assert!(asked.is_empty() && out.contains("an unfinished line is ignored"), "{out}");
        assert_eq!(typed(&[b' '; LINE_MAX as usize]).1, []);
    }

    #[test]
    fn an_endless_line_is_one_wrong_choice() {
        let mut input = vec![b'1'; 100_000];
        input.extend(b"\n1\n");
        let (out, asked) = typed(&input);
        assert_eq!(asked, [Ask::List]);
        assert!(out.len() < 10_000);
    }

    #[test]
    fn a_line_of_the_greatest_length_does_not_take_the_next_one_along() {
        let line = [b' '].repeat(LINE_MAX as usize - 2);
        assert_eq!(typed(&[&line[..], b"1\n", b"2\n1\n1\n"].concat()).1[0], Ask::List);
        assert_eq!(typed(&[&line[..], b" \n", b"1\n"].concat()).1, [Ask::List]);
    }

    #[test]
    fn the_enter_key_goes_back_without_a_word() {
        let (out, asked) = typed(b"2\n\n0\n");
        assert_eq!(asked, []);
        assert!(!out.contains("is not a"), "{out}");
    }

    #[test]
    fn a_negative_number_is_left_to_the_server_to_refuse() {
        let (out, asked) = typed(b"2\n1\n-5\n0\n");
        assert_eq!(asked, [Ask::Reserve { show: 1, seats: -5 }]);
        assert!(out.contains("at least 1 seat"));
    }

    proptest! {
        #[test]
        fn any_input_comes_to_an_end(input in prop::collection::vec(any::<u8>(), 0..2000)) {
            typed(&input);
        }
    }
}
