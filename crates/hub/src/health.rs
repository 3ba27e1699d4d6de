//! How the numbers are: what an administrator looks at when something seems quiet.

use std::time::Duration;

use ajar_domain::{InboxId, Time};
use ajar_protocol::health::{
    Check, Episode, HealthReport, KeptItem, NumberEvent, NumberHealth, WebhookHealth,
};
use tokio::sync::Mutex;

use crate::{
    core::Core,
    meta::graph::{GraphError, NumberInfo},
    store::{Conn, Result, number_events::Entry},
};

/// Meta disconnects a number whose phone was not used for about this long (platform notes,
/// section 2.9).
const PHONE_RESTS: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Meta's answers are good for this long: its management calls are limited (section 12).
const CHECKS_LIVE: Duration = Duration::from_secs(60);
/// Meta's answer is not waited for longer: the rest of the card is worth showing without it.
const PATIENCE: Duration = Duration::from_secs(4);

const KEPT_SHOWN: i64 = 100;
const EVENTS_SHOWN: i64 = 50;

/// What Meta said when it was last asked.
#[derive(Default)]
pub struct Checks(Mutex<Option<(Time, Vec<Asked>)>>);

#[derive(Clone)]
struct Asked {
    inbox: InboxId,
    token: Check,
    subscription: Check,
    info: Option<NumberInfo>,
}

/// The whole card.
///
/// # Errors
/// What the store says; that Meta cannot be asked is part of the card.
pub async fn report(core: &Core) -> Result<HealthReport> {
    let asked = ask_meta(core).await?;
    let log_end = core.store.log_end().await?;
    let kept_since = core.store.log_start().await?;
    let mut conn = core.store.read().await?;
    let team = conn.team().await?;
    let mut numbers = Vec::new();
    for row in conn.inboxes().await? {
        let (events, episodes) = diary(&mut conn, &row.id).await?;
        let asked = asked.iter().find(|asked| asked.inbox == row.id);
        let info = asked.and_then(|asked| asked.info.as_ref());
        numbers.push(NumberHealth {
            inbox: row.id,
            last_inbound_at: row.last_inbound_at,
            last_echo_at: row.last_echo_at,
            last_status_at: row.last_status_at,
            phone_due_by: row.last_echo_at.map(|at| at + PHONE_RESTS),
            token: asked.map_or(Check::Unknown, |asked| asked.token.clone()),
            subscription: asked.map_or(Check::Unknown, |asked| asked.subscription.clone()),
            coexistence: info.and_then(|info| info.is_on_biz_app),
            quality: info.and_then(|info| info.quality.clone()),
            messaging_limit: info.and_then(|info| info.messaging_limit.clone()),
            episodes,
            events,
        });
    }
    let kept = conn.not_understood(KEPT_SHOWN).await?;
    let (wrong_signatures, last_wrong_signature_at) = core.refusals.so_far();
    Ok(HealthReport {
        numbers,
        worked_out_at: core.now(),
        meta_clock_offset_ms: team.meta_clock_offset_ms,
        webhooks: WebhookHealth {
            wrong_signatures,
            last_wrong_signature_at,
            waiting: u64::try_from(log_end - team.log_cursor).unwrap_or(0),
            kept_since,
        },
        kept: kept
            .into_iter()
            .map(|row| KeptItem {
                webhook: row.log_no,
                item: row.item_no,
                field: row.field,
                what: row.kind,
                at: Time::from_millis(row.at),
            })
            .collect(),
        kept_total: conn.count_not_understood().await?,
    })
}

async fn diary(conn: &mut Conn, inbox: &InboxId) -> Result<(Vec<NumberEvent>, Vec<Episode>)> {
    let entries = conn.number_events(inbox, EVENTS_SHOWN).await?;
    let episodes = episodes(&entries);
    let events = entries
        .into_iter()
        .map(|entry| entry.event)
        .filter(|event| !is_link(&event.kind))
        .collect();
    Ok((events, episodes))
}

fn is_link(kind: &str) -> bool {
    matches!(
        kind,
        "disconnected" | "offboarded" | "reconnected" | "disabled" | "deleted"
    )
}

/// Times without connection, newest first, from entries that stand newest first. Several signs of
/// one disconnection are one episode; the first reason that was given is its reason.
fn episodes(entries: &[Entry]) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for entry in entries
        .iter()
        .rev()
        .filter(|entry| is_link(&entry.event.kind))
    {
        let at = entry.event.at;
        let open = episodes.last_mut().filter(|episode| episode.to.is_none());
        match (entry.event.kind.as_str(), open) {
            ("reconnected", Some(episode)) => episode.to = Some(at),
            ("reconnected", None) => {}
            (kind, open) => {
                let reason = entry
                    .event
                    .detail
                    .clone()
                    .or_else(|| (kind != "disconnected").then(|| kind.to_owned()));
                let by = Some(entry.side.clone()).filter(|side| !side.is_empty());
                match open {
                    Some(episode) => {
                        episode.reason = episode.reason.take().or(reason);
                        episode.by = episode.by.take().or(by);
                    }
                    None => episodes.push(Episode {
                        from: at,
                        to: None,
                        reason,
                        by,
                    }),
                }
            }
        }
    }
    episodes.reverse();
    episodes
}

async fn ask_meta(core: &Core) -> Result<Vec<Asked>> {
    let mut known = core.checks.0.lock().await;
    if let Some((at, asked)) = &*known
        && core.now() < *at + CHECKS_LIVE
    {
        return Ok(asked.clone());
    }
    let mut lines = Vec::new();
    {
        let mut conn = core.store.read().await?;
        for inbox in &core.inboxes {
            lines.extend(conn.line(inbox).await?);
        }
    }
    let mut asked = Vec::new();
    for line in lines {
        let (info, apps) = tokio::join!(
            tokio::time::timeout(PATIENCE, core.graph.phone_number(&line.phone_number_id)),
            tokio::time::timeout(PATIENCE, core.graph.subscribed_apps(&line.waba_id)),
        );
        asked.push(Asked {
            inbox: line.inbox,
            token: match &info {
                Ok(Ok(_)) => Check::Good,
                Ok(Err(error)) => verdict(error),
                Err(_) => Check::Unknown,
            },
            subscription: match apps {
                Ok(Ok(0)) => Check::Bad { meta_code: None },
                Ok(Ok(_)) => Check::Good,
                Ok(Err(error)) => verdict(&error),
                Err(_) => Check::Unknown,
            },
            info: info.ok().and_then(Result::ok),
        });
    }
    *known = Some((core.now(), asked.clone()));
    Ok(asked)
}

/// Only a refusal says something about the token; silence does not.
fn verdict(error: &GraphError) -> Check {
    match error {
        GraphError::Refused { failure, .. } => Check::Bad {
            meta_code: failure.meta_code,
        },
        _ => Check::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::from_millis(43_200_000);

    fn entry(minute: u64, kind: &str, detail: Option<&str>, side: &str) -> Entry {
        Entry {
            event: NumberEvent {
                at: NOON + Duration::from_secs(minute * 60),
                kind: kind.to_owned(),
                detail: detail.map(str::to_owned),
            },
            side: side.to_owned(),
        }
    }

    #[test]
    fn a_disconnection_with_two_signs_and_a_return_is_one_episode() {
        let newest_first = [
            entry(30, "reconnected", None, ""),
            entry(2, "disconnected", Some("user_re_registered"), "user"),
            entry(0, "offboarded", None, ""),
        ];
        assert_eq!(
            episodes(&newest_first),
            vec![Episode {
                from: NOON,
                to: Some(NOON + Duration::from_secs(1_800)),
                reason: Some("offboarded".to_owned()),
                by: Some("user".to_owned()),
            }]
        );
    }

    #[test]
    fn a_disconnection_without_a_return_is_still_open() {
        let newest_first = [
            entry(60, "disconnected", Some("primary_inactivity"), "system"),
            entry(30, "reconnected", None, ""),
            entry(0, "disconnected", None, "user"),
        ];
        let found = episodes(&newest_first);
        assert_eq!(found.len(), 2);
        assert_eq!(found.first().and_then(|episode| episode.to), None);
    }

    #[test]
    fn a_return_alone_is_no_episode() {
        assert!(episodes(&[entry(0, "reconnected", None, "")]).is_empty());
    }
}
