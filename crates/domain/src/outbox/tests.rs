use super::*;
use crate::window::{DEFAULT_MARGIN, Opening, Refusal, WINDOW};

const NOW: Time = Time::from_millis(1_795_176_000_000);

fn free_text() -> Right {
    Right::OpenWindow {
        send_before: NOW + WINDOW - DEFAULT_MARGIN,
        opened_at: Some(NOW),
    }
}

fn facts() -> WindowFacts {
    let mut facts = WindowFacts::default();
    facts.record_opening(Opening {
        event_id: "m1".into(),
        kind: crate::opening::Occurrence::CustomerMessage,
        meta_at: NOW,
        received_at: NOW,
    });
    facts
}

fn refused(code: FailureCode, retry: Retry) -> Answer {
    Answer::Refused {
        failure: Failure {
            code,
            meta_code: None,
            detail: None,
        },
        retry,
    }
}

const SENDING: Outbound = Outbound::Sending {
    attempt: 1,
    since: NOW,
    earlier: None,
};

fn accepted(wamid: &str) -> Outbound {
    Outbound::Accepted {
        wamid: WaMessageId::new(wamid),
        at: NOW,
        held: false,
    }
}

fn answered(answer: Answer, attempt: u32) -> (Outbound, SideEffect) {
    SENDING.answered(&free_text(), answer, attempt, NOW)
}

fn reported(state: Outbound, about: About, receipt: Receipt) -> Outbound {
    state.reported(about, receipt, WaMessageId::new("told"), NOW)
}

fn waiting() -> Outbound {
    Outbound::queued(NOW)
}

#[test]
fn a_lost_answer_is_never_repeated_blindly() {
    assert_eq!(answered(Answer::Lost, 1).0, Outbound::lost(NOW));
    assert_eq!(SENDING.after_restart(NOW), Outbound::lost(NOW));
}

#[test]
fn a_reference_is_read_as_written_and_the_old_form_is_the_first_generation() {
    let third = Reference {
        id: "0193a".into(),
        generation: 3,
    };
    assert_eq!(Reference::read(&third.to_string()), third);
    for (text, id, generation) in [
        ("0193a", "0193a", 1),
        ("0193a.x", "0193a.x", 1),
        ("read:w.2", "read:w", 2),
        (".", ".", 1),
    ] {
        let read = Reference::read(text);
        assert_eq!((read.id.as_str(), read.generation), (id, generation));
    }
}

#[test]
fn a_status_settles_what_was_uncertain_dismissed_or_not() {
    for dismissed in [false, true] {
        let state = Outbound::Uncertain {
            since: NOW,
            dismissed,
        };
        assert_eq!(
            reported(state, About::ThisOne, Receipt::Sent),
            accepted("told")
        );
    }
}

#[test]
fn an_old_failure_settles_nothing_and_an_old_delivery_does() {
    use Receipt::{Delivered, Failed, Sent};
    let old = About::AnEarlierOne;
    for state in [waiting(), SENDING, Outbound::lost(NOW), accepted("new")] {
        assert_eq!(reported(state.clone(), old, Failed), state);
    }
    assert_eq!(reported(accepted("new"), old, Sent), accepted("new"));
    assert_eq!(reported(accepted("new"), old, Delivered), accepted("told"));
    for receipt in [Sent, Delivered] {
        assert_eq!(reported(waiting(), old, receipt), accepted("told"));
        assert_eq!(
            reported(Outbound::lost(NOW), old, receipt),
            accepted("told")
        );
        let parked = Outbound::Parked {
            since: NOW,
            why: Parked::DeadlinePassed { deadline: NOW },
        };
        assert_eq!(reported(parked, old, receipt), accepted("told"));
    }
}

#[test]
fn an_old_delivery_counts_where_the_next_answer_is_no() {
    let sending = reported(SENDING, About::AnEarlierOne, Receipt::Sent);
    assert!(matches!(
        sending,
        Outbound::Sending {
            earlier: Some(_),
            ..
        }
    ));
    let answered = |answer| sending.clone().answered(&free_text(), answer, 1, NOW).0;
    assert_eq!(answered(Answer::Lost), accepted("told"));
    assert_eq!(answered(Answer::NotSent), accepted("told"));
    assert_eq!(
        answered(refused(FailureCode::MetaFault, Retry::Later)),
        accepted("told")
    );
    let new = Answer::Accepted {
        wamid: WaMessageId::new("new"),
        held: false,
    };
    assert_eq!(answered(new), accepted("new"));
    assert_eq!(sending.after_restart(NOW), accepted("told"));
}

#[test]
fn a_late_sent_does_not_bring_a_disputed_text_back() {
    let disputed = Outbound::Parked {
        since: NOW,
        why: Parked::Disputed { meta_code: None },
    };
    assert_eq!(
        reported(disputed.clone(), About::ThisOne, Receipt::Sent),
        disputed
    );
    assert_eq!(
        reported(disputed, About::ThisOne, Receipt::Delivered),
        accepted("told")
    );
}

#[test]
fn a_failure_of_what_waits_for_its_next_attempt_takes_no_attempt_away() {
    assert_eq!(
        reported(waiting(), About::ThisOne, Receipt::Failed),
        waiting()
    );
    assert_eq!(
        reported(SENDING, About::ThisOne, Receipt::Failed),
        accepted("told")
    );
}

#[test]
fn an_answer_after_the_request_was_given_up_settles_the_doubt_without_another_try() {
    let late = |answer| Outbound::lost(NOW).answered(&free_text(), answer, 1, NOW).0;
    let new = Answer::Accepted {
        wamid: WaMessageId::new("new"),
        held: false,
    };
    assert_eq!(late(new), accepted("new"));
    assert!(matches!(
        late(refused(FailureCode::MetaFault, Retry::Later)),
        Outbound::Failed { .. }
    ));
    assert_eq!(late(Answer::Lost), Outbound::lost(NOW));
}

#[test]
fn what_the_customer_may_have_is_not_thrown_away() {
    let dismissed = Some(Outbound::Uncertain {
        since: NOW,
        dismissed: true,
    });
    assert_eq!(Outbound::lost(NOW).discarded(&Doubts::default()), dismissed);
    let failed = Outbound::Failed {
        at: NOW,
        failure: Failure::unknown(),
    };
    assert_eq!(failed.discarded(&Doubts::default()), None);
    assert_eq!(
        failed.discarded(&Doubts::default().after(1, &Outbound::lost(NOW))),
        dismissed
    );
}

#[test]
fn the_earlier_deadline_holds_unless_it_was_taken_from_an_older_opening() {
    let allowed = NOW + WINDOW - DEFAULT_MARGIN;
    let proof = facts()
        .at(NOW)
        .require_open(NOW, DEFAULT_MARGIN)
        .expect("open");
    let minute = Duration::from_secs(60);
    for (seen, holds) in [
        (Some(NOW + minute), NOW + minute),
        (Some(Time::FAR_FUTURE), allowed),
        (Some(NOW), allowed),
        (None, allowed),
    ] {
        let right = Right::granted(&proof, &facts(), seen, NOW);
        assert_eq!(right.send_before(), Some(holds), "{seen:?}");
    }
    let right = Right::granted(&proof, &facts(), Some(NOW + minute), NOW);
    let check =
        |facts: &WindowFacts, now| Outbound::check_deadline(&right, facts, now, DEFAULT_MARGIN);
    assert!(check(&facts(), NOW + minute - Duration::from_millis(1)).is_ok());
    assert!(check(&facts(), NOW + minute).is_err());
    let mut newer = facts();
    newer.record_opening(Opening {
        event_id: "m2".into(),
        kind: crate::opening::Occurrence::CustomerMessage,
        meta_at: NOW + minute,
        received_at: NOW + minute,
    });
    assert!(check(&newer, NOW + minute).is_ok());
}

#[test]
fn a_stopped_queue_counts_no_attempt_and_says_why() {
    let (state, effect) = answered(
        refused(FailureCode::Restricted, Retry::StopQueue),
        u32::MAX - 1,
    );
    assert_eq!(
        state,
        Outbound::Waiting {
            not_before: NOW,
            attempt: u32::MAX - 2
        }
    );
    assert_eq!(
        effect,
        SideEffect::StopQueue {
            why: FailureCode::Restricted
        }
    );
}

#[test]
fn past_the_deadline_a_text_is_parked_and_a_template_goes() {
    let late = NOW + WINDOW - DEFAULT_MARGIN;
    let parked = Outbound::check_deadline(&free_text(), &facts(), late, DEFAULT_MARGIN);
    assert!(matches!(
        parked,
        Err(Outbound::Parked {
            why: Parked::DeadlinePassed { .. },
            ..
        })
    ));
    assert_eq!(
        Outbound::check_deadline(&Right::None, &facts(), late, DEFAULT_MARGIN),
        Ok(None)
    );
}

#[test]
fn a_refusal_as_outside_the_window_parks_and_disputes() {
    let (state, effect) = answered(refused(FailureCode::WindowClosed, Retry::Never), 1);
    assert!(matches!(
        state,
        Outbound::Parked {
            why: Parked::Disputed { .. },
            ..
        }
    ));
    assert_eq!(effect, SideEffect::DisputeWindow { at: NOW });
}

#[test]
fn one_more_try_past_a_dispute_still_keeps_to_our_own_books() {
    let once = Right::OncePastDispute {
        send_before: NOW + WINDOW - DEFAULT_MARGIN,
        opened_at: Some(NOW),
    };
    let mut facts = facts();
    facts.record_refusal(Refusal {
        at: NOW,
        message: crate::MessageId::new("out"),
    });
    assert!(Outbound::check_deadline(&free_text(), &facts, NOW, DEFAULT_MARGIN).is_err());
    assert!(Outbound::check_deadline(&once, &facts, NOW, DEFAULT_MARGIN).is_ok());
    assert!(Outbound::check_deadline(&once, &facts, NOW + WINDOW, DEFAULT_MARGIN).is_err());
}

#[test]
fn retries_end() {
    let (state, _) = answered(refused(FailureCode::MetaFault, Retry::Later), 8);
    assert!(matches!(state, Outbound::Failed { .. }));
}

#[test]
fn a_moment_that_meta_names_is_waited_for_and_shortens_nothing() {
    let (state, effect) = answered(refused(FailureCode::RateLimited, Retry::WholeNumber), 1);
    let Outbound::Waiting {
        not_before: own, ..
    } = state
    else {
        panic!("it waits");
    };
    let late = own + Duration::from_secs(60);
    for (named, expected) in [(late, late), (NOW, own)] {
        assert!(matches!(
            state.clone().not_before(named),
            Outbound::Waiting { not_before, .. } if not_before == expected
        ));
        assert_eq!(
            effect.not_before(named),
            SideEffect::PauseNumberUntil(expected)
        );
    }
    let lost = Outbound::lost(NOW);
    assert_eq!(lost.clone().not_before(late), lost);
}

#[test]
fn the_pair_limit_pauses_one_recipient_only() {
    let (_, effect) = answered(refused(FailureCode::RateLimited, Retry::PerRecipient), 3);
    assert_eq!(
        effect,
        SideEffect::PauseRecipientUntil(NOW + Duration::from_secs(16))
    );
}
