//! Whether bodies fit Meta's own description of its API, where that file is at hand.
//!
//! The file is Meta's and does not belong to this project, so it may be absent: then every check
//! says that it was skipped. It is looked for under `AJAR_META_OPENAPI`, then beside the
//! repository. It describes v23.0, is older than user ids (BSUIDs), and in places cannot be meant
//! as it stands; `READINGS` lists every place where it is taken otherwise than to the letter.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::sim::Sim;

/// What the description says about a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fits,
    Misfits(Vec<String>),
    /// The description says nothing about such a body.
    NotCovered(String),
    /// There is no description here.
    Skipped(String),
}

impl Verdict {
    /// For tests: panics at a misfit, and says on stderr what was not checked and why. Answers
    /// whether the body was really checked.
    #[track_caller]
    pub fn expect_fit(self, what: impl fmt::Display) -> bool {
        let mut stderr = std::io::stderr().lock();
        match self {
            Verdict::Fits => true,
            Verdict::Misfits(why) => {
                let why = why.join("; ");
                panic!("{what} does not fit Meta's description: {why}")
            }
            Verdict::NotCovered(why) => {
                let _ = writeln!(
                    stderr,
                    "not checked against Meta's description: {what}: {why}"
                );
                false
            }
            Verdict::Skipped(why) => {
                let _ = writeln!(stderr, "check against Meta's description SKIPPED: {why}");
                false
            }
        }
    }
}

/// Checks the body of a `POST /{phone_number_id}/messages`.
#[must_use]
pub fn check_send(body: &Value) -> Verdict {
    with_description(|description| description.check_send(body))
}

/// Checks the body of a webhook: every change of every entry that the description covers.
#[must_use]
pub fn check_webhook(body: &Value) -> Verdict {
    with_description(|description| description.check_webhook(body))
}

/// For tests: checks everything that a business sent to a simulated platform and everything that
/// the platform said to it, panicking at the first misfit. Answers how many bodies were checked.
#[track_caller]
pub fn expect_traffic_fits(sim: &Sim) -> usize {
    let sends = sim.requests().into_iter().filter(|request| {
        request.method == "POST" && request.path.ends_with("/messages") && request.status == 200
    });
    let mut checked = 0;
    for request in sends {
        let body = request.body.unwrap_or_default();
        checked += usize::from(check_send(&body).expect_fit(&request.path));
    }
    for webhook in sim
        .webhooks()
        .into_iter()
        .filter(|webhook| webhook.field == "messages")
    {
        let change = json!({ "field": webhook.field, "value": webhook.value });
        let body = json!({
            "object": "whatsapp_business_account", "entry": [{ "changes": [change] }],
        });
        let verdict = check_webhook(&body);
        checked += usize::from(verdict.expect_fit(format!("webhook {}", webhook.id)));
    }
    checked
}

/// For tests: checks every request to send that a business made, whatever it was answered, panicking
/// at the first misfit with the place in Meta's schemas. Answers how many bodies were checked.
#[track_caller]
pub fn expect_requests_fit(sim: &Sim) -> usize {
    if let Verdict::Skipped(why) = check_send(&json!({})) {
        let _ = Verdict::Skipped(why).expect_fit("everything that was sent");
        return 0;
    }
    let sends = sim
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/messages"));
    let mut checked = 0;
    for request in sends {
        let what = format!("a request to {}", request.path);
        match request.body {
            Some(body) => checked += usize::from(check_send(&body).expect_fit(what)),
            // Refused at the door, before it was read.
            None if request.status == 401 => {}
            None => panic!("{what} is no JSON"),
        }
    }
    checked
}

fn with_description(check: impl FnOnce(&Description) -> Verdict) -> Verdict {
    static DESCRIPTION: OnceLock<Result<Description, String>> = OnceLock::new();
    match DESCRIPTION.get_or_init(Description::load) {
        Ok(description) => check(description),
        Err(why) => Verdict::Skipped(why.clone()),
    }
}

/// Where a pointer below `components/schemas` is read otherwise than to the letter, and why.
type Reading = (&'static str, &'static str, fn(&mut Value));

/// Every deviation from the letter of the file.
#[rustfmt::skip]
const READINGS: &[Reading] = &[
    ("/BaseMessageProperties/required", "a user id may stand in for the number since 2026, and `recipient_type` has a default",
        |required| *required = json!(["messaging_product", "type"])),
    ("/TextMessage/allOf/1/additionalProperties", "read to the letter it forbids `messaging_product`",
        |closed| *closed = json!(true)),
    ("/AudioMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/VideoMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/DocumentMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/ImageMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/LocationMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/StickerMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/ReactionMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/InteractiveMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/ContactsMessage/allOf/1/additionalProperties", "as TextMessage", |closed| *closed = json!(true)),
    ("/LanguageObject/required", "`policy` is a leftover; Meta's own examples leave it out",
        |required| *required = json!(["code"])),
    ("/TemplateComponent/properties/type/enum", "carousels and limited-time offers are missing",
        |kinds| *kinds = json!(["header", "body", "button", "carousel", "limited_time_offer"])),
    ("/TemplateComponent/properties/sub_type/enum", "copy_code, flow and others are missing",
        |kinds| *kinds = json!(["quick_reply", "url", "catalog", "copy_code", "flow", "mpm", "voice_call"])),
    ("/TemplateComponent/properties/index", "the pattern refuses 0, and numbers are taken too",
        |index| *index = json!({ "type": ["string", "integer"] })),
    ("/BodyObject/properties/text/maxLength", "lists take 4,096",
        |limit| *limit = json!(4096)),
    ("/ContextObject/required", "only enquiries about a product have `referred_product`",
        |required| *required = json!([])),
    ("/ReferralObject/required", "ads in WhatsApp Status carry no click id",
        |required| *required = json!(["source_url", "source_id", "source_type"])),
    ("/ReactionMessage_1/allOf/1/properties/reaction/required", "a removed reaction has no emoji",
        |required| *required = json!(["message_id"])),
    ("/LocationMessage_1/allOf/1/properties/location/required", "a bare pin has no name",
        |required| *required = json!(["latitude", "longitude"])),
    ("/InteractiveListReplyContent/properties/list_reply/required", "rows may have no description",
        |required| *required = json!(["id", "title"])),
    ("/InteractiveMessageReply/allOf/1/properties/interactive/properties/type/enum", "flows answer too",
        |kinds| *kinds = json!(["list_reply", "button_reply", "nfm_reply", "call_permission_reply"])),
    ("/BaseMessageProperties_1/required", "username adopters have no `from`",
        |required| *required = json!(["id", "timestamp"])),
    ("/ErrorObject_2/properties/href", "an address without a host is written there",
        |href| *href = json!({ "type": "string" })),
    ("/Statuses/required", "hidden numbers have no `recipient_id`",
        |required| *required = json!(["id", "status", "timestamp"])),
    ("/Statuses/properties/status/enum", "`played` came in November 2025",
        |kinds| *kinds = json!(["sent", "delivered", "read", "played", "failed"])),
];

/// The file was put together from several, and the names of the incoming messages collided with
/// those of the outgoing ones; the references were not moved along.
const INCOMING: &[(&str, &str)] = &[
    ("text", "TextMessage_2"),
    ("reaction", "ReactionMessage_1"),
    ("audio", "AudioMessage_1"),
    ("document", "DocumentMessage_1"),
    ("image", "ImageMessage_1"),
    ("sticker", "StickerMessage_1"),
    ("video", "VideoMessage_1"),
    ("location", "LocationMessage_1"),
    ("contacts", "ContactSharingMessage"),
    ("unsupported", "UnsupportedMessage"),
    ("button", "ButtonMessage"),
    ("interactive", "InteractiveMessageReply"),
    ("order", "OrderMessage"),
];

const OUTGOING: &[(&str, &str)] = &[
    ("text", "TextMessage"),
    ("audio", "AudioMessage"),
    ("document", "DocumentMessage"),
    ("image", "ImageMessage"),
    ("location", "LocationMessage"),
    ("video", "VideoMessage"),
    ("sticker", "StickerMessage"),
    ("reaction", "ReactionMessage"),
    ("interactive", "InteractiveMessage"),
    ("template", "TemplateMessage"),
    ("contacts", "ContactsMessage"),
];

fn named<'a>(names: &[(&str, &'a str)], kind: &str) -> Option<&'a str> {
    names
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, schema)| *schema)
}

struct Description {
    schemas: Map<String, Value>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

fn path() -> PathBuf {
    std::env::var_os("AJAR_META_OPENAPI").map_or_else(
        || {
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("../../../shared/platform/meta-openapi-v23.yaml")
        },
        PathBuf::from,
    )
}

impl Description {
    fn load() -> Result<Self, String> {
        let path = path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            return Err("Meta's OpenAPI file is not here (AJAR_META_OPENAPI names it)".to_owned());
        };
        let mut whole: Value = serde_norway::from_str(&text)
            .map_err(|error| format!("Meta's OpenAPI file cannot be read: {error}"))?;
        let mut schemas = whole["components"]["schemas"].take();
        for (pointer, _, read) in READINGS {
            if let Some(place) = schemas.pointer_mut(pointer) {
                read(place);
            }
        }
        for (_, name) in INCOMING {
            if let Some(schema) = schemas.get_mut(*name) {
                move_references(schema);
            }
        }
        match schemas {
            Value::Object(schemas) => Ok(Self {
                schemas,
                validators: Mutex::new(HashMap::new()),
            }),
            _ => Err("Meta's OpenAPI file describes no schemas".to_owned()),
        }
    }

    fn check_send(&self, body: &Value) -> Verdict {
        if body.get("status").is_some() {
            return self.check("MarkMessageRequestPayload", body);
        }
        let kind = body["type"].as_str().unwrap_or("text");
        let Some(schema) = named(OUTGOING, kind) else {
            return Verdict::NotCovered(format!("messages of type {kind}"));
        };
        if body["to"].is_null() && body["recipient"].is_null() {
            return Verdict::Misfits(vec!["neither `to` nor `recipient`".to_owned()]);
        }
        let form = body["interactive"]["type"].as_str().unwrap_or_default();
        const COVERED: [&str; 5] = ["button", "list", "flow", "product", "product_list"];
        if kind == "interactive" && !COVERED.contains(&form) {
            return Verdict::NotCovered(format!("interactive messages of type {form}"));
        }
        self.check(schema, body)
    }

    fn check_webhook(&self, body: &Value) -> Verdict {
        let mut misfits = Vec::new();
        let mut unchecked = Vec::new();
        let mut covered = false;
        if body["object"] != "whatsapp_business_account" {
            misfits.push("`object` is not whatsapp_business_account".to_owned());
        }
        for entry in listed(&body["entry"]) {
            for change in listed(&entry["changes"]) {
                let field = change["field"].as_str().unwrap_or_default();
                let value = &change["value"];
                if field != "messages" {
                    unchecked.push(format!("field {field}"));
                    continue;
                }
                let mut note = |verdict| match verdict {
                    Verdict::Fits => covered = true,
                    Verdict::Misfits(why) => misfits.extend(why),
                    Verdict::NotCovered(why) | Verdict::Skipped(why) => unchecked.push(why),
                };
                if value.get("statuses").is_some() {
                    note(self.check("StatusMessageValue", value));
                }
                note(self.check("Metadata", &value["metadata"]));
                for contact in listed(&value["contacts"]) {
                    // Whoever blocks marketing has no profile; messages always have one.
                    note(self.check("ContactProfile", contact));
                }
                for message in listed(&value["messages"]) {
                    let kind = message["type"].as_str().unwrap_or_default();
                    note(match named(INCOMING, kind) {
                        Some(schema) => self.check(schema, message),
                        None => Verdict::NotCovered(format!("messages of type {kind}")),
                    });
                }
            }
        }
        match (misfits.is_empty(), covered) {
            (false, _) => Verdict::Misfits(misfits),
            (true, true) => Verdict::Fits,
            (true, false) => Verdict::NotCovered(unchecked.join(", ")),
        }
    }

    fn check(&self, schema: &str, body: &Value) -> Verdict {
        let validator = match self.validator(schema) {
            Ok(validator) => validator,
            Err(why) => return Verdict::NotCovered(why),
        };
        let misfits: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{schema}{}: {error}", error.instance_path()))
            .collect();
        if misfits.is_empty() {
            return Verdict::Fits;
        }
        Verdict::Misfits(misfits)
    }

    fn validator(&self, name: &str) -> Result<Arc<Validator>, String> {
        let lock = || {
            self.validators
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(validator) = lock().get(name) {
            return Ok(Arc::clone(validator));
        }
        let mut needed = Map::new();
        self.gather(name, &mut needed);
        if needed.is_empty() {
            return Err(format!("there is no schema {name}"));
        }
        let root = json!({
            "$ref": format!("{PREFIX}{name}"),
            "components": { "schemas": needed },
        });
        let validator = jsonschema::draft202012::new(&root)
            .map_err(|error| format!("schema {name} cannot be used: {error}"))?;
        let validator = Arc::new(validator);
        lock().insert(name.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }

    /// This schema and all it refers to: the whole file would take seconds to prepare.
    fn gather(&self, name: &str, needed: &mut Map<String, Value>) {
        let Some(schema) = self.schemas.get(name) else {
            return;
        };
        if needed.contains_key(name) {
            return;
        }
        needed.insert(name.to_owned(), schema.clone());
        let mut found = Vec::new();
        references(schema, &mut found);
        for name in found {
            self.gather(&name, needed);
        }
    }
}

const PREFIX: &str = "#/components/schemas/";

fn listed(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value.as_str()) {
                    ("$ref", Some(target)) => {
                        found.extend(target.strip_prefix(PREFIX).map(ToOwned::to_owned));
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Points the references of an incoming message at the schemas that are meant.
fn move_references(schema: &mut Value) {
    const MOVED: [(&str, &str); 3] = [
        ("BaseMessageProperties", "BaseMessageProperties_1"),
        ("ContactObject", "ContactObject_1"),
        ("ErrorObject", "ErrorObject_2"),
    ];
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                let target = value.as_str().and_then(|t| t.strip_prefix(PREFIX));
                let moved = target.and_then(|target| named(&MOVED, target));
                match (key.as_str(), moved) {
                    ("$ref", Some(moved)) => *value = json!(format!("{PREFIX}{moved}")),
                    _ => move_references(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}
