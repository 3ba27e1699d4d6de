//! Calls, and what Meta tells about a chat beside what people say in it.

use ajar_domain::{
    CustomerId, InboxId, Time, WaMessageId,
    call::Call as Facts,
    content::{Author, Content, Notice, Provenance},
    context::Context,
    opening::Occurrence,
};

use super::{Scope, messages::Told};
use crate::{
    meta::inbound::{Call, CallStep, CustomerRef, HandOver, NewIdentity, Party, Preference},
    store::{Result, conversations::show_number, messages::Better},
};

/// Names a notice that has no id of Meta's. Two deliveries of the same notice get the same name;
/// what it is made of identifies a person, so only a digest of it is kept.
fn name_of(kind: &str, who: &CustomerRef, at: Time) -> WaMessageId {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update(who.bsuid.as_ref().map_or("", |bsuid| bsuid.0.as_str()));
    digest.update("/");
    digest.update(who.phone.as_ref().map_or("", |phone| phone.digits()));
    let digest = hex::encode(digest.finalize());
    let short = digest.get(..16).unwrap_or_default();
    WaMessageId::new(format!("notice.{kind}.{short}.{}", at.millis()))
}

/// Whether an owner of a thread, in Meta's word, is another handler than this team. `escalation`
/// is the word for people; what else there may be is not documented, and counted as another.
fn is_another(owner: Option<&str>) -> bool {
    owner.is_some_and(|owner| !owner.eq_ignore_ascii_case("escalation"))
}

impl Scope<'_> {
    /// One step of a call. Any of them may be the first to come, or the only one.
    pub(super) async fn call(&mut self, inbox: &InboxId, call: Call) -> Result<()> {
        let Some(customer) = self.customer(&call.customer, call.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, call.at).await?;
        if let Some(occurrence) = call.occurrence {
            self.open_window(&conversation, &call.event_id, occurrence, call.opens_at);
        }
        let step = facts(&call);
        let wamid = WaMessageId::new(call.id.clone());
        let known = self.row_of(&wamid).await?;
        let (facts, at) = match &known {
            Some(known) => match known.content {
                Content::Call { call } => (call.and(step), known.at),
                _ => (step, known.at),
            },
            None => (step, call.at),
        };
        let at = at.min(call.at);
        let author = if facts.by_customer {
            Author::Customer
        } else {
            Author::OtherApp
        };
        let content = Content::Call { call: facts };
        let occurrence = match (
            facts.by_customer,
            facts.answered,
            facts.declined || facts.ended,
        ) {
            (true, ..) => Occurrence::CustomerCall,
            (false, true, _) => Occurrence::AcceptedOurCall,
            (false, false, true) => Occurrence::DeclinedOurCall,
            (false, false, false) => Occurrence::OurMessage,
        };
        let told = Told {
            wamid,
            conversation: conversation.clone(),
            author,
            at,
            content,
            attached: None,
            context: Context::default(),
            quotes: None,
            provenance: Provenance::Live,
            occurrence,
            // A call has no tick.
            base: None,
            // Whoever called: they spoke to each other.
            answers: facts.answered,
            report: None,
        };
        let Some(known) = known else {
            self.put(inbox, told).await?;
            if facts.by_customer {
                self.desk.customer_wrote(&conversation, at);
            }
            return Ok(());
        };
        if known.content == told.content && known.at == at {
            return Ok(());
        }
        let position = told.position();
        self.tx
            .replace_message(
                &known.id,
                &Better {
                    content: &told.content,
                    author: &told.author,
                    provenance: told.provenance,
                    occurrence,
                    context: &told.context,
                    quotes: None,
                    answers: told.answers,
                    at,
                    position: &position,
                },
            )
            .await?;
        self.stale.insert(conversation);
        Ok(())
    }

    /// A line that nobody said. It is neither unread nor an answer, and opens nothing.
    pub(super) async fn notice(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
        wamid: WaMessageId,
        at: Time,
        notice: Notice,
    ) -> Result<()> {
        let conversation = self.conversation(inbox, customer, at).await?;
        self.put(
            inbox,
            Told {
                wamid,
                conversation,
                author: Author::Platform,
                at,
                content: Content::Notice { notice },
                attached: None,
                context: Context::default(),
                quotes: None,
                provenance: Provenance::Live,
                occurrence: Occurrence::Notice,
                base: None,
                answers: false,
                report: None,
            },
        )
        .await
        .map(drop)
    }

    /// The customer asked for an end, or for the return, of marketing messages.
    pub(super) async fn preference(
        &mut self,
        inbox: Option<&InboxId>,
        preference: Preference,
    ) -> Result<()> {
        let Some(customer) = self.customer(&preference.customer, preference.at).await? else {
            return Ok(());
        };
        if self
            .tx
            .note_marketing(&customer, preference.wanted, preference.at)
            .await?
        {
            self.tx.stamp_customer(&customer).await?;
        }
        let Some(inbox) = inbox else { return Ok(()) };
        let (kind, notice) = if preference.wanted {
            ("marketing_resumed", Notice::MarketingResumed)
        } else {
            ("marketing_stopped", Notice::MarketingStopped)
        };
        let name = name_of(kind, &preference.customer, preference.at);
        self.notice(inbox, &customer, name, preference.at, notice)
            .await
    }

    /// The thread has another owner.
    pub(super) async fn hand_over(&mut self, inbox: &InboxId, hand_over: HandOver) -> Result<()> {
        let Some(customer) = self.customer(&hand_over.customer, hand_over.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, hand_over.at).await?;
        let away = is_another(hand_over.new_owner.as_deref());
        let notice = if away {
            self.tx
                .note_elsewhere(&conversation, hand_over.at, hand_over.new_owner.as_deref())
                .await?;
            Notice::HandedAway {
                to: hand_over.new_owner,
                summary: hand_over.summary,
            }
        } else {
            self.desk.answered_by_us(&conversation, hand_over.at);
            Notice::HandedToUs {
                from: hand_over.previous_owner,
                summary: hand_over.summary,
            }
        };
        let kind = if away { "handed_away" } else { "handed_to_us" };
        let name = name_of(kind, &hand_over.customer, hand_over.at);
        self.notice(inbox, &customer, name, hand_over.at, notice)
            .await
    }

    /// The line that a change of identity leaves in the chat.
    pub(super) fn identity_notice(change: &NewIdentity) -> Notice {
        match change {
            NewIdentity::Number { phone, .. } => Notice::NumberChanged {
                to: phone.as_ref().map(show_number),
            },
            NewIdentity::UserId { .. } => Notice::IdChanged,
            NewIdentity::SecurityCode { .. } => Notice::SecurityCodeChanged,
            NewIdentity::Other { meta_kind } => Notice::Other {
                meta_kind: meta_kind.clone(),
            },
        }
    }
}

fn facts(call: &Call) -> Facts {
    let mut facts = Facts {
        by_customer: call.from == Party::Customer,
        ..Facts::default()
    };
    match &call.step {
        CallStep::Accepted => facts.answered = true,
        CallStep::Rejected => facts.declined = true,
        CallStep::Ended {
            answered, seconds, ..
        } => {
            facts.ended = true;
            facts.answered = *answered;
            facts.seconds = answered.then_some(*seconds).flatten();
        }
        CallStep::Created | CallStep::Connecting | CallStep::Ringing | CallStep::Other { .. } => {}
    }
    facts
}
