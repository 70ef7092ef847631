//! The order of write, sync and reply in a long run under load: every count that leaves is durable.

use harness::effort::Effort;
use harness::history::journal::{Event, Journal};
use harness::seed;
use harness::stage::{ALL, Mechanism, Stage};

use harness::say::say;

/// Checks that each count that a reply quotes was durable when the reply left; returns how many
/// were.
fn check(journal: &Journal) -> Result<usize, String> {
    // Counts only go down: one is durable when a sync has covered a write of it or a lower one.
    let mut durable = journal.first;
    let mut written = Vec::new();
    let (mut covered, mut checked) = (0, 0);
    for event in &journal.events {
        match event {
            Event::Write { offset, bytes } => written.push((*offset, bytes)),
            Event::Sync { writes } => {
                for (offset, bytes) in &written[covered.min(*writes)..*writes] {
                    let file = zerocopy::IntoBytes::as_mut_bytes(&mut durable);
                    file[*offset..offset + bytes.len()].copy_from_slice(bytes);
                }
                covered = covered.max(*writes);
            }
            Event::Reply(counts) => {
                for (row, count) in counts {
                    let safe = durable.rows[*row].seats.get();
                    if *count < safe {
                        return Err(format!("{count} in row {row} left while {safe} was durable"));
                    }
                    checked += 1;
                }
            }
        }
    }
    Ok(checked)
}

#[test]
fn every_count_that_leaves_is_durable_before_it_does() {
    let name = "every_count_that_leaves_is_durable_before_it_does";
    let operations = Effort::asked().of(400, 4000, 10_000);
    let seed = seed::number();
    // What leaves over TLS says nothing to who listens.
    let readable = |stage: &Stage| stage.mechanism() != Mechanism::Tls;
    for stage in ALL.into_iter().filter(readable) {
        let Some(journal) = Journal::record(name, stage, operations, seed) else { return };
        let checked = check(&journal).unwrap();
        let replies: Vec<&(usize, i32)> = journal.events.iter().flat_map(counts).collect();
        // What clients heard is what was seen to leave: not one acknowledgement has gone unchecked.
        for sold in &journal.sold {
            assert!(replies.contains(&&(sold.row, sold.left)), "{sold:?} is in no reply");
        }
        assert_accounts_for_every_seat(&journal);
        // One sync may be missing unnoticed, if its replies left after the next one; the last may not.
        for struck in [0, seed as usize % journal.syncs(), journal.syncs() - 1] {
            let struck = struck..usize::MAX;
            let unsynced = journal.without_syncs(struck.clone());
            assert!(check(&unsynced).is_err(), "it is blind to syncs {struck:?} missing");
        }
        let (sold, syncs) = (journal.sold.len(), journal.syncs());
        let package = stage.package();
        say(&format!("order-{package}: {sold} acknowledgements, {checked} counts, {syncs} syncs"));
    }
}

fn counts(event: &Event) -> &[(usize, i32)] {
    match event {
        Event::Reply(counts) => counts,
        Event::Write { .. } | Event::Sync { .. } => &[],
    }
}

/// The acknowledged reservations of each show, sorted, lead from its first count to its last
/// without a gap: none was lost, none was made twice.
fn assert_accounts_for_every_seat(journal: &Journal) {
    let mut sold = journal.sold.clone();
    sold.sort_unstable_by_key(|sold| (sold.row, -sold.left));
    let mut left = journal.first.rows.map(|show| show.seats.get());
    for sold in sold {
        assert_eq!(left[sold.row] - sold.seats, sold.left, "{sold:?}");
        left[sold.row] = sold.left;
    }
    assert_eq!(left, journal.last.rows.map(|show| show.seats.get()));
}
