//! The desktop program.

// On Windows a console window must not open beside ours.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    ajar_desktop::main()
}
