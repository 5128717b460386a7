//! `asyncapi.yaml`, and what it says of a message.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::Value;

use super::tree;

/// What clients may say and what they may hear.
pub(crate) struct Contract {
    /// The document.
    pub(crate) json: Value,
    validators: BTreeMap<String, Validator>,
}

impl Contract {
    /// Reads the document.
    pub(crate) fn read() -> Self {
        let json: Value = serde_yaml_ng::from_str(&tree::read("asyncapi.yaml")).expect("YAML");
        let messages = json["components"]["messages"].as_object().expect("messages");
        let validator = |(name, message): (&String, &Value)| {
            let mut schema = message["payload"].clone();
            // Where the references lead to.
            schema["components"] = json["components"].clone();
            let validator = jsonschema::draft7::new(&schema);
            (name.clone(), validator.unwrap_or_else(|e| panic!("the schema of {name}: {e}")))
        };
        let validators = messages.iter().map(validator).collect();
        Self { json, validators }
    }

    /// Whether a message, of either side, is as described; if not, why.
    pub(crate) fn check(&self, message: &Value) -> Result<(), String> {
        let Some(kind) = message["type"].as_str() else { return Err("no type".to_owned()) };
        let Some(validator) = self.validators.get(kind) else {
            return Err("no such type".to_owned());
        };
        let faults: Vec<_> = validator
            .iter_errors(message)
            .map(|e| format!("{e} at {}", e.instance_path()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    /// Panics if a message isn't as described.
    pub(crate) fn assert(&self, message: &Value) {
        self.check(message).unwrap_or_else(|fault| panic!("{fault}: {message}"));
    }

    /// The schema of a message.
    pub(crate) fn schema(&self, kind: &str) -> &Value {
        &self.json["components"]["messages"][kind]["payload"]
    }

    /// A schema that others refer to.
    pub(crate) fn shared(&self, name: &str) -> &Value {
        &self.json["components"]["schemas"][name]
    }

    /// The examples of every message.
    pub(crate) fn examples(&self) -> impl Iterator<Item = (&str, &Value)> {
        let messages = self.json["components"]["messages"].as_object().expect("messages");
        messages.iter().flat_map(|(name, message)| {
            let examples = message["examples"].as_array().map_or(&[][..], Vec::as_slice);
            examples.iter().map(|example| (name.as_str(), &example["payload"]))
        })
    }

    /// What clients may say, and what answers it.
    pub(crate) fn requests(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut requests = BTreeMap::new();
        for operation in self.operations("receive") {
            let answers = names(&operation["reply"]["messages"]);
            for said in names(&operation["messages"]) {
                assert!(requests.insert(said, answers.clone()).is_none(), "{said} twice");
            }
        }
        requests
    }

    /// What clients may hear.
    pub(crate) fn replies(&self) -> BTreeSet<&str> {
        let told = self.operations("send").flat_map(|operation| names(&operation["messages"]));
        told.chain(self.requests().into_values().flatten()).collect()
    }

    fn operations(&self, action: &str) -> impl Iterator<Item = &Value> {
        let all = self.json["operations"].as_object().expect("operations");
        all.values().filter(move |operation| operation["action"] == action)
    }
}

/// The last words of references.
fn names(references: &Value) -> BTreeSet<&str> {
    let references = references.as_array().expect("a list of references");
    references
        .iter()
        .filter_map(|reference| Some(reference["$ref"].as_str()?.rsplit_once('/')?.1))
        .collect()
}

/// Every `$ref` of a document that leads nowhere in it.
pub(crate) fn lost_references(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(!found.is_empty(), "not one reference");
    let leads_nowhere = |reference: &String| {
        reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none()
    };
    found.into_iter().filter(leads_nowhere).collect()
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The words that a schema allows, each with its meaning.
pub(crate) fn words(schema: &Value) -> Vec<&str> {
    let all = schema["oneOf"].as_array().expect("alternatives");
    all.iter().map(|word| word["const"].as_str().expect("a word")).collect()
}
