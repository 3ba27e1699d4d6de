//! ajar-client
