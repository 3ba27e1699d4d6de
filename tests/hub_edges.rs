//! What happens at the edges: forged, broken, oversized and unknown webhooks, wrong codes,
//! missing settings, and webhooks in any order, any number of times.

use std::{path::PathBuf, process::Command as Process};

use ajar_protocol::error::{ErrorCode, RetryAdvice};
use ajar_simulator::{SIGNATURE_HEADER, sign};
use ajar_tests::{Db, TestAgent, TestTeam, on_every_database};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

async fn post(team: &TestTeam, body: Vec<u8>, signature: Option<String>) -> u16 {
    let mut request = ajar_tests::http()
        .post(format!("{}/webhooks/whatsapp", team.hub.url()))
        .body(body);
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    request.send().await.expect("an answer").status().as_u16()
}

async fn deliver(team: &TestTeam, body: &[u8]) {
    let signature = sign(&team.sim.app_secret(), body);
    assert_eq!(post(team, body.to_vec(), Some(signature)).await, 200);
}

on_every_database! {
    async fn only_metas_own_signature_is_taken(team: TestTeam) {
        let body = br#"{"object":"whatsapp_business_account","entry":[]}"#.to_vec();
        assert_eq!(post(&team, body.clone(), None).await, 401);
        assert_eq!(post(&team, body.clone(), Some("sha256=00".into())).await, 401);
        let forged = sign("another secret", &body);
        assert_eq!(post(&team, body.clone(), Some(forged)).await, 401);
        let right = sign(&team.sim.app_secret(), &body);
        assert_eq!(post(&team, body.clone(), Some(right.clone())).await, 200);
        let mut changed = body;
        changed.push(b' ');
        assert_eq!(post(&team, changed, Some(right)).await, 401, "over the raw bytes");
    }

    async fn malformed_json_is_kept_acknowledged_and_listed(team: TestTeam) {
        let sami = team.admin("Sami").await;
        deliver(&team, b"{ this is not JSON").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        assert_eq!(sami.chat("Maria").await.unread, 1, "the neighbour arrived");
        let listed: Vec<Value> = sami.get("/v1/admin/not-understood").await.expect("the list");
        assert!(listed.iter().any(|item| item["kind"] == "malformed"), "{listed:?}");
        let ana = team.agent("Ana").await;
        let refused = ana.get::<Vec<Value>>("/v1/admin/not-understood").await.expect_err("not an administrator");
        assert_eq!(refused.code, ErrorCode::Forbidden);
    }

    async fn unknown_fields_and_kinds_harm_no_neighbour(team: TestTeam) {
        let sami = team.admin("Sami").await;
        team.sim.webhook("something_of_next_year", json!({"anything": [1, 2, 3]}));
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.sends(json!({"type": "hologram", "hologram": {"id": "7"}})).await.expect("sent");
        maria.says("Did you get that?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        assert_eq!(sami.messages(&chat.id).await.len(), 2);
        let listed: Vec<Value> = sami.get("/v1/admin/not-understood").await.expect("the list");
        assert!(listed.iter().any(|item| item["field"] == "something_of_next_year"), "{listed:?}");
    }

    async fn a_body_over_three_megabytes_is_413(team: TestTeam) {
        let body = vec![b' '; 3 * 1024 * 1024 + 1];
        let signature = sign(&team.sim.app_secret(), &body);
        assert_eq!(post(&team, body, Some(signature)).await, 413);
    }

    async fn metas_question_for_the_address_is_answered(team: TestTeam) {
        let ask = |token: &'static str| {
            let url = format!("{}/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=42&hub.verify_token={token}", team.hub.url());
            async move { reqwest::get(url).await.expect("an answer") }
        };
        let right = ask("verify").await;
        assert_eq!(right.status().as_u16(), 200);
        assert_eq!(right.text().await.expect("a body"), "42");
        assert_eq!(ask("wrong").await.status().as_u16(), 403);
    }

    async fn the_hub_can_be_watched_and_describes_itself(team: TestTeam) {
        for (path, word) in [("/healthz", "ok"), ("/readyz", "ready"), ("/metrics", "ajar_webhooks"), ("/v1/openapi.json", "\"/v1/commands\"")] {
            let maria = team.sim.customer("Maria", "+1 555 014 2207");
            maria.says("Hello?").await.expect("sent");
            team.settled().await;
            let answer = reqwest::get(format!("{}{path}", team.hub.url())).await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{path}");
            let text = answer.text().await.expect("text");
            assert!(text.contains(word), "{path}: {text}");
        }
    }

    async fn a_revoked_agent_sees_nothing_any_more(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let mut tx = team.hub.core().store.begin().await.expect("a transaction");
        tx.revoke_agent(&sami.id).await.expect("revoked");
        tx.commit().await.expect("committed");
        let refused = sami.get::<Value>("/v1/conversations/x/messages").await.expect_err("shut out");
        assert_eq!(refused.code, ErrorCode::Unauthorised);
    }
}

/// The limit counts per address and process, so this story has a process to itself in no test
/// runner; it is the only one that tries wrong codes in a row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_join_codes_is_slowed_down() {
    let team = TestTeam::start(Db::Memory).await;
    let (_, code) = team
        .hub
        .add_agent("Sami", ajar_protocol::rows::Role::Agent)
        .await
        .expect("added");
    let mut slowed = None;
    for _ in 0..40 {
        let wrong = TestAgent::join(&team.hub.url(), "AAAA-BBBB-CCCC")
            .await
            .err()
            .expect("wrong");
        match wrong.code {
            ErrorCode::WrongCode => {}
            ErrorCode::TooManyTries => {
                slowed = Some(wrong.retry);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(
        matches!(slowed, Some(RetryAdvice::Later { .. })),
        "{slowed:?}"
    );
    let spelled = code.to_lowercase().replace('-', " ");
    TestAgent::join(&team.hub.url(), &spelled)
        .await
        .expect("a right code works, however it is typed");
    let used = TestAgent::join(&team.hub.url(), &code)
        .await
        .err()
        .expect("used up");
    assert!(matches!(
        used.code,
        ErrorCode::WrongCode | ErrorCode::TooManyTries
    ));
}

/// Everything that a team sees, without ids of ours: what two hubs must agree on.
async fn picture(team: &TestTeam) -> Value {
    let sami = team.agent("The observer").await;
    let mut chats = Vec::new();
    for row in sami.snapshot().await.conversations {
        let messages: Vec<Value> = sami
            .messages(&row.id)
            .await
            .into_iter()
            .map(|message| {
                json!({
                    "wamid": message.wamid, "position": message.position,
                    "author": message.author, "at": message.at,
                    "words": message.content.preview(),
                    "quotes": message.quotes, "delivery": message.delivery,
                    "reactions": message.reactions.iter().map(|r| &r.emoji).collect::<Vec<_>>(),
                })
            })
            .collect();
        chats.push(json!({
            "customer": row.customer.name, "number": row.customer.number,
            "facts": row.facts, "unread": row.unread, "waiting": row.waiting_since,
            "activity": row.activity_at, "phone_first": row.phone_first,
            "last": row.last.map(|last| last.preview), "messages": messages,
        }));
    }
    chats.sort_by_key(std::string::ToString::to_string);
    Value::Array(chats)
}

/// A lively afternoon, as the bodies that Meta posted.
async fn an_afternoon() -> Vec<Vec<u8>> {
    let team = TestTeam::start(Db::Memory).await;
    let minute = std::time::Duration::from_secs(61);
    let maria = team.sim.customer("Maria", "+1 555 014 2207");
    let kit = team
        .sim
        .customer_with_username("Kit Rosander", "kit.rosander");
    let juno = team.sim.customer("Juno", "+1 555 017 3364");
    let first = maria.says("Is the tandem ready?").await.expect("sent");
    team.clock.advance(minute);
    let echo = team
        .sim
        .phone()
        .types(&maria, "Nearly")
        .await
        .expect("typed");
    team.clock.advance(minute);
    maria.reacts(echo, "🙏").await.expect("reacted");
    team.clock.advance(minute);
    maria
        .replies(first, "I meant the blue one")
        .await
        .expect("sent");
    kit.says("Do you fix child seats?").await.expect("sent");
    team.clock.advance(minute);
    team.sim
        .phone()
        .types(&juno, "Hi Juno, it is ready")
        .await
        .expect("typed");
    team.clock.advance(minute);
    juno.says("Great").await.expect("sent");
    kit.sends_image(ajar_simulator::MediaFile::png(3), Some("This seat"))
        .await
        .expect("sent");
    team.clock.advance(minute);
    kit.calls_in_vain().await.expect("called");
    team.settled().await;
    team.sim
        .webhooks()
        .into_iter()
        .map(|record| {
            let body = json!({
                "object": "whatsapp_business_account",
                "entry": [{
                    "id": team.sim.waba_id(),
                    "changes": [{ "field": record.field, "value": record.value }],
                }],
            });
            serde_json::to_vec(&body).expect("JSON")
        })
        .collect()
}

/// The law of the projector: any order and any repetition of the same webhooks ends in the
/// same rows and the same windows.
#[test]
fn any_order_and_any_repetition_end_in_the_same_rows() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let bodies = runtime.block_on(an_afternoon());
    assert!(bodies.len() >= 9, "a lively afternoon: {}", bodies.len());
    let straight = runtime.block_on(told(&bodies));
    let indices: Vec<usize> = (0..bodies.len()).chain(0..bodies.len()).collect();
    let orders = Just(indices).prop_shuffle();
    let mut runner = TestRunner::new(proptest::test_runner::Config {
        cases: 24,
        failure_persistence: None,
        ..Default::default()
    });
    runner
        .run(&orders, |order| {
            let shuffled: Vec<Vec<u8>> = order
                .iter()
                .filter_map(|index| bodies.get(*index).cloned())
                .collect();
            let other = runtime.block_on(told(&shuffled));
            prop_assert_eq!(&straight, &other);
            Ok(())
        })
        .expect("the law holds");
}

/// The picture of a fresh hub that was told these webhooks, in this order.
async fn told(bodies: &[Vec<u8>]) -> Value {
    let team = TestTeam::start(Db::Memory).await;
    team.clock.advance(std::time::Duration::from_secs(3600));
    for body in bodies {
        deliver(&team, body).await;
    }
    team.hub.settled().await.expect("settled");
    let mut seen = picture(&team).await;
    // When each webhook reached this hub is its own business; the effective time is not.
    strip(&mut seen, "received_at");
    seen
}

fn strip(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.remove(key);
            map.values_mut().for_each(|value| strip(value, key));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| strip(value, key)),
        _ => {}
    }
}

/// The built program of this name, beside the test's own folder.
fn program(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("this test");
    path.pop();
    path.pop();
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is built by cargo build --workspace",
        path.display()
    );
    path
}

#[test]
fn a_missing_setting_is_one_line_and_exit_code_two() {
    let output = Process::new(program("ajar-hub"))
        .arg("serve")
        .env_clear()
        .env("HOME", std::env::temp_dir())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.contains("AJAR_META_ACCESS_TOKEN"), "{said}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", dir.path().join("ajar.db").display());
    let add = |name: &str| {
        Process::new(program("ajar-hub"))
            .args(["agent", "add", name])
            .env("AJAR_DATABASE_URL", &url)
            .env("AJAR_DATA_DIR", dir.path())
            .output()
            .expect("it runs")
    };
    let first = add("Sami");
    assert!(first.status.success());
    assert!(String::from_utf8_lossy(&first.stdout).contains("join code for Sami: "));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&url).await.expect("opened");
        sqlx::query("UPDATE _sqlx_migrations SET version = 999 WHERE version = 1")
            .execute(&pool)
            .await
            .expect("a database of the future");
        pool.close().await;
    });
    let refused = add("Ana");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("newer version of Ajar"), "{said}");
}
