//! The program: one line and exit code 2 for what is missing or malformed.

use std::process::{Command, Output};

fn run(options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ajar-sim"));
    for (name, _) in std::env::vars() {
        if name.starts_with("AJAR_") {
            command.env_remove(name);
        }
    }
    command.args(options).output().expect("it starts")
}

#[test]
fn what_is_missing_or_malformed_is_one_clear_line() {
    let complete = [
        "serve",
        "--webhook-url",
        "http://127.0.0.1:1/webhooks/whatsapp",
        "--app-secret",
        "s",
        "--verify-token",
        "v",
    ];
    let with = |more: &[&'static str]| [&complete[..], more].concat();
    let cases = [
        (vec![], "ajar-sim serve --help"),
        (
            vec!["serve"],
            "--webhook-url (or AJAR_SIM_WEBHOOK_URL) is missing",
        ),
        (
            complete[..3].to_vec(),
            "--app-secret (or AJAR_SIM_APP_SECRET) is missing",
        ),
        (
            complete[..5].to_vec(),
            "--verify-token (or AJAR_SIM_VERIFY_TOKEN) is missing",
        ),
        (
            vec!["serve", "--webhook-url", "here"],
            "--webhook-url must be an http(s) address",
        ),
        (
            with(&["--listen", "nowhere"]),
            "--listen must be an address and a port",
        ),
        (with(&["--rate", "fast"]), "--rate must be a number above 0"),
        (with(&["--seed", "x"]), "--seed must be a whole number"),
        (with(&["--start", "noon"]), "--start must be a moment"),
        (
            with(&["--number", "none"]),
            "--number must be a phone number",
        ),
        (
            with(&["--no-such"]),
            "unexpected argument '--no-such' found",
        ),
    ];
    for (options, expected) in cases {
        let output = run(&options);
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{options:?}: {said}");
        assert!(said.starts_with("ajar-sim: "), "{said}");
        assert!(said.contains(expected), "{options:?}: {said}");
    }
}
