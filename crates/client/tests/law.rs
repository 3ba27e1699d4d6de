//! The law of sync: whatever happens, in whatever order, and wherever the stream is cut,
//! a desktop that went through it all sees what a newcomer sees.

mod support;

use std::time::Duration;

use ajar_domain::{ConversationId, MessageId, conversation::Progress};
use ajar_protocol::ui::ThreadItem;
use proptest::prelude::*;
use support::{FakeHub, agent};

#[derive(Clone, Debug)]
enum Step {
    NewCustomer,
    Writes(usize),
    Phone(usize),
    Edit(usize),
    Remove(usize),
    Assign(usize),
    Resolve(usize),
    Merge(usize, usize),
    // What goes wrong on the way.
    Cut,
    Down,
    Up,
    Stutter(bool),
    OneByOne(bool),
    Lose,
    Expire,
    Tear,
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::NewCustomer),
        6 => (0usize..8).prop_map(Step::Writes),
        2 => (0usize..8).prop_map(Step::Phone),
        2 => (0usize..20).prop_map(Step::Edit),
        2 => (0usize..20).prop_map(Step::Remove),
        1 => (0usize..8).prop_map(Step::Assign),
        1 => (0usize..8).prop_map(Step::Resolve),
        1 => (0usize..8, 0usize..8).prop_map(|(gone, into)| Step::Merge(gone, into)),
        2 => Just(Step::Cut),
        1 => Just(Step::Down),
        1 => Just(Step::Up),
        1 => any::<bool>().prop_map(Step::Stutter),
        1 => any::<bool>().prop_map(Step::OneByOne),
        1 => Just(Step::Lose),
        1 => Just(Step::Expire),
        1 => Just(Step::Tear),
        2 => Just(Step::Settle),
    ];
    proptest::collection::vec(step, 5..40)
}

async fn live_through(steps: Vec<Step>) {
    let hub = FakeHub::start().await;
    let mut conversations: Vec<ConversationId> = vec![hub.new_customer_writes("First", "Hello")];
    let mut messages: Vec<MessageId> = Vec::new();
    let (_desk, mut veteran) = hub.agent("Alice").await;
    let opened = conversations[0].clone();
    veteran.open(&opened).await.expect("opened");
    for step in steps {
        hub.with(|hub| hub.now = hub.now + Duration::from_secs(1));
        let at = |index: usize| conversations.get(index % conversations.len()).cloned();
        match step {
            Step::NewCustomer => {
                let name = format!("Customer {}", conversations.len());
                conversations.push(hub.new_customer_writes(&name, "Hello"));
            }
            Step::Writes(index) => {
                messages.extend(at(index).map(|id| hub.customer_writes(&id, "more")));
            }
            Step::Phone(index) => messages.extend(at(index).map(|id| hub.phone_types(&id, "echo"))),
            Step::Edit(index) => {
                if let Some(message) = messages.get(index) {
                    hub.edit(message, &format!("edited {index}"));
                }
            }
            Step::Remove(index) => {
                if let Some(message) = messages.get(index) {
                    hub.remove(message);
                }
            }
            Step::Assign(index) => {
                if let Some(id) = at(index) {
                    hub.change_head(&id, |row| row.assignee = Some(agent("Bob")));
                }
            }
            Step::Resolve(index) => {
                if let Some(id) = at(index) {
                    hub.change_head(&id, |row| {
                        row.progress = Progress::Resolved {
                            at: support::NOON,
                            by: agent("Bob"),
                        };
                    });
                }
            }
            Step::Merge(gone, into) => {
                if let (Some(gone), Some(into)) = (at(gone), at(into))
                    && gone != into
                    && gone != opened
                {
                    hub.merge(&gone, &into);
                    conversations.retain(|id| *id != gone);
                }
            }
            Step::Cut => hub.cut(),
            Step::Down => hub.misbehave(|hub| hub.down = true),
            Step::Up => hub.misbehave(|hub| hub.down = false),
            Step::Stutter(on) => hub.misbehave(|hub| hub.stutter = on),
            Step::OneByOne(on) => hub.misbehave(|hub| hub.one_by_one = on),
            Step::Lose => hub.misbehave(|hub| hub.lose_batch = true),
            Step::Expire => hub.with(|hub| hub.mischief.expired_below = hub.cursor),
            Step::Tear => hub.misbehave(|hub| hub.tear_snapshots = 1),
            Step::Settle => {
                let count = hub.with(|hub| {
                    hub.mischief.down = false;
                    hub.mischief.lose_batch = false;
                    hub.conversations.len()
                });
                veteran
                    .until(|seen| seen.is_live() && seen.rows().len() <= count)
                    .await
                    .expect("settled");
            }
        }
    }
    hub.with(|hub| hub.mischief = support::Mischief::default());
    // Whatever was lost last is announced twice and then fetched by a new link.
    hub.cut();
    veteran
        .watch_list(ajar_protocol::ui::ListQuery {
            resolved: true,
            ..support::whole_list()
        })
        .await
        .expect("watched");
    // Being opened marks it as seen at the hub; both see it open, so both are told.
    hub.until(|hub| hub.conversations[&opened].unread == 0)
        .await;

    let desk = hub.join(support::config("new"), "Bob").await;
    let mut newcomer = desk.screen();
    newcomer
        .watch_list(ajar_protocol::ui::ListQuery {
            resolved: true,
            ..support::whole_list()
        })
        .await
        .expect("watched");
    newcomer.open(&opened).await.expect("opened");
    let (count, cursor) = hub.with(|hub| {
        let shown = hub
            .messages
            .values()
            .filter(|row| row.conversation == opened)
            .count();
        (shown, hub.cursor)
    });
    let seen = newcomer
        .until(|seen| {
            seen.is_live()
                && seen.items().len() == count
                && seen
                    .thread
                    .as_ref()
                    .is_some_and(|thread| thread.complete && thread.conversation.unread == 0)
        })
        .await
        .expect("the newcomer sees all");
    assert_eq!(
        hub.with(|hub| hub.cursor),
        cursor,
        "nothing moved meanwhile"
    );
    let mut rows = seen.rows().to_vec();
    let items: Vec<ThreadItem> = seen.items().to_vec();
    // The two are different agents only in who they are.
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let same = veteran
        .until(|seen| {
            let mut here = seen.rows().to_vec();
            here.sort_by(|a, b| a.id.cmp(&b.id));
            here == rows && seen.items() == items
        })
        .await;
    if let Err(never) = same {
        let here = never.0;
        for row in here.rows() {
            assert!(rows.contains(row), "only the veteran sees {row:#?}");
        }
        for row in &rows {
            assert!(here.rows().contains(row), "only the newcomer sees {row:#?}");
        }
        assert_eq!(here.items(), items, "the open thread");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        // Every step goes over a socket; a case that fails is small as it is.
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_a_veteran_sees_what_a_newcomer_sees(steps in steps()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(live_through(steps));
    }
}
