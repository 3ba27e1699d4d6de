//! The built-in templates: the bike workshop "Quill & Spoke", with every kind of component in
//! every category and status. Exactly as Meta lists them.

use serde_json::{Map, Value};

/// The templates as listed. The file is ours and checked by a test, so it is always well-formed.
pub(crate) fn templates() -> Vec<Map<String, Value>> {
    serde_json::from_str(include_str!("../library/quill_and_spoke.json")).unwrap_or_default()
}
