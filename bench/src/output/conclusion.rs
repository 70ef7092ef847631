//! What a run says, in three sentences that are made from its figures.

use crate::output::words::{number, us};
use crate::results::bar;
use crate::results::file::Results;
use crate::results::group::{Group, Question};
use crate::results::ratio::{Against, Figure};
use crate::results::timing::{Timing, of_server};

/// The three sentences: what one client waits for, what durability costs, and memory and bars.
pub fn of(results: &Results) -> [String; 3] {
    [latency(results), durability(results), memory_and_bars(results)]
}

/// The least and the most of something that servers have, with their names.
struct Range<'a> {
    least: (&'a str, f64),
    most: (&'a str, f64),
}

impl<'a> Range<'a> {
    fn of(figures: impl Iterator<Item = (&'a str, f64)>) -> Option<Range<'a>> {
        let mut range: Option<Range<'a>> = None;
        for (name, figure) in figures {
            let range = range.get_or_insert(Range { least: (name, figure), most: (name, figure) });
            if figure < range.least.1 {
                range.least = (name, figure);
            }
            if figure > range.most.1 {
                range.most = (name, figure);
            }
        }
        range
    }

    /// "112 KiB in q2-msgqueue (the least) to 230 KiB in q4 (the most)".
    fn words(&self, unit: &str, words: fn(f64) -> String) -> String {
        let one = |(name, figure): (&str, f64)| format!("{}{unit} ({name})", words(figure));
        if self.least.0 == self.most.0 {
            return one(self.least);
        }
        format!("{} to {}", one(self.least), one(self.most))
    }
}

fn range<'a>(
    results: &'a Results,
    group: Group,
    question: Question,
    figure: fn(&Timing) -> f64,
) -> Option<Range<'a>> {
    Range::of(results.servers.iter().filter_map(|server| {
        let timing = of_server(&results.timings, group, &server.name, question)?;
        Some((server.name.as_str(), figure(timing)))
    }))
}

fn latency(results: &Results) -> String {
    let Some(p50) = range(results, Group::LATENCY, Question::View, |timing| timing.latency.p50_us)
    else {
        let calls =
            results.servers.iter().filter_map(|it| Some((it.name.as_str(), it.view.calls()?)));
        return match Range::of(calls) {
            Some(calls) => format!(
                "A VIEW takes {}, server and client together.",
                calls.words(" system calls", |calls| format!("{calls:.0}"))
            ),
            None => "The latency of one client was not measured.".to_owned(),
        };
    };
    let ratios = results.ratios.iter().filter(|it| {
        (it.group, it.figure) == (Group::LATENCY, Figure::P50)
            && (it.question, it.against) == (Question::View, Against::Bare)
    });
    let ratios = Range::of(ratios.map(|it| (it.server.as_str(), it.ratio.median)));
    let to_bare = ratios.map_or(String::new(), |ratios| {
        format!(
            ", which is {} times its bare exchange",
            ratios.words("", |ratio| format!("{ratio:.2}"))
        )
    });
    format!("One client has a VIEW in {}{to_bare}.", p50.words(" us", us))
}

fn durability(results: &Results) -> String {
    let reserve = Question::Reserve;
    let alone = range(results, Group::durable(1), reserve, |timing| timing.latency.p50_us);
    let shared = range(results, Group::durable(64), reserve, |timing| timing.per_second.median);
    let mut parts = Vec::new();
    if let Some(alone) = alone {
        parts.push(format!("a durable RESERVE of one client takes {}", alone.words(" us", us)));
    }
    if let Some(shared) = shared {
        let rate = shared.words(" a second", |rate| format!("{rate:.0}"));
        parts.push(format!("64 clients that share each sync reserve {rate}"));
    }
    if parts.is_empty() {
        return "Durable reservations were not measured.".to_owned();
    }
    let sentence = parts.join(", and ");
    let (first, rest) = sentence.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

fn memory_and_bars(results: &Results) -> String {
    let dirty = results.servers.iter().map(|server| {
        let (rest, after) = (&server.memory_at_rest, &server.memory_after);
        (server.name.as_str(), rest.private_dirty.max(after.private_dirty) as f64)
    });
    let memory = Range::of(dirty).map_or(String::new(), |range| {
        let words = range.words(" KiB", |kib| format!("{kib:.0}"));
        format!("Memory that the kernel cannot take back is {words}")
    });
    let measured = results.bars.iter().filter(|bar| bar.holds().is_some()).count();
    if measured == 0 {
        return format!("{memory}.");
    }
    let short = bar::short(&results.bars);
    let holds = measured - short.len();
    let mut which: Vec<String> = Vec::new();
    for bar in &short {
        let one = format!("{} of {}", bar.number, number(&bar.stage));
        if !which.contains(&one) {
            which.push(one);
        }
    }
    let which = which.join(", ");
    let which = if which.is_empty() { which } else { format!(" (short: {which})") };
    format!("{memory}; {holds} of {measured} bars hold{which}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_names_both_ends_and_one_server_once() {
        let whole = |kib: f64| format!("{kib:.0}");
        let two = Range::of([("q1", 9.0), ("q2", 3.0), ("q3", 5.0)].into_iter()).unwrap();
        assert_eq!(two.words(" KiB", whole), "3 KiB (q2) to 9 KiB (q1)");
        let one = Range::of([("q1", 9.0)].into_iter()).unwrap();
        assert_eq!(one.words(" KiB", whole), "9 KiB (q1)");
        assert!(Range::of(std::iter::empty()).is_none());
    }
}
