//! The shell: window, tray, notifications, keychain, and the bridge to the engine.
//!
//! It contains no rule one could be wrong about. What may be written to whom stands in
//! `ajar-domain`; what a desktop knows and keeps is `ajar-client`'s.

pub mod demo;

use std::process::ExitCode;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    match tauri::Builder::default().run(tauri::generate_context!()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
