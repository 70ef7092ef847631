//! The attacks: a submission with one fault, and a hostile part beside it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

/// What an attack costs whoever makes it, besides the fault that the submission has anyhow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Costs {
    /// Nothing: every other item passes.
    Nothing,
    /// These items; those that depend on them are skipped.
    Items(&'static [&'static str]),
    /// Any, by chance.
    Any,
}

/// An attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    /// Also the name of its file in corpus/hostile, where it has one.
    pub(crate) name: &'static str,
    pub(crate) costs: Costs,
    /// What is done to the folder that is handed in.
    pub(crate) prepare: fn(&Path),
}

/// One that is a file of C.
const fn c(name: &'static str, costs: Costs) -> Attack {
    Attack { name, costs, prepare: |_| {} }
}

const LEAVES: Costs = Costs::Items(&["leaves-nothing"]);

pub(crate) const ALL: [Attack; 25] = [
    c("moves-its-folder", Costs::Items(&["consultation", "leaves-nothing"])),
    c("strange-names", LEAVES),
    c("disk-bomb", Costs::Items(&["consultation", "leaves-nothing"])),
    c("fork-bomb", Costs::Any),
    c("writes-everywhere", Costs::Nothing),
    c("takes-all-terminals", Costs::Items(&["consultation", "leaves-nothing"])),
    c("kills-the-grader", Costs::Nothing),
    c("kills-everybody", Costs::Items(&["consultation", "leaves-nothing"])),
    c("daemons", LEAVES),
    c("forges-lines", Costs::Nothing),
    c("follows-links", Costs::Nothing),
    c("makes-namespaces", Costs::Nothing),
    c("memory-bomb", Costs::Any),
    c("a-billion-lines", Costs::Nothing),
    c("knows-it-is-graded", Costs::Nothing),
    c("answers-from-a-recording", Costs::Items(&["reservation", "mechanism"])),
    c("floods-its-terminal", Costs::Items(&["consultation", "leaves-nothing"])),
    c("done-words", Costs::Nothing),
    c("many-objects", LEAVES),
    Attack { prepare: setuid_file, ..c("setuid-file", Costs::Nothing) },
    Attack { prepare: no_sources, ..c("files-that-are-none", LEAVES) },
    Attack { prepare: reads_others, ..c("reads-others", Costs::Items(&["builds"])) },
    Attack { prepare: many_files, ..c("many-files", Costs::Items(&["builds"])) },
    Attack { prepare: daemon_of_the_build, ..c("daemon-of-the-build", Costs::Nothing) },
    Attack { prepare: small_numbers, ..c("small-numbers", Costs::Nothing) },
];

/// A shell, which any user may run as root if its mode says so.
fn setuid_file(folder: &Path) {
    fs::copy("/bin/sh", folder.join("helper")).unwrap();
    fs::set_permissions(folder.join("helper"), fs::Permissions::from_mode(0o6755)).unwrap();
}

/// A FIFO, an endless device and a folder with the names of C programs.
fn no_sources(folder: &Path) {
    mkfifo(&folder.join("a.c"), Mode::S_IRWXU).unwrap();
    symlink("/dev/zero", folder.join("b.c")).unwrap();
    symlink("/proc/kmsg", folder.join("c.c")).unwrap();
    fs::create_dir(folder.join("d.c")).unwrap();
    symlink("e.c", folder.join("e.c")).unwrap();
}

/// A build that looks for the work of others, and builds that.
fn reads_others(folder: &Path) {
    let makefile = "-include ../../innocent/q2/Makefile ../../innocent/q2/grade.toml\n\
        all:\n\
        \tcp -r ../../innocent/q2/*.[ch] . || cp -r $(COURSE)/innocent/q2/*.[ch] . || \
        cp $$(find / -name serveur.c -o -name server.c -not -path '*/submission/*' 2>/dev/null) .\n\
        \tcc -o server server.c && cc -o client client.c\n";
    let course = folder.parent().and_then(Path::parent).unwrap();
    let makefile = makefile.replace("$(COURSE)", course.to_str().unwrap());
    fs::write(folder.join("Makefile"), makefile).unwrap();
    fs::remove_file(folder.join("server.c")).unwrap();
}

/// A build that makes more files than anybody copies.
fn many_files(folder: &Path) {
    let makefile = "all:\n\tcc -pthread -o server server.c && cc -o client client.c\n\
        \tseq 21000 | xargs touch\n";
    fs::write(folder.join("Makefile"), makefile).unwrap();
}

/// A build that goes on when it has ended: it puts links in the places of folders and files.
fn daemon_of_the_build(folder: &Path) {
    let makefile = "all:\n\tcc -pthread -o server server.c && cc -o client client.c\n\
        \t(while :; do rm -rf d; mkdir d; touch d/environ; rm -rf d; ln -s /proc/1 d; done) \
        >/dev/null 2>&1 &\n";
    fs::write(folder.join("Makefile"), makefile).unwrap();
}

/// A dialogue which says that the client itself refuses whatever the server would not.
fn small_numbers(folder: &Path) {
    let path = folder.join("grade.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("[dialogue]", "[dialogue]\nseats_max = 2")).unwrap();
    let server = folder.join("server.c");
    let text = fs::read_to_string(&server).unwrap();
    let checks = "d.nb >= 0 && table[d.spec].places >= d.nb";
    assert!(text.contains(checks));
    fs::write(server, text.replace(checks, "d.nb > 0")).unwrap();
}
