//! A run beside an earlier one, and two sets of programs.

use std::fs;
use std::path::Path;

use bench::results::ratio::Figure;
use bench::run::two_sets::Comparison;
use harness::stage::program;

use crate::small_run::{assert_narrow, assert_nothing_left, bench, results, text};

#[test]
fn what_got_worse_ends_with_status_one() {
    let out = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let small = ["--counts", "--quick", "--stages", "q3"];
        bench(out.path(), &[&small[..], words].concat()).output().unwrap()
    };
    assert!(run(&[]).status.success());
    let earlier = out.path().join("earlier.json");
    let mut better = results(out.path());
    better.servers[0].memory_after.private_dirty /= 4;
    fs::write(&earlier, serde_json::to_string(&better).unwrap()).unwrap();
    let compare = ["--compare", earlier.to_str().unwrap()];
    let output = run(&compare);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("Private_Dirty"), "{}", text(&output));
    let output = run(&[&compare[..], &["--threshold", "10000"]].concat());
    assert!(output.status.success(), "{}", text(&output));
    better.host.cpu = "another".to_owned();
    fs::write(&earlier, serde_json::to_string(&better).unwrap()).unwrap();
    let output = run(&compare);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("another machine"), "{}", text(&output));
}

#[test]
fn two_copies_of_the_same_programs_compare_as_equal() {
    let out = tempfile::tempdir().unwrap();
    let built = program("q4-thread-per-request-server");
    let folders = ["old", "new"].map(|name| {
        let folder = out.path().join(name);
        fs::create_dir(&folder).unwrap();
        for server in ["q3-threads-server", "q4-thread-per-request-server"] {
            fs::copy(built.with_file_name(server), folder.join(server)).unwrap();
        }
        folder
    });
    let compare = |old: &Path, new: &Path, more: &[&str]| {
        let mut command = bench(out.path(), &["--quick", "--compare"]);
        command.arg(old).arg(new).args(more).output().unwrap()
    };
    let [old, new] = &folders;
    let output = compare(old, new, &["--stages", "q3,q4", "--groups", "LIST", "--rounds", "8"]);
    assert!(output.status.success(), "{}", text(&output));
    let said = text(&output);
    let json = fs::read_to_string(out.path().join("comparison.json")).unwrap();
    let comparisons: Vec<Comparison> = serde_json::from_str(&json).unwrap();
    let p50s = comparisons.iter().filter(|one| one.figure == Figure::P50);
    let p50s: Vec<&Comparison> = p50s.collect();
    assert_eq!(p50s.len(), 4, "VIEW and LIST of both: {said}");
    for one in p50s {
        let ratio = one.ratio.median;
        assert!((0.5..2.0).contains(&ratio), "the same program, yet {ratio}: {said}");
        assert_eq!(one.ratio.rounds.len(), 8, "{said}");
        assert!(said.contains(&format!("{ratio:.3}")), "{ratio}: {said}");
    }
    assert!(said.contains("8 paired rounds"), "{said}");
    assert_narrow(&said);

    let empty = out.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = compare(&empty, new, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("empty has no program of a stage"), "{}", text(&output));
    let output = compare(old, new, &["--stages", "q1"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("there is no program"), "{}", text(&output));
    assert_nothing_left(out.path());
}
