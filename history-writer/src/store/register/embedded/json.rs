use serde::Serialize;

/// Rows as a JSON array: one parameter for any number of them.
pub(super) fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("text and numbers become JSON")
}
