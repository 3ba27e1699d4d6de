//! Whether a body fits Meta's own description of its API, where that file is at hand.
