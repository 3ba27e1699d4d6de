//! Files that agents send: checked, made fit, handed to Meta once, and never too late.

use std::{io::Cursor, time::Duration};

use ajar_domain::{
    ConversationId, Time,
    attachment::{AttachmentKind, AttachmentProblem},
    content::Content,
    delivery::Delivery,
    outbox::Parked,
    window::WINDOW,
};
use ajar_protocol::{
    command::Command,
    error::{ApiError, ErrorCode},
    hub::UploadedFile,
};
use ajar_simulator::{MediaFile, MessageRecord};
use ajar_tests::{TestAgent, TestTeam, on_every_database};

/// Hands a file over and sends it.
async fn sends(
    agent: &TestAgent,
    to: &ConversationId,
    file: &MediaFile,
    caption: Option<&str>,
) -> Result<ajar_domain::MessageId, ApiError> {
    let uploaded = agent.uploads(file, None).await?;
    send(agent, to, uploaded, caption).await
}

async fn send(
    agent: &TestAgent,
    to: &ConversationId,
    uploaded: UploadedFile,
    caption: Option<&str>,
) -> Result<ajar_domain::MessageId, ApiError> {
    let command = Command::SendFile {
        conversation: to.clone(),
        file: uploaded.file.id,
        kind: uploaded.kind,
        name: Some("../Invoice 7.pdf".into()),
        caption: caption.map(str::to_owned),
        reply_to: None,
        send_before: Time::FAR_FUTURE,
    };
    let answer = agent.does(command).await?;
    Ok(answer.message.expect("a message"))
}

fn last(team: &TestTeam) -> MessageRecord {
    team.sim.sends().pop().expect("something was sent")
}

/// A wide picture of a kind that WhatsApp takes for stickers only.
fn webp() -> MediaFile {
    let mut bytes = Vec::new();
    image::DynamicImage::new_rgb8(3_000, 200)
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::WebP)
        .expect("written");
    MediaFile::new("image/webp", bytes)
}

on_every_database! {
    async fn a_photo_with_words_arrives(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("What does it look like?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let photo = MediaFile::picture(3);
        let id = sends(&sami, &chat.id, &photo, Some(" Like this. ")).await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(30)).await;

        let sent = last(&team);
        assert_eq!(sent.kind, "image");
        assert_eq!(sent.body["image"]["caption"], "Like this.");
        assert!(sent.body["image"]["id"].is_string());
        let row = sami.message(&chat.id, &id).await;
        assert!(matches!(&row.delivery, Some(Delivery::Delivered { .. } | Delivery::Read { .. })), "{:?}", row.delivery);
        let Content::Image { media, caption } = &row.content else { panic!("{:?}", row.content) };
        assert_eq!(caption.as_deref(), Some("Like this."));
        assert!(media.width.is_some(), "the thread reserves its place");
        // Everybody in the team sees it.
        let dana = team.agent("Dana").await;
        assert_eq!(dana.file(&media.id).await, photo.bytes);
    }

    async fn a_document_keeps_its_name_and_no_path(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("The invoice, please").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        sends(&sami, &chat.id, &MediaFile::pdf("x.pdf", "Invoice"), None).await.expect("accepted");
        team.settled().await;
        let sent = last(&team);
        assert_eq!(sent.kind, "document");
        assert_eq!(sent.body["document"]["filename"], "Invoice 7.pdf");
    }

    async fn what_whatsapp_does_not_take_is_made_fit_or_refused_with_the_reason(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let fit = sami.uploads(&webp(), None).await.expect("made fit");
        assert!(fit.changed);
        assert_eq!(fit.file.mime_type, "image/jpeg");
        let heic = MediaFile::new("image/heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec());
        for (file, kind, problem) in [
            (&heic, None, AttachmentProblem::Heic),
            (&MediaFile::new("image/png", Vec::new()), None, AttachmentProblem::Empty),
            (
                &MediaFile::new("video/webm", vec![0x1a, 0x45, 0xdf, 0xa3]),
                Some(AttachmentKind::Video),
                AttachmentProblem::WrongKind,
            ),
        ] {
            let refused = sami.uploads(file, kind).await.expect_err("refused");
            assert_eq!(refused.code, ErrorCode::FileRefused);
            assert_eq!(refused.file, Some(problem));
        }
        // As a document it may go, if somebody wants it so.
        let as_document = sami.uploads(&heic, Some(AttachmentKind::Document)).await;
        assert!(!as_document.expect("taken").changed);
    }

    async fn a_file_goes_out_once_and_only_while_the_window_is_open(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let uploaded = sami.uploads(&MediaFile::picture(1), None).await.expect("taken");
        send(&sami, &chat.id, uploaded.clone(), None).await.expect("accepted");
        let again = send(&sami, &chat.id, uploaded, None).await.expect_err("it is on its way");
        assert_eq!(again.code, ErrorCode::Conflict);
        team.settled().await;
        assert_eq!(team.sim.sends().len(), 1);

        let voice = sami.uploads(&MediaFile::voice_note(2), Some(AttachmentKind::Voice)).await.expect("taken");
        let words = send(&sami, &chat.id, voice.clone(), Some("Listen")).await.expect_err("no words under sounds");
        assert_eq!(words.file, Some(AttachmentProblem::NoCaption));
        team.pass(WINDOW).await;
        let late = send(&sami, &chat.id, voice, None).await.expect_err("closed");
        assert_eq!(late.code, ErrorCode::WindowNotOpen);
        assert_eq!(team.sim.sends().len(), 1);
    }

    async fn a_file_whose_window_closes_on_the_way_is_parked_and_goes_when_they_write(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        // Meta asks us to come again later, and later is too late.
        team.sim.fail_sends(50, ajar_simulator::Fault::Error { code: 131_016 });
        let id = sends(&sami, &chat.id, &MediaFile::picture(1), None).await.expect("accepted");
        team.settled().await;
        team.pass(WINDOW).await;
        let row = sami.message(&chat.id, &id).await;
        assert!(
            matches!(&row.delivery, Some(Delivery::Parked { why: Parked::DeadlinePassed { .. }, .. } | Delivery::Failed { .. })),
            "{:?}", row.delivery
        );
        team.sim.clear_faults();
        maria.says("Still there?").await.expect("sent");
        team.settled().await;
        sami.does(Command::SendAgain { message: id.clone() }).await.expect("again");
        team.settled().await;
        assert_eq!(last(&team).kind, "image");
        assert_eq!(team.sim.sends().len(), 1);
    }
}
