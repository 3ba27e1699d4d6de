//! The list of conversations: all heads in memory, sorted, counted, and turned by time.
//!
//! A change of one row costs a few binary searches, whatever the number of rows; nothing is
//! sorted anew but the list that somebody asks for the first time. Time turns rows without any
//! change: a window closes, a lane's edge is passed, a snooze ends. [`Inbox::next_turn`] says
//! when that happens next, and [`Inbox::advance`] turns exactly those rows.
//!
//! This module knows neither the store nor the hub, and does not read a clock.

mod fold;
mod head;
mod listing;

use std::collections::{BTreeSet, HashMap};

use ajar_domain::{AgentId, ConversationId, InboxId, Time, customer::PhoneNumber};
use ajar_protocol::ui::{
    ClockFace, Counts, HorizonDot, Lane, LaneHead, ListFilter, ListQuery, NextToClose,
};

pub use self::{
    fold::fold,
    head::{Head, HeadProgress, clock_face},
};
use self::{
    head::{lane, turns_at},
    listing::{Entry, Listing, entry_at},
};

/// Dots on the horizon strip.
const HORIZON: usize = 200;

/// Names one watcher of a list.
pub type Watcher = u64;

/// A row of the watched part of a list: its head in full is looked up by id.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    pub id: ConversationId,
    pub face: ClockFace,
    pub lane: Lane,
}

/// The watched part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPart {
    pub query: ListQuery,
    pub total: u32,
    pub from: u32,
    pub rows: Vec<Sketch>,
    pub lanes: Vec<LaneHead>,
    pub counts: Counts,
    pub next: Option<NextToClose>,
    pub horizon: Vec<HorizonDot>,
}

/// All conversations of the team.
#[derive(Debug)]
pub struct Inbox {
    me: AgentId,
    now: Time,
    /// `None` where a conversation has gone; the place is used again.
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_id: HashMap<ConversationId, u32>,
    /// Numbers through which nothing goes out.
    paused: HashMap<InboxId, Time>,
    counts: Counts,
    turns: BTreeSet<(Time, u32)>,
    /// Open, waiting for an answer and not resolved, by closing time.
    closing: BTreeSet<(Time, u32)>,
    listings: HashMap<Watcher, Listing>,
}

impl Inbox {
    #[must_use]
    pub fn new(me: AgentId, now: Time) -> Self {
        Self {
            me,
            now,
            entries: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            paused: HashMap::new(),
            counts: Counts::default(),
            turns: BTreeSet::new(),
            closing: BTreeSet::new(),
            listings: HashMap::new(),
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Takes the place of everything: at start, and after a snapshot.
    pub fn replace(&mut self, heads: Vec<Head>, paused: HashMap<InboxId, Time>, now: Time) {
        self.now = now;
        self.paused = paused;
        self.free.clear();
        self.by_id = HashMap::with_capacity(heads.len());
        self.entries = Vec::with_capacity(heads.len());
        self.counts = Counts::default();
        let mut turns = Vec::new();
        let mut closing = Vec::new();
        for (place, head) in (0u32..).zip(heads) {
            let entry = self.derive(head);
            self.by_id.insert(entry.head.id.clone(), place);
            turns.extend(entry.turns_at.map(|at| (at, place)));
            closing.extend(closes_unanswered(&entry).map(|at| (at, place)));
            count(&mut self.counts, &self.me, &entry, u32::saturating_add);
            self.entries.push(Some(entry));
        }
        self.turns = turns.into_iter().collect();
        self.closing = closing.into_iter().collect();
        for listing in self.listings.values_mut() {
            listing.rebuild(&self.entries, &self.me);
        }
    }

    /// A new conversation, or a newer state of one.
    pub fn upsert(&mut self, head: Head) {
        let place = match self.by_id.get(&head.id) {
            Some(place) => *place,
            None => {
                let place = self.free.pop().unwrap_or_else(|| {
                    self.entries.push(None);
                    u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
                });
                self.by_id.insert(head.id.clone(), place);
                place
            }
        };
        let entry = self.derive(head);
        self.change(place, Some(entry));
    }

    pub fn remove(&mut self, id: &ConversationId) {
        if let Some(place) = self.by_id.remove(id) {
            self.change(place, None);
            self.free.push(place);
        }
    }

    /// Which numbers are paused; the rows of those that changed are derived anew.
    pub fn set_paused(&mut self, paused: HashMap<InboxId, Time>) {
        if paused == self.paused {
            return;
        }
        self.paused = paused;
        let heads: Vec<Head> = self
            .entries
            .iter()
            .flatten()
            .map(|entry| entry.head.clone())
            .collect();
        let paused = self.paused.clone();
        self.replace(heads, paused, self.now);
    }

    /// When the next row turns by the mere passing of time.
    #[must_use]
    pub fn next_turn(&self) -> Option<Time> {
        self.turns.first().map(|(at, _)| *at)
    }

    /// Turns the rows whose time has come. Answers whether there were any.
    pub fn advance(&mut self, now: Time) -> bool {
        if now < self.now {
            // The team's clock was set back: what had turned may have to turn again.
            let heads: Vec<Head> = self
                .entries
                .drain(..)
                .flatten()
                .map(|entry| entry.head)
                .collect();
            let paused = std::mem::take(&mut self.paused);
            self.replace(heads, paused, now);
            return true;
        }
        self.now = now;
        let mut turned = false;
        while let Some((at, place)) = self.turns.first().copied()
            && at <= now
        {
            turned = true;
            match entry_at(&self.entries, place) {
                Some(entry) => {
                    let entry = self.derive(entry.head.clone());
                    self.change(place, Some(entry));
                }
                None => {
                    self.turns.remove(&(at, place));
                }
            }
        }
        turned
    }

    /// Somebody looks at this part of this list from now on.
    pub fn watch(&mut self, watcher: Watcher, query: ListQuery) {
        match self.listings.get_mut(&watcher) {
            Some(listing) if listing.is_same_list(&query) => listing.query = query,
            _ => {
                let listing = Listing::new(query, &self.entries, &self.me);
                self.listings.insert(watcher, listing);
            }
        }
    }

    pub fn unwatch(&mut self, watcher: Watcher) {
        self.listings.remove(&watcher);
    }

    /// What the watcher sees now.
    #[must_use]
    pub fn part(&self, watcher: Watcher) -> Option<ListPart> {
        let listing = self.listings.get(&watcher)?;
        let total = u32::try_from(listing.places.len()).unwrap_or(u32::MAX);
        let from = listing.query.from.min(total);
        let to = listing.query.to.saturating_add(1).clamp(from, total);
        let rows = listing
            .places
            .get(from as usize..to as usize)
            .unwrap_or_default()
            .iter()
            .filter_map(|place| entry_at(&self.entries, *place))
            .map(|entry| Sketch {
                id: entry.head.id.clone(),
                face: entry.face.clone(),
                lane: entry.lane,
            })
            .collect();
        Some(ListPart {
            query: listing.query.clone(),
            total,
            from,
            rows,
            lanes: self.lanes(listing),
            counts: self.counts,
            next: self.next_to_close(),
            horizon: self.horizon(listing),
        })
    }

    fn lanes(&self, listing: &Listing) -> Vec<LaneHead> {
        if !listing.is_by_closing() {
            return Vec::new();
        }
        let mut heads = Vec::new();
        let mut from = 0usize;
        while let Some(lane) = listing
            .places
            .get(from)
            .and_then(|place| entry_at(&self.entries, *place))
            .map(|entry| entry.lane)
        {
            let rest = listing.places.get(from..).unwrap_or_default();
            let within = |place: &u32| entry_at(&self.entries, *place);
            let length =
                rest.partition_point(|place| within(place).is_some_and(|entry| entry.lane == lane));
            let rows = rest.get(..length).unwrap_or_default();
            let waiting = if lane == Lane::NotOpen {
                // Their order is by newest, so they are counted one by one.
                rows.iter()
                    .filter(|place| within(place).is_some_and(Entry::is_waiting))
                    .count()
            } else {
                rows.partition_point(|place| within(place).is_some_and(Entry::is_waiting))
            };
            heads.push(LaneHead {
                lane,
                from: u32::try_from(from).unwrap_or(u32::MAX),
                count: u32::try_from(length).unwrap_or(u32::MAX),
                waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            });
            from += length.max(1);
        }
        heads
    }

    fn horizon(&self, listing: &Listing) -> Vec<HorizonDot> {
        if listing.query.filter != ListFilter::Expiring {
            return Vec::new();
        }
        listing
            .places
            .iter()
            .filter_map(|place| entry_at(&self.entries, *place))
            .filter_map(|entry| {
                Some(HorizonDot {
                    id: entry.head.id.clone(),
                    closes_at: entry.closes_at()?,
                    waiting: entry.is_waiting(),
                })
            })
            .take(HORIZON)
            .collect()
    }

    /// The chat that closes next while somebody waits in it.
    #[must_use]
    pub fn next_to_close(&self) -> Option<NextToClose> {
        let (closes_at, place) = self.closing.first()?;
        let entry = entry_at(&self.entries, *place)?;
        Some(NextToClose {
            id: entry.head.id.clone(),
            name: entry.head.name.to_string(),
            closes_at: *closes_at,
        })
    }

    /// The next chat that needs an answer, after the given one and around again.
    #[must_use]
    pub fn next_to_expire(&self, after: Option<&ConversationId>) -> Option<ConversationId> {
        let after = after
            .and_then(|id| self.by_id.get(id))
            .and_then(|place| Some((entry_at(&self.entries, *place)?.closes_at()?, *place)));
        let next = match after {
            Some(after) => self
                .closing
                .range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))
                .next()
                .or_else(|| self.closing.first()),
            None => self.closing.first(),
        };
        let (_, place) = next?;
        Some(entry_at(&self.entries, *place)?.head.id.clone())
    }

    /// The row above or below in the watcher's list; the first if `of` is not in it.
    #[must_use]
    pub fn neighbour(
        &self,
        watcher: Watcher,
        of: Option<&ConversationId>,
        step: i32,
    ) -> Option<ConversationId> {
        let listing = self.listings.get(&watcher)?;
        let index = of
            .and_then(|id| self.by_id.get(id))
            .and_then(|place| listing.find(&self.entries, *place).ok());
        let place = match index {
            Some(index) => {
                let index = index.checked_add_signed(isize::try_from(step).ok()?)?;
                listing.places.get(index)?
            }
            None => listing.places.first()?,
        };
        Some(entry_at(&self.entries, *place)?.head.id.clone())
    }

    /// The conversation with this number on this inbox, in any spelling of the number.
    #[must_use]
    pub fn by_number(
        &self,
        inbox: &InboxId,
        number: &PhoneNumber,
    ) -> Option<(ConversationId, String)> {
        let canonical = number.canonical();
        let tail = last_digits(canonical.digits());
        self.entries
            .iter()
            .flatten()
            .filter(|entry| entry.head.inbox == *inbox && last_digits(&entry.head.digits) == tail)
            .find(|entry| {
                PhoneNumber::from_digits(&entry.head.digits)
                    .is_some_and(|known| known.canonical() == canonical)
            })
            .map(|entry| (entry.head.id.clone(), entry.head.name.to_string()))
    }

    /// Whether this conversation concerns this agent: theirs, or nobody's.
    #[must_use]
    pub fn concerns_me(&self, id: &ConversationId) -> bool {
        self.by_id
            .get(id)
            .and_then(|place| entry_at(&self.entries, *place))
            .is_some_and(|entry| {
                entry
                    .head
                    .assignee
                    .as_ref()
                    .is_none_or(|assignee| *assignee == self.me)
            })
    }

    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn derive(&self, mut head: Head) -> Entry {
        if let HeadProgress::Snoozed { until } = head.progress
            && until <= self.now
        {
            head.progress = HeadProgress::Open;
        }
        let face = head.face(self.paused.get(&head.inbox).copied(), self.now);
        Entry {
            folded: fold(&head.name).into_boxed_str(),
            lane: lane(&face, self.now),
            turns_at: turns_at(&face, head.progress, self.now),
            face,
            head,
        }
    }

    /// The one place where an entry changes, so that counts and orders cannot drift apart.
    fn change(&mut self, place: u32, new: Option<Entry>) {
        if let Some(old) = entry_at(&self.entries, place) {
            for listing in self.listings.values_mut() {
                listing.take_out(&self.entries, place);
            }
            count(&mut self.counts, &self.me, old, u32::saturating_sub);
            if let Some(at) = old.turns_at {
                self.turns.remove(&(at, place));
            }
            if let Some(at) = closes_unanswered(old) {
                self.closing.remove(&(at, place));
            }
        }
        if let Some(new) = &new {
            count(&mut self.counts, &self.me, new, u32::saturating_add);
            self.turns.extend(new.turns_at.map(|at| (at, place)));
            self.closing
                .extend(closes_unanswered(new).map(|at| (at, place)));
        }
        if let Some(slot) = self.entries.get_mut(place as usize) {
            *slot = new;
        }
        for listing in self.listings.values_mut() {
            listing.put_in(&self.entries, place, &self.me);
        }
    }
}

fn closes_unanswered(entry: &Entry) -> Option<Time> {
    entry
        .closes_at()
        .filter(|_| entry.is_waiting() && !entry.is_resolved())
}

/// Adds a row to the counts, or takes it away.
fn count(counts: &mut Counts, me: &AgentId, entry: &Entry, by: fn(u32, u32) -> u32) {
    if entry.is_resolved() {
        return;
    }
    counts.all = by(counts.all, 1);
    match &entry.head.assignee {
        Some(assignee) if assignee == me => counts.mine = by(counts.mine, 1),
        Some(_) => {}
        None => counts.unassigned = by(counts.unassigned, 1),
    }
    if entry.is_waiting() && entry.lane <= Lane::UnderFourHours {
        counts.expiring = by(counts.expiring, 1);
    }
    counts.unread = by(counts.unread, entry.head.unread);
}

fn last_digits(digits: &str) -> &str {
    digits
        .get(digits.len().saturating_sub(7)..)
        .unwrap_or(digits)
}

#[cfg(test)]
mod tests;
