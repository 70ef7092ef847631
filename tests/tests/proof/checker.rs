//! The checkers of histories, checked: bad histories that were thought up, and thousands of
//! invented ones that a slow search has judged.

use common::client::ask::Ask;
use fastrand::Rng;
use harness::effort::Effort;
use harness::history::{Answer, History, Operation, chain, search, seats};
use harness::seed;

use crate::invented::{change, good, is_good, spoil, table};

/// Bad histories that are to be found out, of each kind; at night more.
const BAD: usize = 500;
const BAD_AT_NIGHT: usize = 20_000;
/// Operations of a history of which every order can be tried.
const FEW: u64 = 6;
/// Operations of one as long as those that are recorded.
const MANY: u64 = 300;

/// Reads `REASON: CALL-BACK OPERATION; ...`.
fn parse(line: &str) -> (&str, Vec<Operation>) {
    let (reason, operations) = line.split_once(':').unwrap();
    let texts = operations.split(';').map(str::trim).filter(|text| !text.is_empty());
    (reason, texts.map(operation).collect())
}

fn operation(text: &str) -> Operation {
    let mut words = text.split(' ');
    let (call, back) = words.next().unwrap().split_once('-').unwrap();
    let kind = words.next().unwrap();
    let show = kind[1..].parse().unwrap_or(0);
    let number = |word: &str| word.trim_start_matches(['=', '!']).parse::<i32>().unwrap();
    let numbers: Vec<i32> = words.clone().map(number).collect();
    let ask = match &kind[..1] {
        "L" => Ask::List,
        "V" => Ask::View { show },
        _ => Ask::Reserve { show, seats: numbers[0] },
    };
    let last = *numbers.last().unwrap();
    let answer = match ask {
        Ask::List => {
            let mut all = [0; 10];
            all[..3].copy_from_slice(&numbers);
            Answer::List(all)
        }
        _ if text.contains('!') => Answer::Refused(last),
        _ => Answer::Left(last),
    };
    let back = back.parse().ok().map(|back| (back, answer));
    Operation { ask, call: call.parse().unwrap(), back }
}

fn thought_up(file: &'static str) -> impl Iterator<Item = (&'static str, Vec<Operation>)> {
    file.lines().filter(|line| !line.starts_with('#')).map(parse)
}

fn history(operations: &[Operation]) -> History {
    History { initial: seats(&table(10)), operations: operations.to_vec() }
}

#[test]
fn histories_that_cannot_be_are_found_out() {
    let mut count = 0;
    for (reason, operations) in thought_up(include_str!("../../histories/bad.txt")) {
        assert!(!is_good(&table(10), &operations), "{reason}: can be");
        assert!(search::check(&history(&operations)).is_err(), "{reason}: not found out");
        assert!(chain::check(&history(&operations)).is_err(), "{reason}: not found out by chain");
        count += 1;
    }
    assert!(count >= 40, "{count} histories");
}

#[test]
fn histories_that_can_be_are_accepted() {
    for (reason, operations) in thought_up(include_str!("../../histories/good.txt")) {
        assert!(is_good(&table(10), &operations), "{reason}: cannot be");
        assert_eq!(search::check(&history(&operations)), Ok(()), "{reason}");
        if operations.iter().all(|operation| operation.back.is_some()) {
            assert_eq!(chain::check(&history(&operations)), Ok(()), "{reason}");
        }
    }
}

#[test]
fn the_checkers_judge_small_histories_as_a_slow_search_does() {
    let mut rng = seed::rng();
    let wanted = Effort::asked().of(BAD, BAD, BAD_AT_NIGHT);
    let (mut bad, mut chained, mut tried) = (0, 0, 0);
    while bad < wanted || chained < wanted {
        let unknown = rng.bool();
        let mut history = good(&mut rng, 6, FEW, 25, unknown);
        assert_eq!(search::check(&history), Ok(()), "{history:?}");
        change(&mut rng, &mut history.operations);
        let expected = is_good(&table(6), &history.operations);
        let found = search::check(&history);
        assert_eq!(found.is_ok(), expected, "{found:?}: {history:?}");
        if history.operations.iter().all(|operation| operation.back.is_some()) {
            let found = chain::check(&history);
            assert_eq!(found.is_ok(), expected, "the chain: {found:?}: {history:?}");
            chained += usize::from(!expected);
        }
        bad += usize::from(!expected);
        tried += 1;
    }
    println!("{tried} histories, {bad} of them bad, {chained} of these with all answers");
}

#[test]
fn a_fault_in_a_long_history_is_found_out() {
    let seed = seed::number();
    let mut bad = 0;
    for number in 0.. {
        let mut rng = Rng::with_seed(seed ^ number);
        let mut history = good(&mut rng, 1000, MANY, 60, false);
        if bad == 0 {
            assert_eq!((search::check(&history), chain::check(&history)), (Ok(()), Ok(())));
        }
        if spoil(&mut rng, number % 5, &mut history.operations).is_some() {
            assert!(search::check(&history).is_err(), "way {} of number {number}", number % 5);
            assert!(chain::check(&history).is_err(), "way {} of number {number}", number % 5);
            bad += 1;
        }
        if bad == BAD {
            break;
        }
    }
}
