//! A person is asked for one action after the other, and shows how the client does it.

use std::ffi::OsString;

use anyhow::{Context, bail};

use crate::judge::course::Course;
use crate::launch::program::Program;
use crate::trial::own_terminal::OwnTerminal;
use crate::trial::page;
use crate::trial::recording::Recording;
use crate::trial::relay::{End, Relay};
use crate::words::{Words, number, text};

/// The actions, as the messages name them.
const ACTIONS: [&str; 6] = ["open", "list", "view", "done", "refused", "quit"];

/// Opens the client and asks for the actions.
///
/// # Errors
/// The client cannot be started or ends too early, or the terminal is gone.
pub fn record(course: &Course<'_>, own: &OwnTerminal) -> anyhow::Result<Recording> {
    let program = program(course);
    let start = || Relay::start(own, course.launcher, &program).context("cannot start the client");
    print!("\n{}", page::paragraph(&course.words.say("trial-person")));
    own.take_keys().context("cannot use the terminal")?;
    let mut relay = start()?;
    let mut made = Recording::default();
    for (at, action) in ACTIONS.into_iter().enumerate() {
        ask(course.words, at, action, &relay);
        let (shown, end) = relay.record().context("cannot use the terminal")?;
        match end {
            End::Said => {}
            End::Client(_) if action == "quit" => {}
            End::Client(_) if !shown.keys.is_empty() && action != "open" => {
                made.one_action = true;
                relay = start()?;
                relay.type_again(&made.open).context("cannot use the terminal")?;
            }
            End::Client(status) => bail!("the client has ended: {status}"),
            End::Flood => bail!("the client shows text without end"),
            End::Gone => bail!("the terminal is gone"),
        }
        made.keep(action, shown);
    }
    println!();
    Ok(made)
}

/// Says what to do next, and shows again what the client waits at.
fn ask(words: &Words, at: usize, action: &str, relay: &Relay<'_>) {
    let what = words.say(&format!("trial-do-{action}"));
    let values =
        [("at", number(at as i64 + 1)), ("of", number(ACTIONS.len() as i64)), ("what", text(what))];
    let asked = words.say_with("trial-do", &values);
    let (bold, plain) = match std::env::var_os("NO_COLOR") {
        Some(_) => ("", ""),
        None => ("\u{1b}[1m", "\u{1b}[0m"),
    };
    let asked = page::paragraph(&asked);
    print!("\n{bold}{asked}{plain}{}", ipctop::clean::clean(relay.prompt()));
    // Whether it is seen is the terminal's to say, at the next key.
    let _ = std::io::Write::flush(&mut std::io::stdout());
}

fn program(course: &Course<'_>) -> Program {
    let question = course.question;
    let word = |word: &String| word.replace("{host}", "127.0.0.1").replace("{name}", "ada");
    let cwd = match &question.client_cwd {
        Some(folder) => course.home.join(folder),
        None => course.home.clone(),
    };
    let argv = question.client.iter().map(word).map(OsString::from).collect();
    Program { argv, cwd, env: vec![("TERM".into(), "xterm".into())] }
}
