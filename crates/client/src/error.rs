//! Trouble inside this desktop, as the interface is told about it.

use ajar_protocol::error::{ApiError, ErrorCode};

use crate::store::Trouble;

/// The chain goes to the log once, here; the interface gets the code.
#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
pub(crate) fn storage(trouble: Trouble) -> ApiError {
    tracing::error!(
        error = &trouble as &dyn std::error::Error,
        "the desktop's database failed"
    );
    ApiError::new(ErrorCode::StorageUnavailable, trouble.to_string())
}

pub(crate) fn not_found(what: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("no such {what}"))
}

pub(crate) fn invalid(why: &str) -> ApiError {
    ApiError::new(ErrorCode::Invalid, why)
}
