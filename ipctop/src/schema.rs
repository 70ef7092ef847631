//! The JSON schema of a look: made from the types, kept in `look.schema.json`, and true of a look.

use std::fs;

use serde_json::Value;

use crate::model::look::Look;
use crate::scope::{Scope, Target};
use crate::watch;

fn schema() -> Value {
    schemars::schema_for!(Look).to_value()
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/look.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, &made).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), made, "UPDATE=1 cargo test -p ipctop writes it");
}

#[test]
fn a_look_at_everything_keeps_the_schema() {
    let look = watch::look(&Scope { with_memory: true, peeks: true, ..Scope::of(Target::All) });
    let json = serde_json::to_value(&look).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    // The check sees what is wrong: without this, a schema that allows everything would pass.
    let mut broken = json;
    broken["processes"] = Value::from(7);
    assert!(!validator.is_valid(&broken));
}
