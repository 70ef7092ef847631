//! A finding: something that is stuck, said in a sentence, with a next step.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::object::ObjectId;

/// Something that is stuck.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// What kind: the name of the rule and of its sentence.
    pub kind: String,
    /// The processes that it is about, the one that suffers first.
    pub processes: Vec<i32>,
    /// The objects that it is about.
    pub objects: Vec<ObjectId>,
    /// The values in the sentence.
    pub values: BTreeMap<String, Value>,
    /// The sentence, in the language that was asked for.
    pub text: String,
    /// What to do next.
    pub next: String,
}

/// A value in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Value {
    /// A number: its language decides about the plural.
    Number(i64),
    /// Anything else.
    Text(String),
}

impl Finding {
    /// A finding of a kind, about nothing yet.
    pub fn new(kind: &str) -> Finding {
        Finding {
            kind: kind.to_owned(),
            processes: Vec::new(),
            objects: Vec::new(),
            values: BTreeMap::new(),
            text: String::new(),
            next: String::new(),
        }
    }

    /// About this process too.
    pub fn of(mut self, pid: i32) -> Finding {
        if !self.processes.contains(&pid) {
            self.processes.push(pid);
        }
        self
    }

    /// About this object too.
    pub fn on(mut self, object: &ObjectId) -> Finding {
        if !self.objects.contains(object) {
            self.objects.push(object.clone());
        }
        self
    }

    /// With a word or name in its sentence.
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Finding {
        self.values.insert(name.to_owned(), Value::Text(value.into()));
        self
    }

    /// With a number in its sentence.
    pub fn number(mut self, name: &str, value: impl TryInto<i64>) -> Finding {
        self.values.insert(name.to_owned(), Value::Number(value.try_into().unwrap_or(i64::MAX)));
        self
    }
}
