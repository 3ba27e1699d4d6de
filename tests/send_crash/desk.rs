//! A desktop dies.

use std::{
    io::{BufRead, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command as Process, Stdio},
};

use ajar_domain::{ConversationId, delivery::Delivery};
use ajar_protocol::rows::Role;
use ajar_simulator::SimClock;
use ajar_tests::{Db, TestTeam};

use crate::{CHATS, Moments, chats, customers, nothing_twice, rounds, taken, within_patience};

const TEXTS: usize = 16;

struct DeskProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl DeskProcess {
    fn start(folder: &Path, joining: &[&str]) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_ajar-test-desk"))
            .arg(folder)
            .args(joining)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let ready = lines.next().expect("a line").expect("text");
        assert_eq!(ready, "ready");
        Self { child, lines }
    }

    fn enter(&mut self, chat: &ConversationId, body: &str) {
        let stdin = self.child.stdin.as_mut().expect("its input");
        writeln!(stdin, "{chat} {body}").expect("it listens");
    }

    /// The next text on which Enter has returned.
    fn entered(&mut self) -> String {
        self.lines.next().expect("it lives").expect("text")
    }

    /// `SIGKILL`; what it had said until then.
    fn die(mut self) -> Vec<String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.lines.by_ref().map_while(Result::ok).collect()
    }
}

impl Drop for DeskProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desktop_killed_while_it_sends_doubles_nothing_and_loses_nothing_that_was_entered() {
    let folder = tempfile::tempdir().expect("a folder");
    let team = TestTeam::start_at(Db::File, SimClock::new()).await;
    customers(&team.sim).await;
    team.settled().await;
    let olu = team.admin("Olu").await;
    let chats = within_patience("every customer", chats(&olu)).await;
    let (_, code) = team
        .hub
        .add_agent("Sami", Role::Agent)
        .await
        .expect("added");
    let mut moments = Moments::new();
    let mut desk = DeskProcess::start(folder.path(), &[&team.hub.url(), &code]);
    let mut pressed = Vec::new();
    let mut entered = Vec::new();
    for round in 0..rounds() {
        // How much it has said, and how much Meta has, when it dies.
        let (said, gone) = (moments.next(TEXTS), moments.next(4));
        for no in 0..TEXTS {
            let body = format!("No. {round}/{no}");
            desk.enter(&chats[(round + no) % CHATS], &body);
            pressed.push(body);
        }
        for _ in 0..said {
            entered.push(desk.entered());
        }
        let goal = team.sim.sends().len() + gone.min(said);
        let reached = team.sim.wait_for_sends(|sends| sends.len() >= goal);
        within_patience("the moment of the kill", reached).await;
        entered.extend(desk.die());
        desk = DeskProcess::start(folder.path(), &[]);
    }
    // The last one lives, and brings to an end what those before it had begun.
    let everything = team.sim.wait_for_sends(|sends| {
        let taken: Vec<String> = sends.iter().map(|send| send.text()).collect();
        entered.iter().all(|body| taken.contains(body))
    });
    within_patience("all that was entered", everything).await;
    team.settled().await;
    nothing_twice(&team.sim);
    let went_out = taken(&team.sim);
    for body in went_out.keys() {
        assert!(pressed.contains(body), "nobody wrote {body}");
    }
    for chat in &chats {
        for row in olu.messages(chat).await {
            if let Some(delivery) = &row.delivery {
                let arrived = matches!(delivery, Delivery::Delivered { .. });
                assert!(arrived, "{}: {delivery:?}", row.content.preview());
            }
        }
    }
    assert!(entered.len() >= rounds(), "something was entered");
    eprintln!(
        "{} texts pressed, {} of them entered, {} gone out",
        pressed.len(),
        entered.len(),
        went_out.len()
    );
}
