use std::time::Duration;

use ajar_protocol::ui::ListOrder;
use proptest::prelude::*;

use super::*;

const NOON: Time = Time::from_millis(1_795_176_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

fn me() -> AgentId {
    AgentId::new("sami")
}

/// A customer whose window closes after the given time and who waits for an answer.
fn waiting(name: &str, closes_in: Duration) -> Head {
    let opened_at = NOON + closes_in - ajar_domain::window::WINDOW;
    Head {
        id: ConversationId::new(format!("c-{name}")),
        inbox: InboxId::new("shop"),
        name: name.into(),
        digits: "4915123456789".into(),
        activity_at: opened_at,
        unread: 1,
        waiting_since: Some(opened_at),
        opened_at: Some(opened_at),
        refused_at: None,
        phone_first_at: None,
        only_history: false,
        blocked_at: None,
        assignee: None,
        progress: HeadProgress::Open,
        parked: 0,
    }
}

fn answered(name: &str, closes_in: Duration) -> Head {
    Head {
        waiting_since: None,
        unread: 0,
        ..waiting(name, closes_in)
    }
}

fn never_opened(name: &str) -> Head {
    Head {
        opened_at: None,
        ..answered(name, HOUR)
    }
}

fn of(filter: ListFilter, order: ListOrder, search: &str) -> ListQuery {
    ListQuery {
        filter,
        order,
        search: search.into(),
        resolved: false,
        from: 0,
        to: 99,
    }
}

fn inbox(heads: Vec<Head>) -> Inbox {
    let mut inbox = Inbox::new(me(), NOON);
    inbox.replace(heads, HashMap::new(), NOON);
    inbox
}

fn names(inbox: &mut Inbox, query: ListQuery) -> Vec<String> {
    inbox.watch(1, query);
    names_of(inbox, 1)
}

fn names_of(inbox: &Inbox, watcher: Watcher) -> Vec<String> {
    let part = inbox.part(watcher).expect("watched");
    part.rows
        .iter()
        .map(|row| row.id.as_str().trim_start_matches("c-").to_owned())
        .collect()
}

fn expiring() -> ListQuery {
    of(ListFilter::Expiring, ListOrder::Newest, "")
}

fn all() -> ListQuery {
    of(ListFilter::All, ListOrder::Newest, "")
}

#[test]
fn the_newest_stand_first() {
    let mut inbox = inbox(vec![
        waiting("old", HOUR),
        waiting("new", 3 * HOUR),
        waiting("middle", 2 * HOUR),
    ]);
    assert_eq!(names(&mut inbox, all()), ["new", "middle", "old"]);
}

#[test]
fn within_a_lane_those_who_wait_come_before_those_who_were_answered() {
    let mut inbox = inbox(vec![
        answered("answered soonest", 20 * MINUTE),
        waiting("waiting later", 50 * MINUTE),
        waiting("waiting sooner", 40 * MINUTE),
        waiting("urgent", 9 * MINUTE),
        waiting("tonight", 9 * HOUR),
        waiting("soon", 3 * HOUR),
        never_opened("never"),
    ]);
    assert_eq!(
        names(&mut inbox, expiring()),
        [
            "urgent",
            "waiting sooner",
            "waiting later",
            "answered soonest",
            "soon",
            "tonight"
        ]
    );
    let lanes = inbox.part(1).expect("watched").lanes;
    let heads: Vec<_> = lanes
        .iter()
        .map(|head| (head.lane, head.from, head.count, head.waiting))
        .collect();
    assert_eq!(
        heads,
        [
            (Lane::UnderTenMinutes, 0, 1, 1),
            (Lane::UnderOneHour, 1, 3, 2),
            (Lane::UnderFourHours, 4, 1, 1),
            (Lane::Later, 5, 1, 1),
        ]
    );
}

#[test]
fn soonest_to_close_ends_with_those_that_are_not_open() {
    let mut inbox = inbox(vec![never_opened("never"), waiting("soon", HOUR)]);
    let query = of(ListFilter::All, ListOrder::SoonestToClose, "");
    assert_eq!(names(&mut inbox, query), ["soon", "never"]);
    let lanes = inbox.part(1).expect("watched").lanes;
    assert_eq!(lanes.last().map(|head| head.lane), Some(Lane::NotOpen));
}

#[test]
fn chips_choose_and_count() {
    let mut mine = waiting("mine", 2 * HOUR);
    mine.assignee = Some(me());
    let mut bobs = waiting("bobs", 5 * HOUR);
    bobs.assignee = Some(AgentId::new("bob"));
    let mut done = waiting("done", 6 * HOUR);
    done.progress = HeadProgress::Resolved { at: NOON };
    let mut inbox = inbox(vec![mine, bobs, waiting("free", HOUR), done]);
    assert_eq!(
        names(&mut inbox, of(ListFilter::Mine, ListOrder::Newest, "")),
        ["mine"]
    );
    assert_eq!(
        names(
            &mut inbox,
            of(ListFilter::Unassigned, ListOrder::Newest, "")
        ),
        ["free"]
    );
    assert_eq!(
        inbox.counts(),
        Counts {
            all: 3,
            mine: 1,
            unassigned: 1,
            expiring: 2,
            unread: 3
        }
    );
    let with_resolved = ListQuery {
        resolved: true,
        ..all()
    };
    assert_eq!(
        names(&mut inbox, with_resolved),
        ["done", "bobs", "mine", "free"]
    );
}

#[test]
fn search_finds_names_and_numbers_also_among_the_resolved() {
    let mut done = waiting("Ögür Çelik", HOUR);
    done.progress = HeadProgress::Resolved { at: NOON };
    let mut other = waiting("Maria", HOUR);
    other.digits = "390612345".into();
    let mut inbox = inbox(vec![done, other]);
    let search = |text| of(ListFilter::All, ListOrder::Newest, text);
    assert_eq!(names(&mut inbox, search("ogur")), ["Ögür Çelik"]);
    assert_eq!(names(&mut inbox, search("0151 234")), ["Ögür Çelik"]);
    assert_eq!(names(&mut inbox, search("+39 06")), ["Maria"]);
    assert!(names(&mut inbox, search("nobody")).is_empty());
}

#[test]
fn a_row_turns_when_its_time_comes_and_not_before() {
    let mut inbox = inbox(vec![waiting("one", HOUR + MINUTE)]);
    inbox.watch(1, expiring());
    let turn = inbox.next_turn().expect("it will turn");
    assert_eq!(turn, NOON + MINUTE);
    assert!(!inbox.advance(turn - Duration::from_millis(1)));
    assert!(inbox.advance(turn));
    let lane = |inbox: &Inbox| {
        inbox
            .part(1)
            .expect("watched")
            .rows
            .first()
            .map(|row| row.lane)
    };
    assert_eq!(lane(&inbox), Some(Lane::UnderOneHour));
    assert_eq!(inbox.next_turn(), Some(NOON + 51 * MINUTE));
    inbox.advance(NOON + 51 * MINUTE);
    assert_eq!(lane(&inbox), Some(Lane::UnderTenMinutes));
    assert_eq!(inbox.counts().expiring, 1);
    inbox.advance(NOON + HOUR + MINUTE);
    assert_eq!(lane(&inbox), None, "closed, so it expires no more");
    assert_eq!(inbox.counts().expiring, 0);
    assert_eq!(inbox.next_turn(), None);
    assert_eq!(inbox.next_to_close(), None);
}

#[test]
fn a_clock_that_is_set_back_turns_rows_back() {
    let mut inbox = inbox(vec![waiting("one", HOUR)]);
    inbox.watch(1, expiring());
    inbox.advance(NOON + 2 * HOUR);
    assert!(names_of(&inbox, 1).is_empty());
    inbox.advance(NOON);
    assert_eq!(names_of(&inbox, 1), ["one"]);
}

#[test]
fn a_snooze_ends_by_itself() {
    let mut snoozed = never_opened("one");
    snoozed.progress = HeadProgress::Snoozed { until: NOON + HOUR };
    let mut inbox = inbox(vec![snoozed]);
    assert_eq!(inbox.next_turn(), Some(NOON + HOUR));
    assert!(inbox.advance(NOON + HOUR));
    assert_eq!(inbox.next_turn(), None);
}

#[test]
fn a_paused_number_stops_its_clocks() {
    let mut inbox = inbox(vec![waiting("one", HOUR)]);
    inbox.watch(1, all());
    inbox.set_paused(HashMap::from([(InboxId::new("shop"), NOON)]));
    let face = inbox.part(1).expect("watched").rows[0].face.clone();
    assert_eq!(face, ClockFace::Paused { since: NOON });
    assert_eq!(inbox.next_to_close(), None);
    inbox.set_paused(HashMap::new());
    assert!(inbox.next_to_close().is_some());
}

#[test]
fn next_to_expire_goes_round_those_that_need_an_answer() {
    let mut inbox = inbox(vec![
        waiting("second", 2 * HOUR),
        waiting("first", HOUR),
        answered("answered", MINUTE),
    ]);
    let id = |name: &str| ConversationId::new(format!("c-{name}"));
    assert_eq!(inbox.next_to_expire(None), Some(id("first")));
    assert_eq!(inbox.next_to_expire(Some(&id("first"))), Some(id("second")));
    assert_eq!(inbox.next_to_expire(Some(&id("second"))), Some(id("first")));
    assert_eq!(
        inbox.next_to_close().map(|next| next.name),
        Some("first".into())
    );
    inbox.remove(&id("first"));
    inbox.remove(&id("second"));
    assert_eq!(inbox.next_to_expire(None), None);
}

#[test]
fn neighbours_are_those_of_the_watched_list() {
    let mut inbox = inbox(vec![
        waiting("a", 3 * HOUR),
        waiting("b", 2 * HOUR),
        waiting("c", HOUR),
    ]);
    inbox.watch(7, all());
    let id = |name: &str| ConversationId::new(format!("c-{name}"));
    let step =
        |inbox: &Inbox, of: Option<&str>, step| inbox.neighbour(7, of.map(id).as_ref(), step);
    assert_eq!(step(&inbox, Some("a"), 1), Some(id("b")));
    assert_eq!(step(&inbox, Some("b"), -1), Some(id("a")));
    assert_eq!(step(&inbox, Some("a"), -1), None);
    assert_eq!(step(&inbox, Some("c"), 1), None);
    assert_eq!(step(&inbox, None, 1), Some(id("a")));
    assert_eq!(step(&inbox, Some("nobody"), 1), Some(id("a")));
}

#[test]
fn only_the_watched_part_is_shown() {
    let heads = (1..=50)
        .map(|n| waiting(&format!("{n:02}"), n * MINUTE))
        .collect();
    let mut inbox = inbox(heads);
    let part = ListQuery {
        from: 10,
        to: 12,
        ..all()
    };
    inbox.watch(1, part);
    assert_eq!(names_of(&inbox, 1), ["40", "39", "38"]);
    let beyond = ListQuery {
        from: 70,
        to: 90,
        ..all()
    };
    inbox.watch(1, beyond);
    let part = inbox.part(1).expect("watched");
    assert_eq!((part.total, part.from, part.rows.len()), (50, 50, 0));
}

#[test]
fn a_number_is_known_in_every_spelling() {
    let mut brazilian = waiting("Ana", HOUR);
    brazilian.digits = "551187654321".into();
    let inbox = inbox(vec![brazilian]);
    let number = PhoneNumber::from_digits("5511987654321").expect("a number");
    let found = inbox.by_number(&InboxId::new("shop"), &number);
    assert_eq!(found.map(|(_, name)| name), Some("Ana".into()));
    assert_eq!(inbox.by_number(&InboxId::new("other"), &number), None);
}

/// What may happen to a list.
#[derive(Clone, Debug)]
enum Step {
    Upsert(u8, u64, bool, u8),
    Remove(u8),
    Advance(u64),
    Pause(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u8..12, 0u64..2000, any::<bool>(), 0u8..4)
            .prop_map(|(who, minutes, waits, kind)| Step::Upsert(who, minutes, waits, kind)),
        1 => (0u8..12).prop_map(Step::Remove),
        2 => (0u64..300).prop_map(Step::Advance),
        1 => any::<bool>().prop_map(Step::Pause),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    /// However it came about, a list is the one that sorting everything anew would give.
    #[test]
    fn incremental_is_the_same_as_anew(steps in steps()) {
        let queries = [
            all(),
            expiring(),
            of(ListFilter::Unassigned, ListOrder::SoonestToClose, ""),
            of(ListFilter::All, ListOrder::SoonestToClose, "1"),
        ];
        let mut kept = inbox(Vec::new());
        for (watcher, query) in (1..).zip(&queries) {
            kept.watch(watcher, query.clone());
        }
        let mut heads: HashMap<ConversationId, Head> = HashMap::new();
        let mut paused = HashMap::new();
        let mut now = NOON;
        for step in steps {
            match step {
                Step::Upsert(who, minutes, waits, kind) => {
                    let closes_in = Duration::from_secs(minutes * 60);
                    let name = format!("{who}");
                    let mut head = if waits {
                        waiting(&name, closes_in)
                    } else {
                        answered(&name, closes_in)
                    };
                    match kind {
                        1 => head.assignee = Some(me()),
                        2 => head.progress = HeadProgress::Resolved { at: now },
                        3 => head.opened_at = None,
                        _ => {}
                    }
                    heads.insert(head.id.clone(), head.clone());
                    kept.upsert(head);
                }
                Step::Remove(who) => {
                    let id = ConversationId::new(format!("c-{who}"));
                    heads.remove(&id);
                    kept.remove(&id);
                }
                Step::Advance(minutes) => {
                    now = now + Duration::from_secs(minutes * 60);
                    kept.advance(now);
                }
                Step::Pause(pause) => {
                    paused.clear();
                    if pause {
                        paused.insert(InboxId::new("shop"), NOON);
                    }
                    kept.set_paused(paused.clone());
                }
            }
        }
        let mut anew = Inbox::new(me(), now);
        anew.replace(heads.into_values().collect(), paused, now);
        for (watcher, query) in (1..).zip(&queries) {
            anew.watch(watcher, query.clone());
            prop_assert_eq!(kept.part(watcher), anew.part(watcher));
        }
        prop_assert_eq!(kept.next_turn(), anew.next_turn());
    }
}
