//! Other users: nobody else gets at any of a server's objects, each of which must hold alone.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use harness::leftovers::ipc_objects;
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{ALL, is_ours, skip};
use harness::sys::become_nobody;
use nix::errno::Errno;
use q2_msgqueue::queue::{Queue, Wait, Which};

#[test]
fn another_user_gets_at_nothing() {
    let name = "another_user_gets_at_nothing";
    if !is_ours(name) {
        return;
    }
    if !has(&[Capability::Setuid]) {
        return skip(name, "CAP_SETUID, to become nobody");
    }
    for stage in ALL {
        let server = Server::start(stage);
        let _client = server.client();
        let dir = server.dir();
        let objects = ipc_objects(&dir);
        // Two doors are opened on purpose: each object must hold alone.
        for path in [server.base(), &dir] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        let inside = dir.clone();
        let stranger = thread::spawn(move || {
            become_nobody();
            let denied = |result: std::io::Result<()>, what: &str| {
                let error = result.expect_err(what).raw_os_error().map(Errno::from_raw);
                assert!(matches!(error, Some(Errno::EACCES | Errno::EPERM)), "{what}: {error:?}");
            };
            for path in fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().path()) {
                let what = path.display().to_string();
                if path.is_dir() {
                    denied(fs::read_dir(&path).map(drop), &what);
                    denied(File::create(path.join("new")).map(drop), &what);
                    continue;
                }
                denied(File::open(&path).map(drop), &what);
                denied(File::options().write(true).open(&path).map(drop), &what);
                denied(fs::remove_file(&path), &what);
            }
            for object in objects {
                let words: Vec<&str> = object.split_whitespace().collect();
                // With or without the mark of a segment that goes with its last user.
                assert!(["600", "1600"].contains(&words[3]), "{object}");
                if words[0] == "msg:" {
                    let mut queue = Queue::open(words[1].parse().unwrap()).unwrap();
                    denied(queue.send(1, b"x", Wait::No), &object);
                    denied(queue.receive(Which::All, Wait::No).map(drop), &object);
                    denied(queue.load().map(drop), &object);
                    denied(queue.remove(), &object);
                }
            }
        });
        stranger.join().unwrap();
        fs::set_permissions(dir, Permissions::from_mode(0o700)).unwrap();
    }
}
