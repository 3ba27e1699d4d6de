//! Meta's error numbers, sorted: what an agent is told and what the machine may do.
//!
//! The one table of section 11. It builds on `error.code` and `error_data.details` and never on
//! titles; HTTP status codes are secondary and `error_subcode` is obsolete (Meta's page
//! `support/error-codes`). The same numbers come in answers to requests and in `failed`
//! statuses.

use ajar_domain::{
    failure::{Failure, FailureCode, Retry},
    outbox::Answer,
};
use serde_json::Value;

use super::node::Node;

/// The meaning of a number, and whether the machine may send the same thing again.
///
/// The meanings are documented; the retries are Meta's advice where it gives any, and otherwise
/// our cautious choice.
#[must_use]
pub fn sort(code: i64) -> (FailureCode, Retry) {
    use FailureCode as F;
    match code {
        131_047 => (F::WindowClosed, Retry::Never),
        // The number's throughput: everything it sends waits.
        130_429 => (F::RateLimited, Retry::WholeNumber),
        // One customer got too much; others are unaffected.
        131_056 => (F::RateLimited, Retry::PerRecipient),
        // Call limits of the app and of the account.
        4 | 80_007 => (F::RateLimited, Retry::CallLimit),
        // Too many registrations: waiting helps, this message does not.
        133_016 => (F::RateLimited, Retry::Never),
        // Quality restriction; limit after misclassified templates.
        131_048 | 131_064 => (F::Restricted, Retry::Never),
        131_037 => (F::NameNotApproved, Retry::Never),
        // Not allowed in the country of this customer. The number may still write to others,
        // so the queue goes on although the account is restricted.
        130_497 => (F::CountryNotAllowed, Retry::Never),
        131_062 => (F::NeedsNumber, Retry::Never),
        131_021 => (F::ToOurselves, Retry::Never),
        131_051 => (F::KindNotSupported, Retry::Never),
        132_068 | 132_069 => (F::FormUnusable, Retry::Never),
        368 | 131_031 => (F::Restricted, Retry::StopQueue),
        131_049 | 130_472 => (F::WithheldByMeta, Retry::Never),
        131_050 => (F::OptedOut, Retry::Never),
        // 131030 (not on the list of a test number) is known from practice only.
        131_026 | 131_030 => (F::Undeliverable, Retry::Never),
        130_403 => (F::Blocked, Retry::Never),
        131_052 | 131_053 => (F::MediaUnusable, Retry::Never),
        131_042 => (F::Payment, Retry::Never),
        // A service that is down for a moment.
        131_016 | 133_004 | 1 | 2 => (F::MetaFault, Retry::Later),
        // "Something went wrong": once or twice more, then somebody should look.
        131_000 => (F::MetaFault, Retry::FewTimes),
        // The number is being moved, for example to a higher throughput.
        131_057 => (F::MetaFault, Retry::Maintenance),
        // A block list that somebody else changes, or that failed inside Meta.
        139_102 | 139_103 => (F::MetaFault, Retry::Later),
        131_045 | 133_000..=133_015 => (F::NumberNotConnected, Retry::Never),
        // Parameters, translation, length, policy, format, pauses, flows.
        132_000..=132_999 => (F::TemplateUnusable, Retry::Never),
        0 | 190 | 3 | 10 | 200..=299 | 131_005 => (F::Unauthorised, Retry::StopQueue),
        33
        | 100
        | 131_008
        | 131_009
        | 131_055
        | 131_063
        | 134_100..=134_102
        | 139_100
        | 139_101
        | 147_001..=147_005
        | 2_593_107..=2_593_109 => (F::BadRequest, Retry::Never),
        _ => (F::Unknown, Retry::Never),
    }
}

/// One of Meta's error objects: `error` of an answer, or an element of `errors` in a webhook.
/// `None` if it has no number: then it is not one of Meta's.
pub(super) fn read(error: Node<'_>) -> Option<(Failure, Retry)> {
    let meta_code = error.get("code").whole()?;
    let (code, mut retry) = sort(meta_code);
    // Meta's own word that a fault passes counts where we do not know the number.
    if code == FailureCode::Unknown && error.get("is_transient").flag() == Some(true) {
        retry = Retry::Later;
    }
    let detail = [
        error.get("error_data").get("details"),
        error.get("message"),
        error.get("title"),
    ]
    .into_iter()
    .find_map(Node::words)
    .map(|words| scrub(&words))
    .filter(|words| !words.is_empty());
    Some((
        Failure {
            code,
            meta_code: Some(meta_code),
            detail,
        },
        retry,
    ))
}

/// The first error of a list that has a number.
pub(super) fn read_first(errors: Node<'_>) -> Option<(Failure, Retry)> {
    errors.items().find_map(read)
}

/// Why Meta refused the request for the phone's contacts or past (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncRefused {
    AskedBefore,
    /// More than 24 hours after onboarding.
    TooLate,
    Otherwise,
}

#[must_use]
pub fn sync_refused(failure: &Failure) -> SyncRefused {
    match failure.meta_code {
        Some(2_593_107) => SyncRefused::AskedBefore,
        Some(2_593_108) => SyncRefused::TooLate,
        _ => SyncRefused::Otherwise,
    }
}

/// Whether a failure says that the owner of the phone did not share its past.
#[must_use]
pub fn is_history_declined(failure: &Failure) -> bool {
    failure.meta_code == Some(2_593_109)
}

/// What became of a message, judged by the answer to the request.
///
/// An error body of Meta's means that the message was *not* accepted, whatever the status says,
/// so a retry cannot duplicate it. Everything that is neither Meta's id nor Meta's error (no
/// body, half a body, the page of a proxy) leaves it open, and is [`Answer::Lost`].
#[must_use]
pub fn classify(status: u16, body: &[u8]) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Answer::Lost;
    };
    let body = Node::of(&body);
    let accepted = (200..300).contains(&status);
    if accepted && let Some(wamid) = body.get("messages").first().get("id").wamid() {
        let held = body
            .get("messages")
            .first()
            .get("message_status")
            .str()
            .is_some_and(|status| status == "held_for_quality_assessment");
        return Answer::Accepted { wamid, held };
    }
    match read(body.get("error")) {
        Some((failure, retry)) => Answer::Refused { failure, retry },
        None => Answer::Lost,
    }
}

/// Meta's words without what must not be shown in a log: phone numbers, ids of people, access
/// tokens (Meta repeats a malformed one in its complaint) and quoted values.
#[must_use]
pub fn scrub(words: &str) -> String {
    let words = words.trim();
    // `(#131047) Re-engagement message`: the number is kept beside the words.
    let words = words
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once(") "))
        .map_or(words, |(_, rest)| rest);
    let mut kept = String::with_capacity(words.len());
    for word in hide_quoted(words).split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(if is_secret(word) { "…" } else { word });
    }
    hide_numbers(&kept).chars().take(300).collect()
}

/// Long words without a meaning (tokens, message ids) and ids of people.
fn is_secret(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let person = bare.split_once('.').is_some_and(|(country, rest)| {
        country.len() == 2
            && country.chars().all(|c| c.is_ascii_uppercase())
            && rest.len() >= 6
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    });
    // Our own parameters' names (`biz_opaque_callback_data`) have underscores.
    let token = bare.len() > 32 && !bare.contains(['_', '/']);
    person || token || bare.starts_with("wamid.") || bare.starts_with("EAA") && bare.len() > 12
}

/// Text in double quotes may be what somebody wrote.
fn hide_quoted(words: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    for (index, part) in words.split('"').enumerate() {
        if index > 0 {
            kept.push('"');
        }
        let inside = index % 2 == 1;
        kept.push_str(if inside && part.chars().count() > 16 {
            "…"
        } else {
            part
        });
    }
    kept
}

/// Runs of digits and separators with seven digits or more.
fn hide_numbers(words: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    let mut run = String::new();
    let flush = |run: &mut String, kept: &mut String| {
        if run.chars().filter(char::is_ascii_digit).count() >= 7 {
            let tail = run.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
            let head = run.len() - run.trim_start_matches([' ', '(', '.']).len();
            kept.push_str(&run[..head]);
            kept.push('…');
            kept.push_str(&run[tail..]);
        } else {
            kept.push_str(run);
        }
        run.clear();
    };
    for c in words.chars() {
        if c.is_ascii_digit() || "+-(). ".contains(c) {
            run.push(c);
        } else {
            flush(&mut run, &mut kept);
            kept.push(c);
        }
    }
    flush(&mut run, &mut kept);
    kept
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use ajar_domain::WaMessageId;

    use super::*;

    fn graph(path: &str) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/meta/graph");
        fs::read(root.join(path)).expect("the fixture is there")
    }

    fn refused(name: &str) -> (FailureCode, Retry) {
        // The names say the status: 131047_http400.json.
        let status = name
            .split_once("http")
            .map_or(400, |(_, rest)| rest[..3].parse().expect("a status"));
        match classify(status, &graph(&format!("errors/{name}.json"))) {
            Answer::Refused { failure, retry } => {
                let number = name.split('_').next().expect("a number");
                assert_eq!(failure.meta_code, number.parse().ok(), "{name}");
                assert!(failure.detail.is_some_and(|detail| detail.len() > 5));
                (failure.code, retry)
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn every_error_body_is_sorted() {
        use FailureCode as F;
        use Retry as R;
        let table = [
            ("100_http400", F::BadRequest, R::Never),
            ("100_http400_object_missing", F::BadRequest, R::Never),
            ("10_http403_permission", F::Unauthorised, R::StopQueue),
            (
                "130429_documented_example_with_subcode",
                F::RateLimited,
                R::WholeNumber,
            ),
            ("130429_http400", F::RateLimited, R::WholeNumber),
            ("131000_http500", F::MetaFault, R::FewTimes),
            ("131005_http403", F::Unauthorised, R::StopQueue),
            ("131008_http400", F::BadRequest, R::Never),
            ("131009_http400", F::BadRequest, R::Never),
            ("131016_http500", F::MetaFault, R::Later),
            ("131021_http400", F::ToOurselves, R::Never),
            ("131026_http400", F::Undeliverable, R::Never),
            ("131031_http403", F::Restricted, R::StopQueue),
            ("131042_http400", F::Payment, R::Never),
            ("131047_http400", F::WindowClosed, R::Never),
            ("131048_http400", F::Restricted, R::Never),
            ("131051_http400", F::KindNotSupported, R::Never),
            ("131056_http400", F::RateLimited, R::PerRecipient),
            ("131057_http500", F::MetaFault, R::Maintenance),
            ("131062_http400", F::NeedsNumber, R::Never),
            ("131064_http400", F::Restricted, R::Never),
            ("132000_http400", F::TemplateUnusable, R::Never),
            ("132001_http404", F::TemplateUnusable, R::Never),
            ("132012_http400", F::TemplateUnusable, R::Never),
            ("132015_http400", F::TemplateUnusable, R::Never),
            ("132016_http400", F::TemplateUnusable, R::Never),
            ("133010_http400", F::NumberNotConnected, R::Never),
            ("190_http401_token_expired", F::Unauthorised, R::StopQueue),
            ("2593107_http400", F::BadRequest, R::Never),
            ("2593108_http400", F::BadRequest, R::Never),
            ("2_http503_temporary", F::MetaFault, R::Later),
            ("368_http403", F::Restricted, R::StopQueue),
            ("4_http400", F::RateLimited, R::CallLimit),
            ("80007_http400", F::RateLimited, R::CallLimit),
        ];
        for (name, code, retry) in table {
            assert_eq!(refused(name), (code, retry), "{name}");
        }
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/meta/graph/errors");
        let files = fs::read_dir(root).expect("the folder is there").count();
        assert_eq!(files, table.len(), "an error body is not in the table");
    }

    /// Section 11 of the platform notes, line by line.
    #[test]
    fn every_code_of_the_platform_notes_has_its_meaning_and_its_retry() {
        use FailureCode as F;
        use Retry as R;
        let lines: [(&[std::ops::RangeInclusive<i64>], FailureCode, Retry); 35] = [
            (&[131_047..=131_047], F::WindowClosed, R::Never),
            (&[130_429..=130_429], F::RateLimited, R::WholeNumber),
            (&[131_056..=131_056], F::RateLimited, R::PerRecipient),
            (&[4..=4, 80_007..=80_007], F::RateLimited, R::CallLimit),
            (&[131_048..=131_048], F::Restricted, R::Never),
            (&[131_064..=131_064], F::Restricted, R::Never),
            (&[133_016..=133_016], F::RateLimited, R::Never),
            (&[131_049..=131_049], F::WithheldByMeta, R::Never),
            (&[131_050..=131_050], F::OptedOut, R::Never),
            (&[130_472..=130_472], F::WithheldByMeta, R::Never),
            (&[131_026..=131_026], F::Undeliverable, R::Never),
            (&[131_030..=131_030], F::Undeliverable, R::Never),
            (&[130_403..=130_403], F::Blocked, R::Never),
            (&[131_021..=131_021], F::ToOurselves, R::Never),
            (&[131_062..=131_062], F::NeedsNumber, R::Never),
            (&[131_051..=131_051], F::KindNotSupported, R::Never),
            (&[131_052..=131_053], F::MediaUnusable, R::Never),
            (&[131_042..=131_042], F::Payment, R::Never),
            (&[131_045..=131_045], F::NumberNotConnected, R::Never),
            (&[131_057..=131_057], F::MetaFault, R::Maintenance),
            (&[131_000..=131_000], F::MetaFault, R::FewTimes),
            (
                &[131_016..=131_016, 133_004..=133_004, 1..=2],
                F::MetaFault,
                R::Later,
            ),
            (
                &[100..=100, 131_008..=131_009, 33..=33],
                F::BadRequest,
                R::Never,
            ),
            (
                &[
                    132_000..=132_001,
                    132_005..=132_005,
                    132_007..=132_007,
                    132_012..=132_012,
                    132_015..=132_016,
                    132_018..=132_018,
                ],
                F::TemplateUnusable,
                R::Never,
            ),
            (
                &[131_063..=131_063, 131_055..=131_055, 134_100..=134_102],
                F::BadRequest,
                R::Never,
            ),
            (&[0..=0, 190..=190], F::Unauthorised, R::StopQueue),
            (
                &[3..=3, 10..=10, 200..=299, 131_005..=131_005],
                F::Unauthorised,
                R::StopQueue,
            ),
            (&[368..=368, 131_031..=131_031], F::Restricted, R::StopQueue),
            // One country of many: the queue goes on.
            (&[130_497..=130_497], F::CountryNotAllowed, R::Never),
            (&[131_037..=131_037], F::NameNotApproved, R::Never),
            (&[132_068..=132_069], F::FormUnusable, R::Never),
            (
                &[133_000..=133_003, 133_005..=133_015],
                F::NumberNotConnected,
                R::Never,
            ),
            (&[2_593_107..=2_593_109], F::BadRequest, R::Never),
            (
                &[139_100..=139_101, 147_001..=147_005],
                F::BadRequest,
                R::Never,
            ),
            (&[139_102..=139_103], F::MetaFault, R::Later),
        ];
        for (ranges, code, retry) in lines {
            for number in ranges.iter().cloned().flatten() {
                assert_eq!(sort(number), (code, retry), "{number}");
            }
        }
        // Only in webhooks, and no failure of ours: what it stands for is on the phone.
        assert_eq!(sort(131_060).1, R::Never);
    }

    #[test]
    fn an_accepted_message_has_its_id() {
        for (name, id) in [
            (
                "text",
                "wamid.HBgLMTU1NTAxMDAwMDEVAgARGBJFMzJFOTg2NzFDRUVGREQwMTcA",
            ),
            (
                "text_to_bsuid",
                "wamid.HBgLMTU1NTAxMDAwMDMVAgARGBJGMDM0REE4NjREMjZBOTVCRUEA",
            ),
        ] {
            assert_eq!(
                classify(200, &graph(&format!("send/{name}.response.json"))),
                Answer::Accepted {
                    wamid: WaMessageId::new(id),
                    held: false,
                }
            );
        }
        for (name, is_held) in [
            ("response_accepted", false),
            ("response_held", true),
            ("response_paused", false),
        ] {
            let answer = classify(200, &graph(&format!("send/template.{name}.json")));
            assert!(
                matches!(answer, Answer::Accepted { held, .. } if held == is_held),
                "{name}"
            );
        }
    }

    #[test]
    fn an_answer_that_says_nothing_is_lost() {
        let says_nothing: [(u16, &[u8]); 8] = [
            (200, b""),
            (200, b"{}"),
            (200, br#"{"messages":[]}"#),
            (200, br#"{"messages":[{"id":"wam"#),
            (500, b"<html>Bad gateway</html>"),
            (503, br#"{"error":"down"}"#),
            (404, b"not here"),
            (302, b""),
        ];
        for (status, body) in says_nothing {
            assert_eq!(classify(status, body), Answer::Lost, "{status}");
        }
    }

    #[test]
    fn an_unknown_number_is_said_and_not_repeated_unless_meta_says_it_passes() {
        let answer = |transient: bool| {
            classify(
                400,
                format!(
                    r#"{{"error":{{"code":999999,"message":"New","is_transient":{transient}}}}}"#
                )
                .as_bytes(),
            )
        };
        assert!(matches!(
            answer(false),
            Answer::Refused {
                failure: Failure {
                    code: FailureCode::Unknown,
                    meta_code: Some(999_999),
                    ..
                },
                retry: Retry::Never
            }
        ));
        assert!(matches!(
            answer(true),
            Answer::Refused {
                retry: Retry::Later,
                ..
            }
        ));
    }

    #[test]
    fn people_and_tokens_do_not_stay_in_metas_words() {
        for (said, kept) in [
            (
                "(#131026) Unable to deliver to +55 11 98765-4321.",
                "Unable to deliver to ….",
            ),
            (
                "Recipient 15550100001 is not allowed",
                "Recipient … is not allowed",
            ),
            (
                "User US.90000000000000000003 is unknown",
                "User … is unknown",
            ),
            (
                "Malformed access token EAAGm0PX4ZCpsBAKZCxyz0123456789abcdef",
                "Malformed access token …",
            ),
            (
                r#"Value "Dear Ana, your parcel is here" is too long"#,
                r#"Value "…" is too long"#,
            ),
            (
                "body: number of localizable_params (1) does not match the expected number of params (2)",
                "body: number of localizable_params (1) does not match the expected number of params (2)",
            ),
            (
                "Max file size we currently support: 100MB.",
                "Max file size we currently support: 100MB.",
            ),
        ] {
            assert_eq!(scrub(said), kept);
        }
        assert_eq!(scrub(&"word ".repeat(500)).chars().count(), 300);
    }
}
