//! What goes wrong on purpose: the platform's answers and the line to it.
//!
//! Faults are queued; each send takes one off its queue, and each upload of a file one off its own. They are the seam through which a test
//! makes a hub see a throttled, broken or silent Meta without any of it being random.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::graph::GraphError;

/// What happens to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// Refused with Meta's error of this code.
    Error { code: u32 },
    /// Accepted with a wamid; then this error comes as a `failed` status.
    LateError { code: u32 },
    /// Refused with exactly this, which need not be Meta's way at all. `null`: without a body.
    Answer {
        status: u16,
        #[schema(value_type = Object)]
        body: Value,
    },
    /// The line is cut before the platform has read the request: it was not done.
    DropRequest,
    /// The platform does what was asked; then the line is cut: the caller cannot know.
    SwallowAnswer,
    /// Done as asked and answered, but only after so long (real time).
    Delay { ms: u64 },
    /// Done as asked; but the answer leaves only when nothing waits to be told by webhook any more:
    /// the statuses overtake it.
    AnswerLast,
    /// A template that is accepted but held back for quality assessment; nothing more comes.
    Hold,
}

impl Fault {
    /// The refusal that this fault stands for, if it is one.
    pub(crate) fn refusal(&self) -> Option<Response> {
        match self {
            Fault::Error { code } => Some(GraphError::of(*code).into_response()),
            Fault::Answer { status, body } => {
                let status =
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(match body {
                    Value::Null => status.into_response(),
                    body => (status, Json(body)).into_response(),
                })
            }
            _ => None,
        }
    }

    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Fault::Delay { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        }
    }
}

#[derive(Default)]
pub(crate) struct Faults {
    pub sends: Queue,
    pub uploads: Queue,
}

impl Faults {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn waiting(&self) -> usize {
        self.sends.0.len() + self.uploads.0.len()
    }
}

/// The faults that the next requests of one kind meet.
#[derive(Default)]
pub(crate) struct Queue(VecDeque<Fault>);

impl Queue {
    pub fn push(&mut self, times: u32, fault: &Fault) {
        self.0.extend((0..times).map(|_| fault.clone()));
    }

    pub fn take(&mut self) -> Option<Fault> {
        self.0.pop_front()
    }
}
