//! The hub dies.

use std::sync::Arc;

use ajar_domain::{ConversationId, MessageId, Time, delivery::Delivery};
use ajar_protocol::command::Command;
use ajar_simulator::{Fault, Sim, Simulator, Status, StatusPolicy};
use ajar_tests::{
    TestAgent,
    process::{HubProcess, join_code},
};

use crate::{CHATS, Moments, chats, customers, nothing_twice, rounds, taken, within_patience};

/// Texts of one round: as many as the number may send in a second, so that none waits long.
const TEXTS: usize = 16;

/// A text that an agent sends, repeated under its reference until the hub has answered.
#[derive(Clone)]
struct Text {
    reference: String,
    body: String,
    chat: ConversationId,
}

/// Sends it; the message, if the hub lived long enough to answer.
async fn sends(agent: &TestAgent, text: &Text) -> Option<MessageId> {
    let command = Command::SendText {
        conversation: text.chat.clone(),
        body: text.body.clone(),
        reply_to: None,
        send_before: Time::FAR_FUTURE,
    };
    let answer = agent.tries(&text.reference, command).await?;
    Some(answer.expect("accepted").message.expect("a message"))
}

/// What the team is shown of every text, once nothing is on its way any more.
async fn shown(agent: &TestAgent, chats: &[ConversationId]) -> Vec<(MessageId, String, Delivery)> {
    within_patience("an end of everything", async {
        loop {
            let mut all = Vec::new();
            for chat in chats {
                for row in agent.messages(chat).await {
                    if let Some(delivery) = &row.delivery {
                        all.push((row.id.clone(), row.content.preview(), delivery.clone()));
                    }
                }
            }
            if all.iter().all(|(_, _, shown)| *shown != Delivery::Queued) {
                return all;
            }
        }
    })
    .await
}

fn point_at(sim: &Sim, hub: &HubProcess) {
    let url = format!("{}/webhooks/whatsapp", hub.url);
    sim.set_webhook_url(url.parse().expect("an address"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_while_it_sends_doubles_nothing_loses_nothing_and_owns_up_to_its_doubts() {
    let dir = tempfile::tempdir().expect("a folder");
    let sim = Simulator::builder()
        .seed(5)
        .start()
        .await
        .expect("the simulator");
    // Nothing is told of a message until the end, so every doubt is still there to be seen.
    sim.configure(|settings| settings.statuses = StatusPolicy::Manual);
    let code = join_code(dir.path(), None);
    let mut moments = Moments::new();
    let mut hub = HubProcess::start(&sim, dir.path());
    point_at(&sim, &hub);
    let mut sami = Arc::new(TestAgent::join(&hub.url, &code).await.expect("joined"));
    customers(&sim).await;
    let chats = within_patience("every customer", chats(&sami)).await;
    let mut texts: Vec<Text> = Vec::new();
    let mut unanswered: Vec<Text> = Vec::new();
    let mut known: Vec<(Text, MessageId)> = Vec::new();
    for round in 0..rounds() {
        let fresh = (0..TEXTS).map(|no| Text {
            reference: format!("sami-{round}-{no}"),
            body: format!("No. {round}/{no}"),
            chat: chats[(round + no) % CHATS].clone(),
        });
        let fresh: Vec<Text> = fresh.collect();
        texts.extend(fresh.iter().cloned());
        let asked = std::mem::take(&mut unanswered).into_iter().chain(fresh);
        // Some answers dawdle, so that there is a middle to be killed in.
        for ms in [3, 20, 60] {
            sim.fail_sends(2, Fault::Delay { ms });
        }
        let goal = sim.sends().len() + 1 + moments.next(TEXTS - 2);
        let asking: Vec<_> = asked
            .map(|text| {
                let sami = Arc::clone(&sami);
                tokio::spawn(async move {
                    let answer = sends(&sami, &text).await;
                    (text, answer)
                })
            })
            .collect();
        let reached = sim.wait_for_sends(|sends| sends.len() >= goal);
        within_patience("the moment of the kill", reached).await;
        drop(hub);
        for one in asking {
            match one.await.expect("asked") {
                (text, Some(message)) => known.push((text, message)),
                (text, None) => unanswered.push(text),
            }
        }
        sim.clear_faults();
        hub = HubProcess::start(&sim, dir.path());
        point_at(&sim, &hub);
        sami = Arc::new(sami.at(&hub.url));
    }
    for text in unanswered {
        let message = sends(&sami, &text).await.expect("this hub lives");
        known.push((text, message));
    }
    let before = shown(&sami, &chats).await;
    nothing_twice(&sim);
    let went_out = taken(&sim);
    let mut doubts = 0;
    for (_, body, delivery) in &before {
        match delivery {
            Delivery::Accepted { .. } => {
                assert!(
                    went_out.contains_key(body),
                    "{body}: Meta knows nothing of it"
                );
            }
            Delivery::Uncertain { .. } => doubts += 1,
            other => panic!("{body}: {other:?} is not what happened"),
        }
    }
    assert_eq!(before.len(), texts.len(), "each is there once");
    for (text, message) in &known {
        let row = before.iter().find(|(id, _, _)| id == message);
        assert_eq!(
            row.map(|row| row.1.as_str()),
            Some(text.body.as_str()),
            "it is there"
        );
    }

    // Meta tells what it knows: the doubts that were none are gone, and only those.
    for send in sim.sends() {
        sim.status(send.id, Status::Delivered).expect("told");
    }
    sim.settled().await;
    within_patience("what Meta told", async {
        loop {
            let after = shown(&sami, &chats).await;
            let arrived = after.iter().filter(|row| row.2.arrived()).count();
            if arrived == went_out.len() {
                for (_, body, delivery) in &after {
                    let uncertain = matches!(delivery, Delivery::Uncertain { .. });
                    assert_eq!(
                        uncertain,
                        !went_out.contains_key(body),
                        "{body}: {delivery:?}"
                    );
                }
                return;
            }
        }
    })
    .await;
    nothing_twice(&sim);
    eprintln!(
        "{} texts, {doubts} of them uncertain, {} of which had not gone out",
        texts.len(),
        texts.len() - went_out.len()
    );
}
