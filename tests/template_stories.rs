//! Templates from the list to the customer's phone: every kind that Meta lists is sent, or stands
//! greyed with its reason; administrators hand new ones in and see what Meta decides.

use std::{collections::BTreeMap, time::Duration};

use ajar_domain::{
    attachment::AttachmentKind,
    content::Content,
    delivery::Delivery,
    failure::FailureCode,
    template::{
        Button, Category, Field, FieldProblem, HeaderMedia, Input, NotSendable, Template,
        TemplateStatus, draft::TemplateDraft,
    },
};
use ajar_hub::media::unsent::KEPT;
use ajar_protocol::{
    command::{Command, Recipient},
    error::{ApiError, ErrorCode},
    rows::TemplateRow,
};
use ajar_simulator::{Fault, MediaFile, MessageRecord};
use ajar_tests::{TestAgent, TestTeam, on_every_database};

/// A film as far as its first bytes tell.
fn film() -> MediaFile {
    MediaFile::new("video/mp4", &b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"[..])
}

async fn templates(agent: &TestAgent) -> Vec<TemplateRow> {
    let inbox = agent.inbox().await;
    agent
        .does(Command::RefreshTemplates { inbox })
        .await
        .expect("listed");
    agent.snapshot().await.templates
}

async fn named(agent: &TestAgent, name: &str) -> Template {
    templates(agent)
        .await
        .into_iter()
        .find(|row| row.template.name == name)
        .unwrap_or_else(|| panic!("no template {name}"))
        .template
}

/// A value that fits any field of its kind.
async fn value(team: &TestTeam, agent: &TestAgent, field: &Field) -> String {
    match field.input {
        Input::Text => field.example.clone().unwrap_or_else(|| "Odette".into()),
        Input::Code => "AB12".into(),
        Input::Degrees => "40.7128".into(),
        Input::Moment => (team.now() + Duration::from_secs(3_600))
            .millis()
            .to_string(),
        Input::File { media } => {
            let (file, kind) = match media {
                HeaderMedia::Image => (MediaFile::picture(3), AttachmentKind::Image),
                HeaderMedia::Video => (film(), AttachmentKind::Video),
                HeaderMedia::Document => (
                    MediaFile::pdf("a.pdf", "Estimate"),
                    AttachmentKind::Document,
                ),
                HeaderMedia::Location => unreachable!("a place is no file"),
            };
            let uploaded = agent.uploads(&file, Some(kind)).await.expect("taken");
            uploaded.file.id.to_string()
        }
    }
}

async fn send(
    agent: &TestAgent,
    to: &ajar_domain::ConversationId,
    template: &Template,
    values: BTreeMap<String, String>,
) -> Result<ajar_domain::MessageId, ApiError> {
    agent
        .does(Command::SendTemplate {
            to: Recipient::Conversation {
                conversation: to.clone(),
            },
            template: template.id.clone(),
            values,
            typed: BTreeMap::new(),
            hold: None,
        })
        .await
        .map(|answer| answer.message.expect("a message"))
}

fn last(team: &TestTeam) -> MessageRecord {
    team.sim.sends().pop().expect("something was sent")
}

fn visit_draft() -> TemplateDraft {
    TemplateDraft {
        name: "visit_confirmation".into(),
        language: "en".into(),
        category: Category::Utility,
        header: None,
        body: "Hello {{first_name}}, see you on {{visit_date}}.".into(),
        footer: Some("Quill & Spoke".into()),
        buttons: vec![Button::QuickReply {
            text: "Cancel".into(),
        }],
        examples: [("body.first_name", "Ana"), ("body.visit_date", "Monday")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

on_every_database! {
    async fn every_template_that_meta_lists_is_sent_or_stands_greyed_with_its_reason(team: TestTeam) {
        team.sim.add_built_in_templates();
        let sami = team.agent("Sami").await;
        let odette = team.sim.customer("Odette", "+1 555 014 2207");
        odette.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Odette").await.id;
        let (mut sent, mut greyed) = (Vec::new(), Vec::new());
        for row in templates(&sami).await {
            let template = row.template;
            let mut values = BTreeMap::new();
            for field in template.fields() {
                values.insert(field.key.clone(), value(&team, &sami, &field).await);
            }
            if let Some(why) = template.not_sendable() {
                let refused = send(&sami, &chat, &template, values).await.expect_err("greyed");
                assert_eq!(refused.code, ErrorCode::TemplateRefused, "{}", template.name);
                greyed.push((template.name, why));
                continue;
            }
            let id = send(&sami, &chat, &template, values).await.expect("accepted");
            // Each in its turn: Meta takes few to one customer at once.
            team.pass(Duration::from_secs(30)).await;
            let row = sami.message(&chat, &id).await;
            assert!(
                !matches!(row.delivery, Some(Delivery::Failed { .. } | Delivery::Queued)),
                "{}: {:?}", template.name, row.delivery
            );
            sent.push(template.name);
        }
        greyed.sort_by(|a, b| a.0.cmp(&b.0));
        let waits = |status| NotSendable::NotApproved { status };
        assert_eq!(greyed, [
            ("bike_club".to_owned(), waits(TemplateStatus::Rejected)),
            ("old_newsletter".to_owned(), waits(TemplateStatus::Disabled)),
            ("repair_survey".to_owned(), waits(TemplateStatus::Pending)),
            ("spring_sale".to_owned(), waits(TemplateStatus::Paused)),
        ]);
        assert_eq!(sent.len(), 18, "{sent:?}");
    }

    async fn a_picture_on_top_goes_to_meta_before_the_template_and_is_shown_with_it(team: TestTeam) {
        team.sim.add_built_in_templates();
        let sami = team.agent("Sami").await;
        let odette = team.sim.customer("Odette", "+1 555 014 2207");
        odette.says("Hello?").await.expect("sent");
        team.pass(Duration::from_secs(25 * 60 * 60)).await;
        let chat = sami.chat("Odette").await.id;
        let template = named(&sami, "hold_reminder").await;
        let photo = MediaFile::picture(3);
        let uploaded = sami.uploads(&photo, None).await.expect("taken");
        let mut values: BTreeMap<String, String> = template
            .fields()
            .into_iter()
            .map(|field| (field.key, "Odette".to_owned()))
            .collect();
        values.insert("header".into(), uploaded.file.id.to_string());

        // The line breaks in the middle of the file: it goes again, and the template once.
        let id = send(&sami, &chat, &template, values.clone()).await.expect("accepted");
        team.settled().await;
        let sent = last(&team);
        let header = &sent.body["template"]["components"][0];
        assert_eq!(header["type"], "header");
        assert!(header["parameters"][0]["image"]["id"].is_string());
        let row = sami.message(&chat, &id).await;
        let Content::Template { template: shown } = row.content else {
            panic!("{:?}", row.content);
        };
        assert_eq!(shown.header_file.expect("a picture").id, uploaded.file.id);
        assert_eq!(shown.values["header"], values["header"]);

        // The same picture serves the next customer as well.
        send(&sami, &chat, &template, values.clone()).await.expect("accepted");
        team.pass(Duration::from_secs(30)).await;
        assert_eq!(team.sim.sends().len(), 2);

        values.insert("header".into(), "no-such-file".into());
        let refused = send(&sami, &chat, &template, values).await.expect_err("no file");
        assert_eq!(refused.fields, [FieldProblem::NoSuchFile { key: "header".into() }]);
    }

    async fn an_upload_that_nobody_sends_is_gone_after_a_month_and_a_sent_one_is_kept(team: TestTeam) {
        team.sim.add_built_in_templates();
        let sami = team.agent("Sami").await;
        let odette = team.sim.customer("Odette", "+1 555 014 2207");
        odette.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Odette").await.id;
        let template = named(&sami, "hold_reminder").await;
        let kept = sami.uploads(&MediaFile::picture(3), None).await.expect("taken").file;
        let left = sami.uploads(&MediaFile::picture(4), None).await.expect("taken").file;
        let values = |file: &ajar_domain::MediaId| -> BTreeMap<String, String> {
            let fields = template.fields().into_iter();
            let words = fields.map(|field| (field.key, "Odette".to_owned()));
            words.chain([("header".to_owned(), file.to_string())]).collect()
        };
        send(&sami, &chat, &template, values(&kept.id)).await.expect("accepted");
        team.settled().await;

        let core = team.hub.core();
        team.clock.advance(KEPT - Duration::from_secs(60));
        team.settled().await;
        assert_eq!(sami.file(&left.id).await, MediaFile::picture(4).bytes);
        team.clock.advance(Duration::from_secs(120));
        let gone = async {
            while core.store.read().await.expect("open").oldest_unsent().await.expect("asked").is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), gone).await.expect("thrown away");
        assert!(core.shelf.stream(&left.id).await.is_err(), "nothing of it is left");
        let refused = send(&sami, &chat, &template, values(&left.id)).await.expect_err("no file");
        assert_eq!(refused.fields, [FieldProblem::NoSuchFile { key: "header".into() }]);
        send(&sami, &chat, &template, values(&kept.id)).await.expect("the first serves again");
        assert_eq!(sami.file(&kept.id).await, MediaFile::picture(3).bytes);
    }

    async fn a_film_is_no_picture(team: TestTeam) {
        team.sim.add_built_in_templates();
        let sami = team.agent("Sami").await;
        let odette = team.sim.customer("Odette", "+1 555 014 2207");
        odette.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Odette").await.id;
        let template = named(&sami, "hold_reminder").await;
        let uploaded = sami.uploads(&film(), Some(AttachmentKind::Video)).await.expect("taken");
        let values = template
            .fields()
            .into_iter()
            .map(|field| (field.key, uploaded.file.id.to_string()))
            .collect();
        let refused = send(&sami, &chat, &template, values).await.expect_err("a film");
        assert_eq!(refused.fields, [FieldProblem::NoSuchFile { key: "header".into() }]);
    }

    async fn a_code_needs_a_number(team: TestTeam) {
        team.sim.add_built_in_templates();
        let sami = team.agent("Sami").await;
        team.sim
            .customer_with_username("Noa", "noa.rides")
            .says("Hi!")
            .await
            .expect("sent");
        team.settled().await;
        let chat = sami.snapshot().await.conversations.remove(0);
        assert!(chat.customer.number.is_none());
        let code = named(&sami, "collect_code").await;
        let values = [("code".to_owned(), "482911".to_owned())].into();
        let refused = send(&sami, &chat.id, &code, values).await.expect_err("no number");
        assert_eq!(refused.code, ErrorCode::NoNumber);
    }

    async fn an_administrator_hands_a_template_in_and_meta_decides(team: TestTeam) {
        let (ines, sami) = (team.admin("Inês").await, team.agent("Sami").await);
        let inbox = ines.inbox().await;
        let create = |draft| Command::CreateTemplate { inbox: inbox.clone(), draft };
        let refused = sami.does(create(visit_draft())).await.expect_err("no administrator");
        assert_eq!(refused.code, ErrorCode::Forbidden);
        let wrong = TemplateDraft { name: "Visit".into(), ..visit_draft() };
        let refused = ines.does(create(wrong)).await.expect_err("a wrong name");
        assert_eq!(refused.code, ErrorCode::ContentRefused);
        assert_eq!(refused.problems[0].field, "name");

        let first = ines.does_as("create-1", create(visit_draft())).await.expect("handed in");
        // The answer was lost on the way, so the desktop asks again: nothing happens twice.
        let again = ines.does_as("create-1", create(visit_draft())).await.expect("the same");
        assert_eq!(again.visible_at, first.visible_at);
        let visit = named(&ines, "visit_confirmation").await;
        assert_eq!(visit.status, TemplateStatus::Pending);
        assert!(matches!(visit.not_sendable(), Some(NotSendable::NotApproved { .. })));

        team.sim
            .set_template_status("visit_confirmation", "en", "APPROVED")
            .expect("decided");
        team.settled().await;
        let visit = named(&ines, "visit_confirmation").await;
        assert_eq!(visit.not_sendable(), None);
        assert!(TemplateDraft::can_be_written(&visit));

        let changed = TemplateDraft { body: "Hi {{first_name}}, {{visit_date}} it is.".into(), ..TemplateDraft::of(&visit) };
        ines.does(Command::EditTemplate { template: visit.id.clone(), draft: changed })
            .await
            .expect("changed");
        assert_eq!(named(&ines, "visit_confirmation").await.body, "Hi {{first_name}}, {{visit_date}} it is.");

        ines.does(Command::DeleteTemplate { template: visit.id.clone() }).await.expect("deleted");
        let gone = ines.snapshot().await.templates.into_iter()
            .find(|row| row.template.id == visit.id);
        assert!(gone.is_none_or(|row| row.gone));
    }

    async fn what_meta_refuses_comes_back_in_its_words(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let odette = team.sim.customer("Odette", "+1 555 014 2207");
        odette.says("Hello?").await.expect("sent");
        team.settled().await;
        team.sim.add_built_in_templates();
        let chat = sami.chat("Odette").await.id;
        let form = named(&sami, "drop_off_form").await;
        team.sim.fail_sends(1, Fault::Error { code: 132_068 });
        let values: BTreeMap<String, String> = form
            .fields()
            .into_iter()
            .map(|field| (field.key, "Monday".to_owned()))
            .collect();
        let id = send(&sami, &chat, &form, values.clone()).await.expect("accepted");
        team.settled().await;
        let row = sami.message(&chat, &id).await;
        let Some(Delivery::Failed { failure, .. }) = row.delivery else {
            panic!("{:?}", row.delivery);
        };
        assert_eq!(failure.code, FailureCode::FormUnusable);
        // It opens again with what was filled in.
        let Content::Template { template } = row.content else {
            panic!("a template");
        };
        assert_eq!((template.template, template.values), (Some(form.id), values));
    }
}
