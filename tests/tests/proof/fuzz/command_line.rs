//! The command lines: any words are options in their bounds, or a usage error.

use std::ffi::OsString;
use std::fmt::Debug;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;
use common::client::ask::Ask;
use common::client::options::ClientOptions;
use q5_sockets::options as sockets;
use q9_events::options as events;

use super::{Diet, fuzz};

/// Words end with a NUL, as in /proc/PID/cmdline.
const COMMAND_LINE: Diet = Diet {
    name: "command-line",
    longest: 200,
    words: &[
        b"--dir\0",
        b"--timeout\0",
        b"--json\0",
        b"list\0",
        b"view\0",
        b"reserve\0",
        b"-1\0",
        b"0\0",
        b"--help\0",
        b"2147483648\0",
        b"--listen\0",
        b"[::1]:0\0",
        b"--idle-timeout\0",
        b"inf\0",
        b"1e300\0",
        b"--shows\0",
        b"--durability\0",
        b"process\0",
        b"--connect\0",
        b"--log-level\0",
        b"--max-connections\0",
        b"--\0",
        b"=",
    ],
};

/// What becomes of the words: the options, or the kind of the error, whose words are printed too.
fn parsed<O: Parser>(words: &[OsString]) -> Result<O, ErrorKind> {
    O::try_parse_from(words).map_err(|error| {
        assert!(!error.to_string().is_empty());
        assert!([0, 2].contains(&error.exit_code()));
        error.kind()
    })
}

/// The words for options that were understood.
fn written(options: &ClientOptions) -> Vec<OsString> {
    // In one word: a DIR may begin like an option.
    let mut dir = OsString::from("--dir=");
    dir.push(&options.dir);
    let mut words = vec!["client".into(), dir];
    words.extend(["--timeout".into(), format!("{:?}", options.timeout.as_secs_f64()).into()]);
    words.extend(options.json.then(|| "--json".into()));
    let ask = match options.command {
        None => vec![],
        Some(Ask::List) => vec!["list".to_owned()],
        Some(Ask::View { show }) => vec!["view".to_owned(), show.to_string()],
        Some(Ask::Reserve { show, seats }) => {
            vec!["reserve".to_owned(), show.to_string(), seats.to_string()]
        }
    };
    words.extend(ask.into_iter().map(OsString::from));
    words
}

fn is_bounded(time: Duration) -> bool {
    (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&time)
}

fn same(one: &impl Debug, other: &impl Debug) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn any_words_are_options_in_their_bounds_or_a_usage_error() {
    fuzz(&COMMAND_LINE, |bytes, _| {
        let words = bytes.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec()));
        let words: Vec<OsString> = [OsString::from("program")].into_iter().chain(words).collect();
        let client = parsed::<ClientOptions>(&words);
        if let Ok(options) = &client {
            assert!(is_bounded(options.timeout));
            same(
                options,
                &parsed::<ClientOptions>(&written(options)).expect("they were understood"),
            );
        }
        let server = parsed::<sockets::ServerOptions>(&words);
        if let Ok(options) = &server {
            assert!(is_bounded(options.idle_timeout));
            assert!((1..=16_384).contains(&options.max_connections) && !options.listen.is_empty());
        }
        if let Ok(options) = parsed::<events::ServerOptions>(&words) {
            assert!(is_bounded(options.idle_timeout));
            assert!((1..=65_536).contains(&options.max_connections) && !options.listen.is_empty());
        }
        let command =
            client.as_ref().ok().and_then(|it| it.command).map(|ask| format!("{ask:?}").len());
        (format!("{:?}", client.err()), format!("{:?}", server.err()), command.is_some())
    });
}
