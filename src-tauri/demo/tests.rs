//! The demo as a person finds it.

use std::collections::BTreeSet;

use ajar_domain::conversation::Progress;
use ajar_domain::delivery::Delivery;

use super::*;

async fn woken() -> Demo {
    let quiet = Options {
        quiet: true,
        ..Options::default()
    };
    let mut told = Vec::new();
    let demo = Demo::wake(quiet, |done, of| told.push((done, of))).await;
    let (done, of) = told.last().expect("progress was told");
    assert_eq!(done, of, "the progress ends at its end");
    demo.expect("the demo wakes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lived_in_inbox_has_every_kind_of_chat() {
    let demo = woken().await;
    demo.company.books.now(|rows| {
        let heads: Vec<_> = rows.heads.values().collect();
        assert!(heads.len() >= 40, "{} conversations", heads.len());
        let one = |what: &str, is: &dyn Fn(&ajar_protocol::rows::ConversationRow) -> bool| {
            assert!(heads.iter().any(|head| is(head)), "no chat that is {what}");
        };
        one("never opened", &|head| {
            head.facts.last_opening.is_none() && head.phone_first.is_none()
        });
        one("started on the phone", &|head| head.phone_first.is_some());
        one("disputed", &|head| head.facts.last_refusal.is_some());
        one("resolved", &|head| {
            matches!(head.progress, Progress::Resolved { .. })
        });
        one("snoozed", &|head| {
            matches!(head.progress, Progress::Snoozed { .. })
        });
        one("waiting", &|head| head.waiting_since.is_some());
        one("unread", &|head| head.unread > 1);
        one("labelled", &|head| !head.labels.is_empty());
        one("unassigned", &|head| head.assignee.is_none());
        let ticks: BTreeSet<&str> = heads
            .iter()
            .filter_map(|head| head.last.as_ref()?.delivery.as_ref())
            .map(|delivery| match delivery {
                Delivery::Sent { .. } => "sent",
                Delivery::Read { .. } => "read",
                Delivery::Failed { .. } => "failed",
                Delivery::Parked { .. } => "parked",
                _ => "other",
            })
            .collect();
        for tick in ["sent", "read", "failed", "parked"] {
            assert!(
                ticks.contains(tick),
                "no message of ours is {tick}: {ticks:?}"
            );
        }
        let late = rows
            .starts
            .values()
            .filter(|start| start.asked_by == demo.company.agents[&Agent::Mei].id);
        assert_eq!(late.count(), 1, "Mei's start waits");
    });
    assert!(demo.drafts().len() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_asks_to_see_happens() {
    let demo = woken().await;
    let books = &demo.company.books;
    let conversation = books.now(|rows| rows.conversations["15550182274"].clone());
    let before = books.now(|rows| rows.heads[&conversation].clone());
    assert!(before.waiting_since.is_none(), "Anders was answered last");

    let writes = DemoAction::CustomerWrites {
        conversation: conversation.clone(),
    };
    demo.act(writes).await.expect("the customer writes");
    let waits = |rows: &books::Rows| rows.heads[&conversation].waiting_since;
    books.until("a question", waits).await.expect("it arrives");

    let types = DemoAction::PhoneTypes {
        conversation: conversation.clone(),
    };
    demo.act(types).await.expect("somebody types");
    let answered = |rows: &books::Rows| waits(rows).is_none().then_some(());
    books.until("an echo", answered).await.expect("it arrives");

    let start = books.now(|rows| {
        let waiting = rows
            .starts
            .values()
            .find(|start| start.number_shown.contains("3364"));
        waiting.expect("Juno's start").id.clone()
    });
    let sends = DemoAction::PhoneSendsStart {
        start: start.clone(),
    };
    demo.act(sends).await.expect("somebody taps send");
    let claimed = |rows: &books::Rows| rows.starts[&start].conversation.clone();
    books
        .until("the claim", claimed)
        .await
        .expect("it is claimed");
}
