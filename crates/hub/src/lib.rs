//! ajar-hub
