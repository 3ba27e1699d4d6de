//! A desktop without a window, as a process of its own, so that a test can kill it.
//!
//! `ajar-test-desk FOLDER [HUB CODE]`: says `ready` when it knows its team's chats; then each line
//! it is given, `CONVERSATION TEXT`, is Enter pressed on that text, and it repeats the text when Enter
//! has returned.

use std::{
    io::{BufRead, Write as _},
    path::PathBuf,
    sync::Arc,
};

use ajar_client::{Desk, DeskConfig, FileSecrets};
use ajar_domain::{ConversationId, Time};
use ajar_protocol::{
    command::Command,
    ui::{JoinTeam, ListQuery},
};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let desk = Desk::open(DeskConfig {
        secrets: Arc::new(FileSecrets::in_folder(&folder)),
        data_dir: Some(folder),
        ..DeskConfig::in_memory("a desk that is killed")
    })
    .await
    .expect("a desk");
    let mut screen = desk.screen();
    if let (Some(hub), Some(code)) = (arguments.next(), arguments.next()) {
        desk.join(JoinTeam { hub, code }).await.expect("joined");
    }
    screen
        .watch_list(ListQuery {
            to: 50,
            ..ListQuery::default()
        })
        .await
        .expect("watched");
    screen
        .until(|seen| !seen.rows().is_empty())
        .await
        .expect("its chats");
    println!("ready");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    while let Some(line) = lines.recv().await {
        let (chat, body) = line.split_once(' ').expect("a chat and a text");
        let command = Command::SendText {
            conversation: ConversationId::new(chat),
            body: body.to_owned(),
            reply_to: None,
            send_before: Time::FAR_FUTURE,
        };
        screen.act(command).await.expect("queued");
        println!("{body}");
        std::io::stdout().flush().expect("said");
    }
}
