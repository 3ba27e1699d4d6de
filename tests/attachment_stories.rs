//! A file on its way from a desktop through the hub to Meta, in parts, and what stops it.

use ajar_client::{Desk, DeskConfig, Screen, Seen};
use ajar_domain::{
    ConversationId, Time,
    attachment::{AttachmentKind, AttachmentProblem, MAX_FILE},
    content::Content,
    delivery::Delivery,
};
use ajar_protocol::{
    command::Command,
    error::{ApiError, ErrorCode},
    hub::UploadedFile,
    rows::{MessageRow, Role},
    ui::{
        AttachmentPart, AttachmentRef, JoinTeam, ListQuery, NewAttachment, Nothing, ThreadItem,
        UiCall,
    },
};
use ajar_simulator::{Customer, Fault, MediaFile};
use ajar_tests::{TestTeam, on_every_database};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::Value;

/// As the interface cuts files.
const PART: usize = 256 * 1024;

/// Alice's desktop with the chat with Maria on the screen.
async fn alice_and_maria(team: &TestTeam) -> (Desk, Screen, Customer, ConversationId) {
    let maria = team.sim.customer("Maria", "+1 555 014 2207");
    maria.says("What does it look like?").await.expect("sent");
    let (_, code) = team
        .hub
        .add_agent("Alice", Role::Agent)
        .await
        .expect("added");
    let desk = Desk::open(DeskConfig::in_memory("Alice"))
        .await
        .expect("a desk");
    let mut screen = desk.screen();
    let hub = team.hub.url();
    desk.join(JoinTeam { hub, code }).await.expect("joined");
    screen.until(Seen::is_live).await.expect("live");
    let list = ListQuery {
        to: 50,
        ..ListQuery::default()
    };
    screen.watch_list(list).await.expect("watched");
    let seen = screen
        .until(|seen| seen.row("Maria").is_some())
        .await
        .expect("in the list");
    let chat = seen.row("Maria").expect("the row").id.clone();
    screen.open(&chat).await.expect("opened");
    (desk, screen, maria, chat)
}

async fn begin(
    screen: &Screen,
    mime_type: &str,
    size: usize,
    kind: Option<AttachmentKind>,
) -> Result<AttachmentRef, ApiError> {
    let new = NewAttachment {
        mime_type: mime_type.to_owned(),
        size: u64::try_from(size).expect("a size"),
        kind,
    };
    screen.call(UiCall::BeginAttachment(new)).await
}

async fn part(screen: &Screen, of: &AttachmentRef, bytes: &[u8]) -> Result<Nothing, ApiError> {
    let part = AttachmentPart {
        attachment: of.attachment.clone(),
        base64: STANDARD.encode(bytes),
    };
    screen.call(UiCall::AttachPart(part)).await
}

async fn end(screen: &Screen, of: &AttachmentRef) -> Result<UploadedFile, ApiError> {
    screen.call(UiCall::EndAttachment(of.clone())).await
}

async fn attach(
    screen: &Screen,
    file: &MediaFile,
    kind: Option<AttachmentKind>,
) -> Result<UploadedFile, ApiError> {
    let of = begin(screen, &file.mime_type, file.bytes.len(), kind).await?;
    for piece in file.bytes.chunks(PART) {
        part(screen, &of, piece).await?;
    }
    end(screen, &of).await
}

async fn send(screen: &Screen, to: &ConversationId, file: UploadedFile, caption: Option<&str>) {
    let command = Command::SendFile {
        conversation: to.clone(),
        file: file.file.id,
        kind: file.kind,
        name: Some("Plan.pdf".into()),
        caption: caption.map(str::to_owned),
        reply_to: None,
        send_before: Time::FAR_FUTURE,
    };
    screen.act(command).await.expect("queued");
}

fn messages(seen: &Seen) -> impl Iterator<Item = &MessageRow> {
    seen.items().iter().filter_map(|item| match item {
        ThreadItem::Message { row, .. } => Some(row),
        ThreadItem::Note { .. } | ThreadItem::Queued(_) => None,
    })
}

/// The bytes that Meta has of a file, asked for with the business's own token.
async fn at_meta(team: &TestTeam, id: &str) -> Bytes {
    let http = ajar_tests::http();
    let graph = team.sim.graph_url().expect("it listens");
    let get = async |url: &str| {
        let answer = http
            .get(url)
            .bearer_auth(team.sim.access_token())
            .send()
            .await;
        answer.expect("an answer").bytes().await.expect("its body")
    };
    let about: Value =
        serde_json::from_slice(&get(&format!("{graph}v25.0/{id}")).await).expect("JSON");
    get(about["url"].as_str().expect("an address")).await
}

/// A drawing of so many bytes, no two parts of which are alike.
fn drawing(size: usize) -> MediaFile {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.extend((0u32..).flat_map(u32::to_le_bytes).take(size - bytes.len()));
    MediaFile::new("application/pdf", bytes)
}

on_every_database! {
    async fn every_byte_of_a_drawing_reaches_maria(team: TestTeam) {
        let (_desk, mut alice, maria, chat) = alice_and_maria(&team).await;
        let drawing = drawing(2 * PART + 4_321);
        let uploaded = attach(&alice, &drawing, None).await.expect("taken");
        assert_eq!(uploaded.kind, AttachmentKind::Document);
        assert!(team.sim.sends().is_empty(), "a file that lies at the hub is nobody's message");
        send(&alice, &chat, uploaded, Some("The new frame")).await;
        let received = maria.has_received(1).await.remove(0);
        assert_eq!(received.kind, "document");
        assert_eq!(received.body["document"]["caption"], "The new frame");
        assert_eq!(received.body["document"]["filename"], "Plan.pdf");
        let id = received.body["document"]["id"].as_str().expect("an id");
        assert_eq!(at_meta(&team, id).await, drawing.bytes);
        alice.until(|seen| messages(seen).any(|row| {
            matches!(row.content, Content::Document { .. }) && row.delivery.as_ref().is_some_and(Delivery::arrived)
        })).await.expect("two ticks under the drawing");
    }

    async fn a_photo_that_meta_takes_only_at_the_third_try_arrives_once(team: TestTeam) {
        let (_desk, alice, maria, chat) = alice_and_maria(&team).await;
        let photo = MediaFile::picture(3);
        let uploaded = attach(&alice, &photo, None).await.expect("taken");
        // The first request is lost, of the second the answer.
        team.sim.fail_uploads(1, Fault::DropRequest);
        team.sim.fail_uploads(1, Fault::SwallowAnswer);
        send(&alice, &chat, uploaded, None).await;
        let here = async {
            while maria.inbox().is_empty() {
                team.pass(std::time::Duration::from_secs(15)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), here).await.expect("it comes");
        assert_eq!(maria.inbox().len(), 1);
        let id = team.sim.sends()[0].body["image"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(at_meta(&team, &id).await, photo.bytes);
    }

    async fn a_file_that_meta_refuses_says_so_under_the_bubble(team: TestTeam) {
        let (_desk, mut alice, maria, chat) = alice_and_maria(&team).await;
        let uploaded = attach(&alice, &MediaFile::picture(3), None).await.expect("taken");
        team.sim.fail_uploads(1, Fault::Error { code: 131_053 });
        send(&alice, &chat, uploaded, None).await;
        let seen = alice.until(|seen| messages(seen).any(|row| {
            matches!(row.delivery, Some(Delivery::Failed { .. }))
        })).await.expect("it failed");
        let code = messages(seen).find_map(|row| match &row.delivery {
            Some(Delivery::Failed { failure, .. }) => failure.meta_code,
            _ => None,
        });
        assert_eq!(code, Some(131_053));
        assert!(maria.inbox().is_empty());
    }

    async fn a_file_is_refused_by_its_first_bytes_whatever_was_said_of_it(team: TestTeam) {
        let (_desk, alice, _maria, _chat) = alice_and_maria(&team).await;
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
        for (bytes, problem) in [
            (heic, AttachmentProblem::Heic),
            (b"<html>".to_vec(), AttachmentProblem::WrongKind),
        ] {
            let file = MediaFile::new("image/jpeg", bytes);
            let refused = attach(&alice, &file, Some(AttachmentKind::Image)).await.expect_err("refused");
            assert_eq!((refused.code, refused.file), (ErrorCode::FileRefused, Some(problem)));
        }
        // What can be known beforehand is refused before a byte travels.
        let refused = begin(&alice, "image/heic", 10, None).await.expect_err("refused");
        assert_eq!(refused.file, Some(AttachmentProblem::Heic));
        let large = usize::try_from(MAX_FILE).expect("a size") + 1;
        let refused = begin(&alice, "application/pdf", large, None).await.expect_err("refused");
        assert_eq!(refused.file, Some(AttachmentProblem::TooLarge { most: MAX_FILE }));
    }

    async fn a_file_that_is_dropped_on_its_way_is_gone_and_makes_room(team: TestTeam) {
        let (_desk, alice, maria, chat) = alice_and_maria(&team).await;
        let half = drawing(PART);
        let mut on_their_way = Vec::new();
        let full = loop {
            match begin(&alice, "application/pdf", 2 * PART, None).await {
                Ok(of) => on_their_way.push(of),
                Err(error) => break error,
            }
            assert!(on_their_way.len() < 100, "there is a limit");
        };
        assert_eq!(full.code, ErrorCode::TooManyTries);
        let dropped = on_their_way.remove(0);
        part(&alice, &dropped, &half.bytes).await.expect("on its way");
        alice.call::<Nothing>(UiCall::DropAttachment(dropped.clone())).await.expect("dropped");
        for gone in [part(&alice, &dropped, &half.bytes).await.map(|_| ()), end(&alice, &dropped).await.map(|_| ())] {
            assert_eq!(gone.expect_err("it is gone").code, ErrorCode::NotFound);
        }
        // In its place another one goes, whole.
        let uploaded = attach(&alice, &half, None).await.expect("taken");
        send(&alice, &chat, uploaded, None).await;
        let received = maria.has_received(1).await.remove(0);
        let id = received.body["document"]["id"].as_str().expect("an id");
        assert_eq!(at_meta(&team, id).await, half.bytes);
        for of in on_their_way {
            alice.call::<Nothing>(UiCall::DropAttachment(of)).await.expect("dropped");
        }
    }
}
