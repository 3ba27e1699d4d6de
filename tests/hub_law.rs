//! The law of the projector: any order and any repetition of the same webhooks ends in the same
//! rows and the same windows, over everything that Meta sends; and reading the log again puts
//! right whatever the rows say otherwise.

use std::{path::Path, sync::Arc};

use ajar_domain::{Clock, InboxId, PhoneNumberId, Time, customer::PhoneNumber};
use ajar_hub::{
    ids::Ids,
    projector::{Bells, Projector},
    store::{NewTeam, Store},
};
use ajar_tests::Db;
use bytes::Bytes;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

const NUMBER: &str = "100000000000202";
const ACCOUNT: &str = "100000000000101";
/// After everything in the examples, so that no effective time is that of the receipt.
const RECEIVED: Time = Time::from_millis(1_795_300_000_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Time {
        RECEIVED
    }
}

/// A store with its projector, and nothing around it.
struct Bare {
    store: Store,
    projector: Projector,
    url: String,
    _dir: tempfile::TempDir,
}

impl Bare {
    async fn new(db: Db) -> Self {
        let (url, dir) = ajar_tests::db::fresh(db).await;
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let ids = Ids::new(Arc::clone(&clock), Some(7));
        let team = NewTeam {
            hub_id: ids.next(),
            name: "Quill & Spoke".into(),
            at: RECEIVED,
        };
        let store = Store::open(&url, &team).await.expect("a fresh store");
        let mut tx = store.begin().await.expect("begun");
        tx.ensure_inbox(
            &InboxId::new("shop"),
            &PhoneNumberId::new(NUMBER),
            ACCOUNT,
            "Quill & Spoke",
            &PhoneNumber::from_digits("15550783881").expect("a number"),
            20_000,
        )
        .await
        .expect("the number");
        tx.commit().await.expect("committed");
        let projector = Projector::new(store.clone(), ids, clock, Bells::default());
        Self {
            store,
            projector,
            url,
            _dir: dir,
        }
    }

    async fn hears(&self, bodies: &[Bytes]) {
        let logged: Vec<_> = bodies.iter().map(|body| (RECEIVED, body.clone())).collect();
        // In small pieces, as they come: a batch of the projector must not hide an order.
        for some in logged.chunks(3) {
            self.store.append_to_log(some).await.expect("logged");
            self.projector.drain().await.expect("projected");
        }
    }

    /// Everything that a team sees, without ids of ours: what two hubs must agree on.
    async fn picture(&self) -> Value {
        let mut conn = self.store.read().await.expect("a connection");
        let mut chats = Vec::new();
        for row in conn.conversations_after("", 10_000).await.expect("rows") {
            let messages = conn
                .messages_before(&row.id, "9", 10_000)
                .await
                .expect("rows");
            let mut doubts: Vec<_> = row
                .doubts
                .iter()
                .map(|doubt| (&doubt.other_name, &doubt.shared_number))
                .collect();
            doubts.sort();
            chats.push(json!({
                "name": row.customer.name, "number": row.customer.number,
                "username": row.customer.username, "no_marketing": row.customer.no_marketing_since,
                "facts": row.facts, "unread": row.unread, "waiting": row.waiting_since,
                "activity": row.activity_at, "phone_first": row.phone_first,
                "only_history": row.only_history, "first": row.first_customer_message_at,
                "last_customer": row.last_customer_message_at,
                "last": row.last.map(|last| (last.kind, last.preview, last.at, last.delivery)),
                "free_until": row.free_until, "elsewhere": row.elsewhere, "doubts": doubts,
                "messages": messages.into_iter().map(message).collect::<Vec<_>>(),
            }));
        }
        chats.sort_by_key(ToString::to_string);
        let mut inboxes = Vec::new();
        for row in conn.inboxes().await.expect("rows") {
            let events = conn.number_events(&row.id, 1_000).await.expect("rows");
            inboxes.push(json!({
                "paused": row.paused, "percent": row.import.percent,
                "declined": row.import.declined_at, "inbound": row.last_inbound_at,
                "echo": row.last_echo_at, "status": row.last_status_at,
                "events": events.into_iter().map(|entry| (entry.event, entry.side)).map(|(event, side)| json!([event, side])).collect::<Vec<_>>(),
            }));
        }
        json!({ "chats": chats, "inboxes": inboxes })
    }
}

fn message(row: ajar_protocol::rows::MessageRow) -> Value {
    let mut content = row.content;
    if let Some(media) = content.media_mut() {
        media.id = ajar_domain::MediaId::new("a file");
    }
    json!({
        "wamid": row.wamid, "position": row.position, "author": row.author, "at": row.at,
        "content": content, "provenance": row.provenance, "quotes": row.quotes,
        "delivery": row.delivery, "earlier": row.earlier, "context": row.context,
        "price": row.price,
        "reactions": row.reactions.iter().map(|r| (&r.emoji, r.at)).collect::<Vec<_>>(),
    })
}

/// All examples of the platform notes, in the order of their names.
fn examples() -> Vec<(String, Bytes)> {
    fn walk(dir: &Path, found: &mut Vec<(String, Bytes)>) {
        let mut entries: Vec<_> = std::fs::read_dir(dir)
            .expect("the examples")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "json") {
                let name = path
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned();
                found.push((name, Bytes::from(std::fs::read(&path).expect("a file"))));
            }
        }
    }
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta/webhooks");
    walk(&root, &mut found);
    assert!(found.len() > 120, "the examples: {}", found.len());
    found
}

async fn told(db: Db, bodies: &[Bytes]) -> Value {
    let bare = Bare::new(db).await;
    bare.hears(bodies).await;
    bare.picture().await
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(proptest::test_runner::Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Default::default()
    })
}

/// The first place where two pictures differ: whole ones are too large to read.
fn difference(a: &Value, b: &Value, at: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<_> = x.keys().chain(y.keys()).collect();
            keys.into_iter().find_map(|key| {
                let none = Value::Null;
                difference(
                    x.get(key).unwrap_or(&none),
                    y.get(key).unwrap_or(&none),
                    &format!("{at}.{key}"),
                )
            })
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => x
            .iter()
            .zip(y)
            .enumerate()
            .find_map(|(i, (x, y))| difference(x, y, &format!("{at}[{i}]"))),
        _ if a == b => None,
        _ => Some(format!("{at}:\n  {a:.400}\n  {b:.400}")),
    }
}

#[test]
fn every_example_in_any_order_and_any_repetition_ends_in_the_same_rows() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let bodies: Vec<Bytes> = examples().into_iter().map(|(_, body)| body).collect();
    let straight = runtime.block_on(told(Db::Memory, &bodies));
    let twice: Vec<usize> = (0..bodies.len()).chain(0..bodies.len()).collect();
    runner(6)
        .run(&Just(twice).prop_shuffle(), |order| {
            let shuffled: Vec<Bytes> = order
                .iter()
                .filter_map(|i| bodies.get(*i).cloned())
                .collect();
            let other = runtime.block_on(told(Db::Memory, &shuffled));
            let differs = difference(&straight, &other, "");
            prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
            Ok(())
        })
        .expect("the law holds");
}

/// One thing that happens between a customer and the number. Times are minutes of one day.
#[derive(Clone, Debug)]
enum Event {
    Writes { who: usize, no: u8, keys: Keys },
    Edits { no: u8, to: u8 },
    Deletes { no: u8 },
    Reacts { no: u8, emoji: u8 },
    Echo { who: usize, no: u8 },
    Reports { no: u8, step: u8 },
    Past { who: usize, no: u8, ours: bool },
    PastFile { who: usize, no: u8 },
    FileContents { no: u8 },
    NotYetReadable { who: usize, no: u8 },
    InTheBook { who: usize, name: u8 },
    Marketing { who: usize, wanted: bool },
    HandedOver { who: usize, away: bool },
    Elsewhere { who: usize, no: u8 },
    Calls { who: usize, answered: bool },
    MovesOn { who: usize },
}

/// Under which keys Meta names the customer.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Both,
    OnlyId,
    OnlyNumber,
}

fn number(who: usize) -> String {
    format!("1555010{who:04}")
}

fn id(who: usize) -> String {
    format!("US.9000000000{who}")
}

fn named(who: usize, keys: Keys) -> (Value, Value) {
    let mut contact = json!({"profile": {"name": format!("Customer {who}")}});
    let mut from = json!({});
    if !matches!(keys, Keys::OnlyId) {
        contact["wa_id"] = json!(number(who));
        from["from"] = json!(number(who));
    }
    if !matches!(keys, Keys::OnlyNumber) {
        contact["user_id"] = json!(id(who));
        from["from_user_id"] = json!(id(who));
    }
    (contact, from)
}

fn merged(a: Value, b: &Value) -> Value {
    let mut a = a;
    if let (Some(to), Some(from)) = (a.as_object_mut(), b.as_object()) {
        to.extend(from.clone());
    }
    a
}

impl Event {
    /// The body that Meta posts for it, as the `index`th event of the day.
    fn body(&self, index: usize) -> Bytes {
        let at = 1_795_200_000 + index as u64 * 60;
        let wamid = |no: u8| format!("wamid.law-{no}");
        // A message has one time, whatever tells of it.
        let said = |no: u8| (1_795_230_000 + u64::from(no) * 60).to_string();
        let once = |no: u8| (1_795_120_000 + u64::from(no) * 60).to_string();
        let act = format!("wamid.act-{index}");
        let metadata = json!({"display_phone_number": "15550783881", "phone_number_id": NUMBER});
        let from = |who: usize, keys, body: Value| {
            let (contact, from) = named(who, keys);
            (
                "messages",
                json!({"contacts": [contact], "messages": [merged(body, &from)]}),
            )
        };
        let plain = |body: Value| ("messages", json!({"messages": [body]}));
        let (field, value) = match self {
            Self::Writes { who, no, keys } => from(
                *who,
                *keys,
                json!({"id": wamid(*no), "timestamp": said(*no), "type": "text", "text": {"body": format!("Words {no}")}}),
            ),
            Self::Edits { no, to } => plain(
                json!({"id": act, "timestamp": at.to_string(), "type": "edit", "edit": {"original_message_id": wamid(*no), "message": {"type": "text", "text": {"body": format!("Better {to}")}}}}),
            ),
            Self::Deletes { no } => plain(
                json!({"id": act, "timestamp": at.to_string(), "type": "revoke", "revoke": {"original_message_id": wamid(*no)}}),
            ),
            Self::Reacts { no, emoji } => from(
                0,
                Keys::Both,
                json!({"id": act, "timestamp": at.to_string(), "type": "reaction", "reaction": {"message_id": wamid(*no), "emoji": (["", "\u{1f44d}", "\u{2764}"][usize::from(emoji % 3)])}}),
            ),
            Self::Echo { who, no } => (
                "smb_message_echoes",
                json!({"message_echoes": [{"from": "15550783881", "to": number(*who), "to_user_id": id(*who), "id": wamid(*no), "timestamp": said(*no), "type": "text", "text": {"body": format!("From the phone {no}")}}]}),
            ),
            Self::Reports { no, step } => (
                "messages",
                json!({"statuses": [{"id": wamid(*no), "timestamp": at.to_string(), "recipient_id": number(0), "status": (["sent", "delivered", "read"][usize::from(step % 3)]), "pricing": {"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"}}]}),
            ),
            Self::Past { who, no, ours } => (
                "history",
                json!({"history": [{"metadata": {"phase": 0, "chunk_order": 1, "progress": no}, "threads": [{"id": number(*who), "messages": [
                if *ours {
                    json!({"from": "15550783881", "to": number(*who), "id": wamid(*no), "timestamp": once(*no), "type": "text", "text": {"body": format!("From the phone {no}")}, "history_context": {"status": "READ"}})
                } else {
                    json!({"from": number(*who), "id": wamid(*no), "timestamp": once(*no), "type": "text", "text": {"body": format!("Words {no}")}, "history_context": {"status": "READ"}})
                }]}]}]}),
            ),
            Self::PastFile { who, no } => (
                "history",
                json!({"history": [{"metadata": {"phase": 0, "chunk_order": 2, "progress": no}, "threads": [{"id": number(*who), "messages": [{"from": number(*who), "id": wamid(*no), "timestamp": once(*no), "type": "media_placeholder", "history_context": {"status": "READ"}}]}]}]}),
            ),
            Self::FileContents { no } => (
                "history",
                json!({"messages": [{"from": number(0), "id": wamid(*no), "timestamp": at.to_string(), "type": "image", "image": {"id": format!("90{no}"), "mime_type": "image/jpeg", "caption": format!("Picture {no}")}}]}),
            ),
            Self::NotYetReadable { who, no } => from(
                *who,
                Keys::Both,
                json!({"id": wamid(*no), "timestamp": said(*no), "type": "unsupported", "errors": [{"code": 131_060, "title": "This message is currently unavailable"}]}),
            ),
            Self::InTheBook { who, name } => (
                "smb_app_state_sync",
                json!({"state_sync": [{"type": "contact", "action": if *name == 0 { "remove" } else { "add" }, "contact": {"full_name": format!("In the book {name}"), "phone_number": number(*who), "user_id": id(*who)}, "metadata": {"timestamp": at.to_string()}}]}),
            ),
            Self::Marketing { who, wanted } => (
                "user_preferences",
                json!({"contacts": [{"wa_id": number(*who), "user_id": id(*who)}], "user_preferences": [{"wa_id": number(*who), "user_id": id(*who), "detail": "", "category": "marketing_messages", "value": if *wanted { "resume" } else { "stop" }, "timestamp": at}]}),
            ),
            Self::HandedOver { who, away } => (
                "messaging_handovers",
                json!({"sender": {"phone_number": number(*who)}, "recipient": metadata, "type": "control_passed", "timestamp": at.to_string(), "control_passed": {"previous_owner_role": if *away { "escalation" } else { "ai_agent" }, "new_owner_role": if *away { "ai_agent" } else { "escalation" }}}),
            ),
            Self::Elsewhere { who, no } => {
                let (contact, from) = named(*who, Keys::Both);
                (
                    "standby",
                    json!({"standby": {"contacts": [contact], "messages": [merged(json!({"id": wamid(*no), "timestamp": said(*no), "type": "text", "text": {"body": format!("Words {no}")}}), &from)]}}),
                )
            }
            Self::Calls { who, answered } => (
                "calls",
                json!({"contacts": [{"wa_id": number(*who), "user_id": id(*who)}], "calls": [{"id": format!("wacid.{who}"), "from": number(*who), "from_user_id": id(*who), "to": "15550783881", "event": if *answered { "terminate" } else { "connect" }, "status": "COMPLETED", "duration": 30, "direction": "USER_INITIATED", "timestamp": at.to_string()}]}),
            ),
            Self::MovesOn { who } => (
                "user_id_update",
                json!({"contacts": [{"wa_id": number(*who + 10)}], "user_id_update": [{"wa_id": number(*who + 10), "detail": "", "user_id": {"previous": id(*who), "current": id(*who + 10)}, "timestamp": at.to_string()}]}),
            ),
        };
        let value = merged(
            value,
            &json!({"messaging_product": "whatsapp", "metadata": metadata}),
        );
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": ACCOUNT, "changes": [{"field": field, "value": value}]}],
        });
        Bytes::from(body.to_string())
    }
}

/// Events of a day. Every message has one author and one thread, whatever tells of it; what acts
/// on a message may name any.
fn a_day() -> impl Strategy<Value = Vec<Event>> {
    let who = 0usize..3;
    // Numbers of messages by kind of author, so that no two kinds claim one.
    let theirs = |who: usize, no: u8| u8::try_from(who).unwrap_or(0) * 10 + no % 4;
    let ours = |who: usize, no: u8| 100 + u8::try_from(who).unwrap_or(0) * 10 + no % 4;
    let any_no = prop_oneof![0u8..6, 10u8..16, 100u8..106];
    let keys = prop_oneof![Just(Keys::Both), Just(Keys::OnlyId), Just(Keys::OnlyNumber)];
    let event = prop_oneof![
        4 => (who.clone(), any::<u8>(), keys).prop_map(move |(who, no, keys)| Event::Writes { who, no: theirs(who, no), keys }),
        2 => (any_no.clone(), 0u8..4).prop_map(|(no, to)| Event::Edits { no, to }),
        1 => any_no.clone().prop_map(|no| Event::Deletes { no }),
        2 => (any_no, any::<u8>()).prop_map(|(no, emoji)| Event::Reacts { no, emoji }),
        2 => (who.clone(), any::<u8>()).prop_map(move |(who, no)| Event::Echo { who, no: ours(who, no) }),
        2 => (100u8..106, any::<u8>()).prop_map(|(no, step)| Event::Reports { no, step }),
        3 => (who.clone(), any::<u8>(), any::<bool>()).prop_map(move |(who, no, mine)| Event::Past { who, no: if mine { ours(who, no) } else { theirs(who, no) }, ours: mine }),
        1 => (who.clone(), any::<u8>()).prop_map(move |(who, no)| Event::PastFile { who, no: theirs(who, no) + 4 }),
        1 => (who.clone(), any::<u8>()).prop_map(move |(who, no)| Event::FileContents { no: theirs(who, no) + 4 }),
        1 => (who.clone(), any::<u8>()).prop_map(move |(who, no)| Event::NotYetReadable { who, no: theirs(who, no) }),
        1 => (who.clone(), 0u8..3).prop_map(|(who, name)| Event::InTheBook { who, name }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, wanted)| Event::Marketing { who, wanted }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, away)| Event::HandedOver { who, away }),
        1 => (who.clone(), any::<u8>()).prop_map(move |(who, no)| Event::Elsewhere { who, no: theirs(who, no) }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, answered)| Event::Calls { who, answered }),
        1 => who.prop_map(|who| Event::MovesOn { who }),
    ];
    proptest::collection::vec(event, 4..24)
}

#[test]
fn any_day_in_any_order_and_any_repetition_ends_in_the_same_rows() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let days = a_day().prop_flat_map(|day| {
        let twice: Vec<usize> = (0..day.len()).chain(0..day.len()).collect();
        (Just(day), Just(twice).prop_shuffle())
    });
    runner(100)
        .run(&days, |(day, order)| {
            let bodies: Vec<Bytes> = day
                .iter()
                .enumerate()
                .map(|(index, event)| event.body(index))
                .collect();
            let shuffled: Vec<Bytes> = order
                .iter()
                .filter_map(|index| bodies.get(*index).cloned())
                .collect();
            let straight = runtime.block_on(told(Db::Memory, &bodies));
            let other = runtime.block_on(told(Db::Memory, &shuffled));
            let differs = difference(&straight, &other, "");
            prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
            Ok(())
        })
        .expect("the law holds");
}

/// What the law above found once: the words before an edit, and the time at which they were said,
/// are those of the best telling of the message, also when that comes after the edit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_before_the_best_telling_of_its_message_ends_as_after_it() {
    let past = Event::Past {
        who: 1,
        no: 12,
        ours: false,
    };
    let live = Event::Writes {
        who: 1,
        no: 12,
        keys: Keys::OnlyNumber,
    };
    let unreadable = Event::NotYetReadable { who: 1, no: 12 };
    let edit = Event::Edits { no: 12, to: 1 }.body(1);
    for tellings in [
        [past.clone(), live.clone()],
        [unreadable.clone(), past],
        [unreadable, live],
    ] {
        let [first, best] = tellings.map(|event| event.body(1));
        let after = told(Db::Memory, &[first.clone(), best.clone(), edit.clone()]).await;
        for order in [[&first, &edit, &best], [&edit, &first, &best]] {
            let before = told(Db::Memory, &order.map(Clone::clone)).await;
            assert_eq!(difference(&after, &before, ""), None);
        }
    }
}

/// Found by the law, too: an imported message says that it was read, and a report in the same batch
/// says it with a later time. The earlier one holds, however often both are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_beside_its_message_does_not_displace_what_the_message_says() {
    let past = Event::Past {
        who: 0,
        no: 103,
        ours: true,
    };
    let [past, read] = [past.body(0), Event::Reports { no: 103, step: 2 }.body(1)];
    let once = told(Db::Memory, &[past.clone(), read.clone()]).await;
    for order in [vec![&past, &read, &past], vec![&read, &past]] {
        let bodies: Vec<_> = order.into_iter().cloned().collect();
        assert_eq!(
            difference(&once, &told(Db::Memory, &bodies).await, ""),
            None
        );
    }
}

/// Rows are spoilt in every way that a faulty version could; the log says how they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_the_log_again_puts_right_what_the_rows_say_otherwise() {
    let bodies: Vec<Bytes> = examples().into_iter().map(|(_, body)| body).collect();
    let bare = Bare::new(Db::File).await;
    bare.hears(&bodies).await;
    let before = bare.picture().await;
    let pool = sqlx::SqlitePool::connect(&bare.url).await.expect("opened");
    for spoil in [
        "DELETE FROM messages WHERE rowid % 3 = 0",
        "UPDATE messages SET content = '{\"kind\":\"not_shown\",\"meta_kind\":\"text\",\"why\":\"not_yet\"}', \
         earlier = NULL, first_words = NULL WHERE rowid % 3 = 1",
        "UPDATE messages SET context = NULL",
        "DELETE FROM reactions",
        "DELETE FROM amendments",
        "DELETE FROM prices",
        "UPDATE conversations SET opening_event = NULL, opening_kind = NULL, opening_meta_at = NULL, \
         opening_received_at = NULL, free_until = NULL, elsewhere_at = NULL, last_line = NULL, unread = 77",
        "UPDATE customers SET moved_at = NULL, marketing = NULL, marketing_at = 0, book_name = NULL, book_name_at = 0",
        "DELETE FROM number_events",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(spoil.to_owned()))
            .execute(&pool)
            .await
            .expect("spoilt");
    }
    pool.close().await;
    assert_ne!(bare.picture().await, before);
    let done = bare.projector.replay(|_| {}).await.expect("read again");
    assert_eq!(done.webhooks, bodies.len());
    assert!(done.changed > 0);
    let differs = difference(&before, &bare.picture().await, "");
    assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    let again = bare.projector.replay(|_| {}).await.expect("read again");
    assert_eq!(again.webhooks, bodies.len());
    let differs = difference(&before, &bare.picture().await, "");
    assert!(differs.is_none(), "{}", differs.unwrap_or_default());
}
