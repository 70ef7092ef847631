//! Events as lines: the subscriber to tracing's events, which writes each of them as one line of
//! text.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};
use std::fs::File;
use std::io::Write as _;

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Bytes that most lines need: a reservation with its peer.
const USUAL_SIZE: usize = 160;

thread_local! {
    /// What every line of this thread ends with.
    static FIELDS: RefCell<String> = const { RefCell::new(String::new()) };
    /// Lines of this thread that wait for those that leave with them, while there is somebody to
    /// let them go.
    static HELD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Adds a field to every line of the calling thread from now on.
pub(crate) fn add_field(name: &str, value: &dyn fmt::Display) {
    FIELDS.with_borrow_mut(|fields| *fields += &format!(" {name}={value}"));
}

/// Collects the lines that `body` logs, and writes them together, all with this moment.
///
/// They leave in pieces of at most PIPE_BUF bytes: a pipe takes such a piece wholly or not at all,
/// so that each line stays whole. See pipe(7).
pub(crate) fn together(body: impl FnOnce()) {
    /// Lets the lines go even if the body panics.
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            let held = HELD.take().unwrap_or_default();
            tracing::dispatcher::get_default(|dispatch| {
                if let Some(lines) = dispatch.downcast_ref::<Lines>() {
                    lines.write(&held);
                }
            });
        }
    }
    HELD.set(Some(String::with_capacity(USUAL_SIZE)));
    let _release = Release;
    body();
}

/// Writes the events of a level, and those above it, to all of its outputs.
///
/// It has no spans. The subscriber of the crate tracing-subscriber has them, and a registry for
/// them that touches 32 KiB at once, whether there are any or not; nothing else in a server is as
/// large.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The least important level that is written.
    pub(crate) level: LevelFilter,
    /// Where the lines go, each by one write, or several whole ones by one.
    pub(crate) outputs: Vec<File>,
}

impl Lines {
    fn write(&self, lines: &str) {
        for mut output in &self.outputs {
            // There is nobody to tell that nobody can be told.
            let _ = output.write_all(lines.as_bytes());
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        // A thread that is about to end holds none any more.
        let held = HELD.try_with(RefCell::take).unwrap_or_default();
        let Some(mut held) = held else {
            let mut line = String::with_capacity(USUAL_SIZE);
            put_moment(&mut line);
            put(&mut line, event);
            return self.write(&line);
        };
        let begin = held.len();
        // A moment is made of many small pieces: all lines have that of the first.
        match held.find(' ') {
            Some(end) => held.extend_from_within(..end),
            None => put_moment(&mut held),
        }
        put(&mut held, event);
        if held.len() > libc::PIPE_BUF {
            self.write(&held[..begin]);
            held.drain(..begin);
        }
        HELD.set(Some(held));
    }

    // No span is enabled, so none of these is called.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Date and time, UTC.
fn put_moment(line: &mut String) {
    let now = OffsetDateTime::now_utc();
    let date = now.date();
    let (hour, minute, second, micro) = now.to_hms_micro();
    // To a String all can be written.
    let _ = write!(line, "{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z");
}

/// The rest of a line.
fn put(line: &mut String, event: &Event<'_>) {
    // A value that cannot write itself leaves its line shorter.
    let _ = write!(line, " {:>5}", event.metadata().level());
    event.record(&mut Line(line));
    // A thread that is about to end has none any more.
    let _ = FIELDS.try_with(|fields| *line += &fields.borrow());
    line.push('\n');
}

/// A line that stays one: a line feed in a path, or whatever a terminal would act on, is escaped.
struct Line<'a>(&'a mut String);

impl fmt::Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Nearly always; to look at characters would take longer than to copy them.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            *self.0 += text;
            return Ok(());
        }
        for character in text.chars() {
            if character.is_control() {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self, " {value:?}"),
            name => write!(self, " {name}={value:?}"),
        };
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        // Nothing here needs to be escaped.
        let _ = write!(self.0, " {}={value}", field.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tracing::{debug, info, info_span, warn};

    /// What stands in the log after `body`, each line without its date and time.
    fn logged(body: impl FnOnce()) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let outputs = vec![file.reopen().unwrap()];
        tracing::subscriber::with_default(Lines { level: LevelFilter::INFO, outputs }, body);
        let text = fs::read_to_string(file.path()).unwrap();
        let line = |line: &str| {
            let (at, rest) = line.split_at("2026-01-31T12:34:56.123456Z".len());
            assert!(at.starts_with("20") && at.ends_with('Z') && at.contains('T'), "{at}");
            rest.to_owned()
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn an_event_is_a_line_of_its_level_its_message_and_its_fields() {
        let lines = logged(|| {
            info!(client = 7, name = %"Ubu", "reserve: {:?}", Some(3));
            debug!("below the level");
            warn!("first\nsecond \u{1b}[31m");
        });
        let escaped = "  WARN first\\nsecond \\u{1b}[31m";
        assert_eq!(lines, ["  INFO reserve: Some(3) client=7 name=Ubu", escaped]);
    }

    #[test]
    fn a_field_of_a_thread_stands_in_its_lines_only_and_a_span_in_none() {
        let lines = logged(|| {
            let _span = info_span!("ignored").entered();
            info!("before");
            add_field("peer", &"[::1]:7");
            info!(show = 3, "after");
            std::thread::spawn(|| assert!(FIELDS.with_borrow(String::is_empty))).join().unwrap();
        });
        assert_eq!(lines, ["  INFO before", "  INFO after show=3 peer=[::1]:7"]);
    }

    #[test]
    fn lines_that_are_held_leave_together_in_order_and_even_if_their_body_panics() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let outputs = vec![file.reopen().unwrap()];
        let written = || fs::read_to_string(file.path()).unwrap().lines().count();
        tracing::subscriber::with_default(Lines { level: LevelFilter::INFO, outputs }, || {
            together(|| {
                for n in 0..100 {
                    info!(n, "held");
                }
                // Only whole pieces have left yet.
                assert!((1..100).contains(&written()), "{}", written());
            });
            assert_eq!(written(), 100);
            let body = || {
                together(|| {
                    info!("said before the end");
                    panic!("a body panics");
                })
            };
            assert!(std::panic::catch_unwind(body).is_err());
            info!("and after it");
        });
        assert_eq!(written(), 102);
        let text = fs::read_to_string(file.path()).unwrap();
        let moment = text.split(' ').next().unwrap();
        let is_next = |(n, line): (usize, &str)| line == format!("{moment}  INFO held n={n}");
        assert!(text.lines().take(100).enumerate().all(is_next), "{text}");
    }
}
