//! One watched list: which rows, in which order, kept sorted while single rows change.

use std::cmp::Ordering;

use ajar_domain::{AgentId, Time};
use ajar_protocol::ui::{ClockFace, Lane, ListFilter, ListOrder, ListQuery};

use super::{
    fold::Wanted,
    head::{Head, HeadProgress},
};

/// A head with what is derived from it, as of the last time that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub head: Head,
    pub folded: Box<str>,
    pub face: ClockFace,
    pub lane: Lane,
    pub turns_at: Option<Time>,
}

impl Entry {
    pub fn is_resolved(&self) -> bool {
        matches!(self.head.progress, HeadProgress::Resolved { .. })
    }

    pub fn is_waiting(&self) -> bool {
        self.head.waiting_since.is_some()
    }

    pub fn closes_at(&self) -> Option<Time> {
        match self.face {
            ClockFace::Open { closes_at, .. } => Some(closes_at),
            _ => None,
        }
    }
}

/// The rows of one query. `places` are indexes into the entries of the inbox.
#[derive(Debug)]
pub(super) struct Listing {
    pub query: ListQuery,
    wanted: Option<Wanted>,
    pub places: Vec<u32>,
}

impl Listing {
    pub fn new(query: ListQuery, entries: &[Option<Entry>], me: &AgentId) -> Self {
        let mut listing = Self {
            wanted: Wanted::new(&query.search),
            query,
            places: Vec::new(),
        };
        listing.rebuild(entries, me);
        listing
    }

    pub fn rebuild(&mut self, entries: &[Option<Entry>], me: &AgentId) {
        let mut places: Vec<u32> = (0u32..)
            .zip(entries)
            .filter(|(_, entry)| entry.as_ref().is_some_and(|entry| self.holds(entry, me)))
            .map(|(place, _)| place)
            .collect();
        let by_closing = self.is_by_closing();
        places.sort_unstable_by(|a, b| compare_places(by_closing, entries, *a, *b));
        self.places = places;
    }

    /// Whether a new query can be answered with the rows of this one.
    pub fn is_same_list(&self, query: &ListQuery) -> bool {
        let ListQuery {
            filter,
            order,
            search,
            resolved,
            from: _,
            to: _,
        } = &self.query;
        (filter, order, search, resolved)
            == (&query.filter, &query.order, &query.search, &query.resolved)
    }

    pub fn is_by_closing(&self) -> bool {
        self.query.order == ListOrder::SoonestToClose || self.query.filter == ListFilter::Expiring
    }

    fn holds(&self, entry: &Entry, me: &AgentId) -> bool {
        if let Some(wanted) = &self.wanted {
            if !wanted.finds(&entry.folded, &entry.head.digits) {
                return false;
            }
        } else if entry.is_resolved() && !self.query.resolved {
            return false;
        }
        match self.query.filter {
            ListFilter::All => true,
            ListFilter::Mine => entry.head.assignee.as_ref() == Some(me),
            ListFilter::Unassigned => entry.head.assignee.is_none(),
            ListFilter::Expiring => entry.closes_at().is_some(),
        }
    }

    /// The index of an entry in this list, if it is in it; else where it would stand.
    pub fn find(&self, entries: &[Option<Entry>], place: u32) -> Result<usize, usize> {
        let by_closing = self.is_by_closing();
        self.places
            .binary_search_by(|other| compare_places(by_closing, entries, *other, place))
    }

    /// To be called before the entry changes.
    pub fn take_out(&mut self, entries: &[Option<Entry>], place: u32) {
        if let Ok(index) = self.find(entries, place) {
            self.places.remove(index);
        }
    }

    /// To be called after the entry changed.
    pub fn put_in(&mut self, entries: &[Option<Entry>], place: u32, me: &AgentId) {
        let Some(entry) = entry_at(entries, place) else {
            return;
        };
        if !self.holds(entry, me) {
            return;
        }
        if let Err(index) = self.find(entries, place) {
            self.places.insert(index, place);
        }
    }
}

pub(super) fn entry_at(entries: &[Option<Entry>], place: u32) -> Option<&Entry> {
    entries.get(place as usize)?.as_ref()
}

fn compare_places(by_closing: bool, entries: &[Option<Entry>], a: u32, b: u32) -> Ordering {
    match (entry_at(entries, a), entry_at(entries, b)) {
        (Some(a), Some(b)) => compare(by_closing, a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// The order of reading. Ends in the id, so that it is total and the same everywhere.
fn compare(by_closing: bool, a: &Entry, b: &Entry) -> Ordering {
    let newest = || {
        b.head
            .activity_at
            .cmp(&a.head.activity_at)
            .then_with(|| a.head.id.cmp(&b.head.id))
    };
    if !by_closing {
        return newest();
    }
    a.lane.cmp(&b.lane).then_with(|| {
        if a.lane == Lane::NotOpen {
            return newest();
        }
        b.is_waiting()
            .cmp(&a.is_waiting())
            .then_with(|| a.closes_at().cmp(&b.closes_at()))
            .then_with(newest)
    })
}
