//! The table of `docs/what-meta-sends.md`: for every example of Meta's, what becomes of it. The
//! test writes it from what the parser says, so that it stays true.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use ajar_domain::content::NotShownWhy;

use super::super::inbound::{AccountChange, Body, CallStep, Inbound, NewIdentity, TemplateChange};
use super::tests::examples;

/// What is stored, and what is shown.
fn row(what: &Inbound) -> (&'static str, &'static str) {
    match what {
        Inbound::Message(message) => (body(&message.body), shown(&message.body)),
        Inbound::Echo(echo) => match &echo.body {
            Body::NotShown { .. } => (
                "message from the phone, without contents",
                "bubble with the phone's mark: look at the phone",
            ),
            _ => (
                "message from the phone; claims a waiting start",
                "bubble with the phone's mark, as the kind is drawn",
            ),
        },
        Inbound::Reaction(_) => (
            "newest reaction of each side, beside its message",
            "emoji on the message",
        ),
        Inbound::Edit(_) => (
            "set of edits beside the message",
            "the new words, with the earlier ones behind *edited*",
        ),
        Inbound::Deletion(_) => (
            "set of edits beside the message; the words go",
            "a mark that it was deleted, and when",
        ),
        Inbound::Status(report) => match (&report.pricing, &report.failure) {
            (_, Some(_)) => ("report with its failure", "why it failed, and what to do"),
            (Some(_), None) => (
                "report, and the class of the price",
                "tick; the price in words at the tick",
            ),
            (None, None) => ("report", "tick"),
        },
        Inbound::Call(call) => match &call.step {
            CallStep::Ended { .. } | CallStep::Accepted | CallStep::Connecting => (
                "call, folded from its steps; window opening where it opens",
                "call line: missed, answered with its length, declined",
            ),
            _ => ("call, folded from its steps", "call line"),
        },
        Inbound::History(_) => (
            "message of the past; never live",
            "bubble as the kind is drawn, marked as imported",
        ),
        Inbound::HistoryMedia(_) => (
            "contents of a placeholder, joined by id",
            "the placeholder becomes the file",
        ),
        Inbound::HistoryProgress(_) => ("progress of the import", "bar above the list"),
        Inbound::HistoryRefused { .. } => (
            "that the owner did not share the past",
            "health card: declined, and what that means",
        ),
        Inbound::Contact(_) => (
            "name of the phone's address book, by its own time",
            "the customer's name",
        ),
        Inbound::CustomerChanged(change) => match change.change {
            NewIdentity::Number { .. } | NewIdentity::UserId { .. } => (
                "further key of the customer; the move",
                "notice in the thread; the window counts from the new number",
            ),
            NewIdentity::SecurityCode { .. } | NewIdentity::Other { .. } => {
                ("notice", "notice in the thread")
            }
        },
        Inbound::Preference(_) => (
            "the customer's word about marketing",
            "notice; marketing templates greyed with the reason",
        ),
        Inbound::HandOver(_) => (
            "who answers the chat",
            "notice; banner while another handler answers",
        ),
        Inbound::Template(event) => match event.change {
            TemplateChange::Status { .. } | TemplateChange::Category { .. } => (
                "diary; the template's state; the list is read again",
                "picker: sendable or greyed with the reason",
            ),
            TemplateChange::Quality { .. } | TemplateChange::Components => {
                ("diary; the list is read again", "health card")
            }
        },
        Inbound::Account(event) => match event.change {
            AccountChange::Disconnected { .. }
            | AccountChange::Offboarded
            | AccountChange::Reconnected
            | AccountChange::Disabled { .. }
            | AccountChange::Deleted => (
                "diary; the number pauses or goes on",
                "every composer says so; episode in the health card",
            ),
            _ => ("diary", "health card"),
        },
        Inbound::Problem { .. } => ("diary", "health card"),
        Inbound::NotUsed { .. } => ("raw webhook only", "nothing: without meaning here"),
        Inbound::NotUnderstood { .. } => (
            "raw webhook, listed",
            "health card: kept, not understood; can be read again",
        ),
    }
}

const fn body(body: &Body) -> &'static str {
    match body {
        Body::Placeholder => "message of the past, without contents",
        Body::NotShown { .. } => "message without contents, with Meta's reason",
        Body::Image { .. }
        | Body::Video { .. }
        | Body::Audio { .. }
        | Body::Document { .. }
        | Body::Sticker { .. } => "message; the file is fetched and checked",
        _ => "message",
    }
}

const fn shown(body: &Body) -> &'static str {
    match body {
        Body::Text { .. } => "bubble; forwarded, advertisement and product marks",
        Body::Image { .. } => "picture, and the viewer",
        Body::Video { .. } => "video, fetched when it is played",
        Body::Audio { .. } => "player with waveform and speed",
        Body::Document { .. } => "file card, to be saved",
        Body::Sticker { .. } => "sticker",
        Body::Location { .. } => "place card with a link to the map",
        Body::Contacts { .. } => "contact cards",
        Body::ButtonReply { .. } => "the button's words, with what they answer",
        Body::ListReply { .. } => "the row's title and description",
        Body::Form { .. } => "the answers as fields",
        Body::CallPermission { .. } => "whether we may call, and until when",
        Body::Order { .. } => "order with its lines",
        Body::Placeholder => "a placeholder that its file fills",
        Body::NotShown { why, .. } => match why {
            NotShownWhy::NotYet => "not shown yet, with Meta's name for it",
            NotShownWhy::UnsupportedByMeta => "Meta could not pass it on: look at the phone",
            NotShownWhy::OnThePhone => "look at the phone; its contents take the place",
            NotShownWhy::FileRefusedByMeta => "the file did not come through: ask for it anew",
            NotShownWhy::TooOldToImport => "only on the phone: too old to be handed over",
            NotShownWhy::Malformed => "kept; not in the shape of its kind",
        },
    }
}

fn table() -> String {
    let mut table = String::from(
        "# What Meta sends, and what becomes of it\n\n\
         One line for every example in `tests/fixtures/meta/webhooks`. A test writes this table from \
         what the parser says and fails when it is not true any more; `AJAR_WRITE_DOCS=1 cargo test -p \
         ajar-hub the_table` writes it anew. Every body is kept raw besides, for as long as \
         `AJAR_LOG_KEEP_DAYS` says.\n\n\
         | example | what is stored | what is shown |\n|---|---|---|\n",
    );
    for (name, bytes) in examples() {
        let items = super::parse_body(&bytes).expect("it is JSON");
        let rows: BTreeSet<(&str, &str)> = items
            .iter()
            .map(|item| match &item.what {
                Ok(what) => row(what),
                Err(_) => (
                    "raw webhook, listed",
                    "health card: kept, not understood; can be read again",
                ),
            })
            .collect();
        for (stored, shown) in rows {
            writeln!(table, "| {name} | {stored} | {shown} |").expect("text");
        }
    }
    table
}

#[test]
fn the_table_of_what_meta_sends_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/what-meta-sends.md");
    let table = table();
    if std::env::var_os("AJAR_WRITE_DOCS").is_some() {
        fs::write(&path, &table).expect("written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/what-meta-sends.md is not what the parser does: \
         AJAR_WRITE_DOCS=1 cargo test -p ajar-hub the_table"
    );
}
