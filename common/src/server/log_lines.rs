//! Events as lines: the subscriber to tracing's events, which writes each of them as one line of
//! text.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::log_output::Output;

/// Bytes that most lines need: a reservation with its peer.
const USUAL_SIZE: usize = 160;

thread_local! {
    /// What every line of this thread ends with.
    static FIELDS: RefCell<String> = const { RefCell::new(String::new()) };
    /// Lines of this thread that are written together, while [`together`] runs.
    static BATCH: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Adds a field to every line of the calling thread from now on.
pub(crate) fn add_field(name: &str, value: &dyn fmt::Display) {
    FIELDS.with_borrow_mut(|fields| *fields += &format!(" {name}={value}"));
}

/// Adds a field to the lines that `body` logs.
pub(crate) fn with_field(name: &str, value: &dyn fmt::Display, body: impl FnOnce()) {
    let before = FIELDS.with_borrow(String::len);
    add_field(name, value);
    body();
    FIELDS.with_borrow_mut(|fields| fields.truncate(before));
}

/// Collects the lines that `body` logs, and writes them together, all with this moment.
///
/// Each write has at most PIPE_BUF bytes. A pipe takes so many wholly or not at all, and no line is
/// cut. See pipe(7).
pub(crate) fn together(body: impl FnOnce()) {
    /// Writes the lines, even if the body panics.
    struct WriteAtEnd;
    impl Drop for WriteAtEnd {
        fn drop(&mut self) {
            let lines = BATCH.take().unwrap_or_default();
            with_outputs(|outputs| write(outputs, &lines));
        }
    }
    BATCH.set(Some(String::with_capacity(USUAL_SIZE)));
    let _at_end = WriteAtEnd;
    body();
}

/// Opens named files anew, if that was asked for: without waiting for the next line.
pub(crate) fn reopen() {
    let moment = moment();
    with_outputs(|outputs| outputs.iter().for_each(|output| output.reopen(&moment)));
}

/// Says how many lines were lost that nobody was told of.
pub(crate) fn say_lost() {
    let moment = moment();
    with_outputs(|outputs| {
        for output in outputs {
            // If there is no room for that either, nobody will ever know.
            let _ = output.say_lost(&moment);
        }
    });
}

fn moment() -> String {
    let mut moment = String::new();
    write_time(&mut moment);
    moment
}

fn with_outputs(act: impl Fn(&[Output])) {
    tracing::dispatcher::get_default(|dispatch| {
        if let Some(subscriber) = dispatch.downcast_ref::<Lines>() {
            act(&subscriber.outputs);
        }
    });
}

fn write(outputs: &[Output], lines: &str) {
    if !lines.is_empty() {
        outputs.iter().for_each(|output| output.write(lines));
    }
}

/// Writes the events of a level, and those above it, to all of its outputs.
///
/// It knows no spans. The crate tracing-subscriber keeps a registry for them, of 32 KiB, even where
/// there are none; nothing else in a server is as large.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The least important level that is written.
    pub(crate) level: LevelFilter,
    /// Where the lines go, each by one write, or several whole ones by one.
    pub(crate) outputs: Vec<Output>,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        // In a thread that is about to end, the variable may be gone already.
        let batch = BATCH.try_with(RefCell::take).unwrap_or_default();
        let Some(mut batch) = batch else {
            let mut line = String::with_capacity(USUAL_SIZE);
            write_time(&mut line);
            write_event(&mut line, event);
            return write(&self.outputs, &line);
        };
        let begin = batch.len();
        // To write the time takes long: all lines of a batch have that of the first.
        match batch.find(' ') {
            Some(end) => batch.extend_from_within(..end),
            None => write_time(&mut batch),
        }
        write_event(&mut batch, event);
        if batch.len() > libc::PIPE_BUF {
            write(&self.outputs, &batch[..begin]);
            batch.drain(..begin);
        }
        BATCH.set(Some(batch));
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
fn write_time(line: &mut String) {
    let now = OffsetDateTime::now_utc();
    let date = now.date();
    let (hour, minute, second, micro) = now.to_hms_micro();
    // To a String all can be written.
    let _ = write!(line, "{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z");
}

/// The rest of a line.
fn write_event(line: &mut String, event: &Event<'_>) {
    // A value that cannot write itself leaves its line shorter.
    let _ = write!(line, " {:>5}", event.metadata().level());
    event.record(&mut Escaped(line));
    // In a thread that is about to end, the variable may be gone already.
    let _ = FIELDS.try_with(|fields| *line += &fields.borrow());
    line.push('\n');
}

/// Text in which line feeds and other control characters are escaped: a path may hold them, and a
/// terminal would act on them.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
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

impl Visit for Escaped<'_> {
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
        let outputs = vec![Output::file(file.reopen().unwrap())];
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
    fn a_field_of_some_lines_stands_in_these_only() {
        let lines = logged(|| {
            with_field("peer", &"1.2.3.4:5", || info!("one"));
            info!("other");
        });
        assert_eq!(lines, ["  INFO one peer=1.2.3.4:5", "  INFO other"]);
    }

    #[test]
    fn lines_of_a_batch_are_written_together_in_order_and_even_if_their_body_panics() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let outputs = vec![Output::file(file.reopen().unwrap())];
        let written = || fs::read_to_string(file.path()).unwrap().lines().count();
        tracing::subscriber::with_default(Lines { level: LevelFilter::INFO, outputs }, || {
            together(|| {
                for n in 0..100 {
                    info!(n, "batch");
                }
                // So far only full writes were made.
                assert!((1..100).contains(&written()), "{}", written());
            });
            assert_eq!(written(), 100);
            let body = || {
                together(|| {
                    info!("logged before the panic");
                    panic!("a body panics");
                })
            };
            assert!(std::panic::catch_unwind(body).is_err());
            info!("logged after it");
        });
        assert_eq!(written(), 102);
        let text = fs::read_to_string(file.path()).unwrap();
        let moment = text.split(' ').next().unwrap();
        let is_next = |(n, line): (usize, &str)| line == format!("{moment}  INFO batch n={n}");
        assert!(text.lines().take(100).enumerate().all(is_next), "{text}");
    }
}
