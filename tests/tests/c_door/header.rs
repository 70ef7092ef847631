//! `common/include/spectacles.h` is what the Rust types and constants say, and C and C++ take it.

use std::fmt::Write;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, RenameRule, SortKey, Style};
use common::booking::data_file::DATA_FILE;
use common::booking::table::Table;
use common::protocol::record::{MAGIC, ROWS, Spectacle};
use common::protocol::reply::{REPLY_MAX, REPLY_SIZE, Reply};
use common::protocol::request::{REQUEST_SIZE, Request};
use common::server::lock::LOCK_FILE;
use harness::c::{self, INCLUDE};
use harness::stage::skip;
use q1_pipes::armour::inbox;
use q1_pipes::channel::RequestClass as Fifo;
use q2_msgqueue::channel::{KEY_FILE, REPLIES, REQUESTS, RequestClass as Type};

/// The Rust files of what travels; cbindgen reads them as text.
const SOURCES: [&str; 3] = ["record.rs", "request.rs", "reply.rs"];

/// What is taken from them, and its name in C.
const TYPES: [(&str, &str); 5] = [
    ("Spectacle", "spc_spectacle"),
    ("Request", "spc_request"),
    ("Kind", "spc_kind"),
    ("Reply", "spc_reply"),
    ("Status", "spc_status"),
];
/// The names in C of what these mention.
const NAMES: [(&str, &str); 5] = [
    ("ROWS", "SPC_ROWS"),
    ("TITLE_SIZE", "SPC_TITLE_SIZE"),
    ("DATE_SIZE", "SPC_DATE_SIZE"),
    ("I32", "int32_t"),
    ("U64", "uint64_t"),
];
/// The same in comments, and an enum without a size, so that C++ takes it too.
const WORDS: [(&str, &str); 4] = [
    ("[`MAGIC`]", "The four bytes of SPC_MAGIC"),
    ("A [`Kind`]", "An enum spc_kind"),
    ("A [`Status`]", "An enum spc_status"),
    ("#[repr(i32)]", "#[repr(C)]"),
];
/// No stage with sockets is written yet that could say them.
const PORTS: [(&str, u16); 3] =
    [("SPC_SOCKETS_PORT", 5000), ("SPC_DISPATCHER_PORT", 2222), ("SPC_TLS_PORT", 5443)];

const BEGIN: &str = "\
// The box office's protocol, version 1: what a client or a server in C needs besides
// docs/PROTOCOL.md, which says what the bytes mean.
//
// Made from the Rust types by the tests, which also compare: do not edit it, but run
// `UPDATE=1 cargo test -p tests --test c_door`. C11 or later, C++11 or later.

#ifndef SPECTACLES_H
#define SPECTACLES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// All integers travel in little-endian order. A machine of this order sends these structures as
// they are in memory; another one has to turn the bytes of every integer (see endian(3)), and to
// remove this line.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, \"turn the bytes of every integer\");
";

fn header() -> String {
    let (table, reply_fifo) = (size_of::<Table>(), inbox::name(0).replace('0', "%d"));
    let magic = str::from_utf8(&MAGIC).unwrap();
    let [consult, reserve] = [Fifo::Consultation, Fifo::Reservation].map(Fifo::file_name);
    let [type_consult, type_reserve] = [Type::Consultation, Type::Reservation].map(|it| it as i64);
    let [requests, replies] = [REQUESTS, REPLIES].map(char::from);
    let [(sockets, sockets_port), (dispatcher, dispatcher_port), (tls, tls_port)] = PORTS;
    let mut text = format!(
        "{BEGIN}
// First four bytes of every request and reply: memcmp(reply.magic, SPC_MAGIC, 4) == 0.
#define SPC_MAGIC \"{magic}\"

// Bytes of a request.
#define SPC_REQUEST_SIZE {REQUEST_SIZE}

// Bytes of a reply without its rows.
#define SPC_REPLY_SIZE {REPLY_SIZE}

// Bytes of the largest reply, the one to LIST.
#define SPC_REPLY_MAX {REPLY_MAX}

// Bytes of a table and of the data file: {ROWS} rows and nothing else.
#define SPC_TABLE_SIZE {table}

{}
// In DIR, the server's directory: the data file, and who serves there.
#define SPC_DATA_FILE \"{DATA_FILE}\"
#define SPC_LOCK_FILE \"{LOCK_FILE}\"

// q1: the FIFO in DIR for LIST and VIEW, that for RESERVE, and that of a client, which is made of
// the field `client` by printf(3).
#define SPC_CONSULT_FIFO \"{consult}\"
#define SPC_RESERVE_FIFO \"{reserve}\"
#define SPC_REPLY_FIFO \"{reply_fifo}\"

// q2, q3, q4: the file in DIR that gives the keys, and the two project numbers for ftok(3).
#define SPC_KEY_FILE \"{KEY_FILE}\"
#define SPC_REQUEST_QUEUE '{requests}'
#define SPC_REPLY_QUEUE '{replies}'

// The type of a request in its queue, for LIST and VIEW, and for RESERVE. A reply's type is the
// request's field `client`.
#define SPC_TYPE_CONSULT {type_consult}
#define SPC_TYPE_RESERVE {type_reserve}

// TCP, unless somebody says otherwise: the server of q5, the dispatcher of q6; TLS: q7's.
#define {sockets} {sockets_port}
#define {dispatcher} {dispatcher_port}
#define {tls} {tls_port}

// The layout on which both sides rely. A compiler that lays it out otherwise stops here.
",
        types()
    );
    asserts(&mut text);
    text + "\n#endif // SPECTACLES_H\n"
}

/// The records, kinds and statuses, with the words that stand beside them in Rust.
fn types() -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Tag,
        documentation_style: DocumentationStyle::C99,
        sort_by: SortKey::None,
        tab_width: 4,
        no_includes: true,
        ..Config::default()
    };
    let names = [TYPES, NAMES].concat().into_iter();
    config.export.rename = names.map(|(rust, c)| (rust.into(), c.into())).collect();
    config.export.include = TYPES.map(|(rust, _)| rust.into()).into();
    config.enumeration.rename_variants = RenameRule::QualifiedScreamingSnakeCase;
    let copies = tempfile::tempdir().unwrap();
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        let mut text =
            fs::read_to_string(c::root().join("common/src/protocol").join(source)).unwrap();
        for (rust, c) in WORDS {
            text = text.replace(rust, c);
        }
        let copy = copies.path().join(source);
        fs::write(&copy, text).unwrap();
        builder = builder.with_src(copy);
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    format!("{}\n", String::from_utf8(header).unwrap().trim())
}

/// What the Rust compiler says of the layout, for the C compiler to agree.
fn asserts(text: &mut String) {
    macro_rules! layout {
        ($rust:ident $c:literal: $($field:ident)*) => {
            let size = size_of::<$rust>();
            writeln!(text, "static_assert(sizeof(struct {0}) == {size}, \"{0}\");", $c).unwrap();
            $(writeln!(
                text,
                "static_assert(offsetof(struct {0}, {1}) == {2}, \"{0}.{1}\");",
                $c, stringify!($field), offset_of!($rust, $field)
            ).unwrap();)*
        };
    }
    layout!(Spectacle "spc_spectacle": id title date pad seats);
    layout!(Request "spc_request": magic client nonce kind show seats reserved);
    layout!(Reply "spc_reply": magic status nonce show seats server count rows);
}

fn path() -> PathBuf {
    c::root().join(INCLUDE).join("spectacles.h")
}

#[test]
fn the_header_is_what_the_rust_types_say() {
    let expected = header();
    if env::var_os("UPDATE").is_some() {
        fs::write(path(), &expected).unwrap();
    }
    let found = fs::read_to_string(path()).unwrap_or_default();
    let differs = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    let how = "UPDATE=1 cargo test -p tests --test c_door";
    assert!(expected == found, "spectacles.h is not up to date: {differs:?}; {how}");
    let too_long = found.lines().find(|line| line.len() > 100 || line.contains("[`"));
    assert_eq!(too_long, None, "too long, or a link that only Rust follows");
}

#[test]
fn every_compiler_of_c_or_cpp_takes_the_header() {
    let dir = tempfile::tempdir().unwrap();
    for (compiler, standard) in
        [("cc", "-std=c11"), ("cc", "-std=c17"), ("c++", "-std=c++11"), ("c++", "-std=c++17")]
    {
        if !c::is_there(compiler) {
            skip("every_compiler_of_c_or_cpp_takes_the_header", compiler);
            continue;
        }
        let extension = if compiler == "cc" { "c" } else { "cc" };
        let source = dir.path().join(Path::new("twice").with_extension(extension));
        // Included twice, by a program that has included nothing else.
        let text = "#include \"spectacles.h\"\n#include \"spectacles.h\"\n\
            int main(void) { struct spc_reply reply = {}; return reply.status == SPC_STATUS_BUSY; }\n";
        let text = if compiler == "cc" { text.replace("{}", "{{0}, 0}") } else { text.into() };
        fs::write(&source, text).unwrap();
        let mut command = Command::new(compiler);
        command.args(c::WARNINGS).args([
            standard,
            "-fsyntax-only",
            "-Wno-missing-field-initializers",
        ]);
        c::assert_quiet(command.arg("-I").arg(c::root().join(INCLUDE)).arg(source));
    }
}
