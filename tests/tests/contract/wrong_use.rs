//! Wrong use gets a clear error with the next step, exit status 2, and loses nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use common::booking::shows;
use common::protocol::reply::Status;
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours, skip};
use harness::target::Target;
use rstest_reuse::apply;
use zerocopy::IntoBytes;

use crate::every_stage;
use crate::wrong_use::refused::{mounted, refused, show, stderr};

mod refused;

#[apply(every_stage)]
fn a_directory_that_is_not_private_is_refused(stage: Stage) {
    if !is_ours("a_directory_that_is_not_private_is_refused") {
        return;
    }
    let server = Server::prepare(stage, &[]);
    for mode in [0o755, 0o710, 0o777] {
        fs::set_permissions(server.dir(), Permissions::from_mode(mode)).unwrap();
        let error = refused(&server.rival());
        assert!(error.contains("chmod 700"), "{error}");
        assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
    }
}

#[apply(every_stage)]
fn another_users_directory_is_refused(stage: Stage) {
    let name = "another_users_directory_is_refused";
    if !is_ours(name) {
        return;
    }
    if !has(&[Capability::Chown]) {
        return skip(name, "CAP_CHOWN, to give a directory away");
    }
    let server = Server::prepare(stage, &[]);
    chown(server.dir(), Some(12345), None).unwrap();
    let error = refused(&server.rival());
    assert!(error.contains("belongs to user 12345"), "{error}");
    if !stage.mechanism().is_found_through_dir() {
        return;
    }
    let output = server.client_program(&["list"]).output().unwrap();
    let error = stderr(&output);
    assert!(output.status.code() == Some(2) && error.contains("belongs to user 12345"), "{error}");
}

#[apply(every_stage)]
fn a_damaged_data_file_is_named_by_its_row_and_left_alone(stage: Stage) {
    if !is_ours("a_damaged_data_file_is_named_by_its_row_and_left_alone") {
        return;
    }
    let mut bytes = shows::sample().as_bytes().to_vec();
    bytes[3 * 72 + 68 + 3] = 0xff;
    let server = Server::prepare(stage, &[]);
    for (bytes, expected) in
        [(&bytes[..], "row 4: "), (&bytes[..719], "719 bytes long"), (b"", "0 bytes long")]
    {
        server.write_data_file(bytes);
        let error = refused(&server.rival());
        assert!(error.contains("spectacles.dat") && error.contains(expected), "{error}");
        assert_eq!(fs::read(server.data_file()).unwrap(), bytes);
        assert_eq!(harness::leftovers::files(&server.dir()), Vec::<String>::new());
    }
}

#[apply(every_stage)]
fn a_mistake_in_the_shows_is_named_by_its_line_and_nothing_is_made(stage: Stage) {
    if !is_ours("a_mistake_in_the_shows_is_named_by_its_line_and_nothing_is_made") {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("shows.toml");
    let server = Server::prepare(stage, &["--shows", file.to_str().unwrap()]);
    fs::remove_dir(server.dir()).unwrap();
    let good = show("Hamlet", "01/02/2027", "10");
    for (text, expected) in [
        (good.repeat(11), "line 42"),
        (show(&"é".repeat(25), "01/02/2027", "10"), "line 2"),
        (show("Hamlet", "30/02/2027", "10"), "line 3"),
        (show("Hamlet", "01/02/2027", "-1"), "line 4"),
        (show("Hamlet", "01/02/2027", "4294967296"), "line 4"),
        (good.clone() + "[[shows]]\n", "line 5"),
        ("not toml".into(), "line 1"),
    ] {
        fs::write(&file, text).unwrap();
        let error = stderr(&server.rival());
        assert!(error.contains(expected) && error.contains("shows.toml"), "{expected}: {error}");
        assert!(!server.dir().exists());
    }
    fs::remove_file(&file).unwrap();
    let error = refused(&server.rival());
    assert!(error.contains("shows.toml: No such file"), "{error}");
    fs::create_dir(server.dir()).unwrap();
}

#[apply(every_stage)]
fn a_new_data_file_has_the_given_shows_and_an_existing_one_wins(stage: Stage) {
    if !is_ours("a_new_data_file_has_the_given_shows_and_an_existing_one_wins") {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("shows.toml");
    fs::write(&file, "[[show]]\ntitle = 'Hamlet'\ndate = '01/02/2027'\nseats = 7\n").unwrap();
    let mut server = Server::prepare(stage, &["--shows", file.to_str().unwrap()]);
    server.launch();
    assert_eq!(server.client().reserve(1, 2), (Status::Ok, 5));
    server.stop();
    assert!(!server.log().contains("is not read"), "{}", server.log());
    server.launch();
    assert_eq!(server.client().view(1), 5);
    server.stop();
    assert!(server.log().contains("exists and is used") && server.log().contains("is not read"));
}

#[apply(every_stage)]
fn without_shows_a_new_data_file_is_the_sample(stage: Stage) {
    if !is_ours("without_shows_a_new_data_file_is_the_sample") {
        return;
    }
    let mut server = Server::prepare(stage, &[]);
    fs::remove_dir(server.dir()).unwrap();
    server.launch();
    let mode = fs::metadata(server.dir()).unwrap().permissions().mode() & 0o777;
    assert_eq!((server.table_on_disk(), mode), (shows::sample(), 0o700));
}

#[apply(every_stage)]
fn a_place_that_cannot_be_written_is_refused(stage: Stage) {
    let name = "a_place_that_cannot_be_written_is_refused";
    if !is_ours(name) {
        return;
    }
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, to mount a full and a read-only file system");
    }
    let base = tempfile::tempdir().unwrap();
    let place = base.path().display();
    let full = format!(
        "mkdir -m 700 '{place}/run' && ! head -c 1M /dev/zero 2>/dev/null > '{place}/fill'"
    );
    let nearly = format!("mkdir -m 700 '{place}/run' && head -c 4096 /dev/zero > '{place}/fill'");
    for (prepare, words) in [
        (full, &["No space left on device"][..]),
        (nearly, &["cannot create", "No space left on device"]),
        (format!("mount -o remount,ro '{place}'"), &["Read-only file system"]),
    ] {
        let said = mounted(stage, base.path(), &prepare);
        let all = words.iter().all(|word| said.contains(word));
        assert!(all && !said.contains("has spectacles"), "{said}");
    }
}

#[apply(every_stage)]
fn letters_where_numbers_belong_are_a_usage_error(stage: Stage) {
    if !is_ours("letters_where_numbers_belong_are_a_usage_error") {
        return;
    }
    for options in
        [&["--durability", "eternal"][..], &["--log-level", "loud"], &["--nonsense"], &["extra"]]
    {
        let server = Server::prepare(stage, options);
        let output = server.rival();
        let error = stderr(&output);
        assert!(output.status.code() == Some(2) && error.contains("--help"), "{error}");
        assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
    }
}

#[apply(every_stage)]
fn a_reader_that_goes_away_does_not_undo_a_reservation(stage: Stage) {
    let server = Server::start(stage);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = server.client_program(&["reserve", "1", "2"]).stdout(writer).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(error.contains("the answer was: show 1: 2 seats reserved"), "{error}");
    assert_eq!(server.client().view(1), 198);
}

#[apply(every_stage)]
fn in_another_stages_directory_servers_and_clients_are_told_whose_it_is(stage: Stage) {
    if !is_ours("in_another_stages_directory_servers_and_clients_are_told_whose_it_is") {
        return;
    }
    let server = Server::start(stage);
    let holder = format!("{}, process {}, runs", stage.package(), server.pid());
    for other in ALL.into_iter().filter(|&other| other != stage) {
        let mut command = Command::new(Target::from(other).program());
        command.arg("--dir").arg(server.dir());
        if other.mechanism().has_address() {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let error = refused(&command.output().unwrap());
        assert!(error.contains(&holder), "{}: {error}", other.package());
        // Stages with queues share their client; that of sockets does not look into DIR.
        if other.mechanism() != stage.mechanism() && other.mechanism().is_found_through_dir() {
            let mut command = Command::new(other.client());
            let output = command.arg("--dir").arg(server.dir()).arg("list").output().unwrap();
            let error = stderr(&output);
            let is_told = error.contains(&holder) && error.contains("use its client");
            assert!(is_told && output.status.code() == Some(2), "{error}");
        }
    }
    assert_eq!(server.client().view(3), 120);
}
