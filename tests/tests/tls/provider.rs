//! One provider: two libraries of cryptography in one program would be twice the trust, and `rustls`
//! could not tell which one is meant.

use std::fs;

use harness::c::root;

#[test]
fn one_library_of_cryptography_is_linked() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let has = |name: &str| lock.contains(&format!("name = \"{name}\"\n"));
    assert!(has("ring") && has("rustls"), "this test looks at the wrong file");
    let others =
        ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "boring", "native-tls", "tokio"];
    let found: Vec<&str> = others.into_iter().filter(|name| has(name)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(lock.matches("name = \"ring\"\n").count(), 1);
    // Each configuration names its provider.
    let source = fs::read_to_string(root().join("q7-tls/src/credentials.rs")).unwrap();
    assert!(!source.contains("Config::builder()"), "builder_with_provider says which one");
}
