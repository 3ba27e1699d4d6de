//! The invariants of ARCHITECTURE.md, each tried on the sources as they stand.
//!
//! These tests read text. They are blunt, so they name the place and let a person judge: an
//! exception belongs in the list beside the rule, with its reason.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("tests lies in the root")
        .to_owned()
}

/// A source file with its path from the root, in the form `crates/hub/src/lib.rs`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Without comments and without the tests at the end, which may say what they like.
    fn code(&self) -> String {
        let code = match self.text.find("#[cfg(test)]\nmod ") {
            Some(tests) => &self.text[..tests],
            None => &self.text,
        };
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            if !["node_modules", "dist", "target"].contains(&name) {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let from_root = path.strip_prefix(root()).expect("inside the root");
            found.push(Source {
                path: from_root.to_string_lossy().replace('\\', "/"),
                text: fs::read_to_string(&path).expect("a text file"),
            });
        }
    }
}

/// Fails with every place where one of the words stands in code.
fn nowhere(rule: &str, sources: &[Source], words: &[&str], but: impl Fn(&Source) -> bool) {
    let mut places = Vec::new();
    for source in sources.iter().filter(|source| !but(source)) {
        for (index, line) in source.code().lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                places.push(format!("{} (code line {}): {word}", source.path, index + 1));
            }
        }
    }
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

/// What a package names under `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).expect(manifest);
    let mut inside = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some((name, _)) = line.split_once(['.', ' ', '=']) {
            names.push(name.trim().to_owned());
        }
    }
    assert!(!names.is_empty(), "{manifest} names nothing");
    names
}

#[test]
fn the_domain_is_pure() {
    let named = dependencies("crates/domain/Cargo.toml");
    for heavy in [
        "tokio", "sqlx", "reqwest", "tauri", "axum", "futures", "rand", "tracing",
    ] {
        assert!(
            !named.iter().any(|name| name == heavy),
            "domain depends on {heavy}"
        );
    }
    nowhere(
        "the domain does no I/O, reads no clock, makes no random ids, and waits for nothing",
        &sources("crates/domain/src", &[".rs"]),
        &[
            "std::fs",
            "std::net",
            "std::env",
            "Utc::now",
            "Instant::now",
            "SystemTime",
            "async fn",
            ".await",
            "new_v4",
            "now_v7",
        ],
        |_| false,
    );
}

#[test]
fn dependencies_point_one_way() {
    for (manifest, never) in [
        (
            "crates/domain/Cargo.toml",
            &[
                "ajar-protocol",
                "ajar-hub",
                "ajar-client",
                "ajar-simulator",
                "ajar",
            ][..],
        ),
        (
            "crates/protocol/Cargo.toml",
            &["ajar-hub", "ajar-client", "ajar-simulator", "ajar"],
        ),
        (
            "crates/hub/Cargo.toml",
            &["ajar-client", "ajar-simulator", "ajar"],
        ),
        (
            "crates/client/Cargo.toml",
            &["ajar-hub", "ajar-simulator", "ajar"],
        ),
        (
            "crates/simulator/Cargo.toml",
            &["ajar-protocol", "ajar-hub", "ajar-client", "ajar"],
        ),
    ] {
        for name in dependencies(manifest) {
            assert!(
                !never.contains(&name.as_str()),
                "{manifest} depends on {name}"
            );
            assert!(!name.starts_with("tauri"), "{manifest} depends on {name}");
        }
    }
}

#[test]
fn sql_stands_in_stores_only() {
    let mut all = sources("crates", &[".rs"]);
    all.extend(sources("src-tauri", &[".rs"]));
    nowhere(
        "SQL stands in `store` modules only",
        &all,
        &[
            "sqlx::",
            "\"SELECT ",
            "\"INSERT ",
            "\"UPDATE ",
            "\"DELETE FROM",
            "query_as",
            "query_scalar",
        ],
        |source| {
            source.path.contains("/store/")
                || source.path.ends_with("/store.rs")
                || source.path.contains("/tests/")
        },
    );
}

#[test]
fn only_one_file_of_the_interface_knows_the_shell() {
    nowhere(
        "only bridge/tauri.ts imports @tauri-apps",
        &sources("ui/src", &[".ts", ".svelte"]),
        &["@tauri-apps", "__TAURI_IPC__"],
        |source| source.path == "ui/src/lib/bridge/tauri.ts",
    );
}

#[test]
fn only_meta_modules_know_metas_error_numbers_and_fields() {
    let mut all = sources("crates/domain/src", &[".rs"]);
    all.extend(sources("crates/protocol/src", &[".rs"]));
    all.extend(sources("crates/client/src", &[".rs"]));
    all.extend(sources("crates/hub/src", &[".rs"]));
    nowhere(
        "Meta's error numbers and field names stand in hub::meta only",
        &all,
        &[
            "131047",
            "131_047",
            "131026",
            "131_026",
            "131051",
            "131_051",
            "131060",
            "131_060",
            "130429",
            "130_429",
            "messaging_product",
            "biz_opaque_callback_data",
            "smb_message_echoes",
        ],
        |source| source.path.starts_with("crates/hub/src/meta"),
    );
}

#[test]
fn the_shell_knows_no_rule_of_the_window() {
    nowhere(
        "the shell decides nothing about windows",
        &sources("src-tauri", &[".rs"]),
        &["require_open", "composer(", "domain::window", "closes_at"],
        |_| false,
    );
}

#[test]
fn the_interface_does_not_compute_the_window() {
    nowhere(
        "24 hours are counted in the domain, not in the interface",
        &sources("ui/src", &[".ts", ".svelte"]),
        &["24 * 60 * 60", "86400000", "86_400_000", "24 * HOUR"],
        // The engine in memory stands for the domain there; a full ring stands for a day.
        |source| {
            source.path.contains("/bridge/fake")
                || source.path == "ui/src/lib/time/face.ts"
                || source.path.ends_with(".test.ts")
                || source.path.contains("/test/")
        },
    );
}

#[test]
fn nothing_is_printed_or_allowed_in_passing() {
    let mut all = sources("crates", &[".rs"]);
    all.extend(sources("src-tauri", &[".rs"]));
    nowhere(
        "logs go through tracing; an exception is expected, with its reason",
        &all,
        &["println!(", "eprintln!(", "dbg!(", "todo!(", "#[allow("],
        |source| {
            source.path.contains("/tests/")
                || source.path.contains("/benches/")
                || source.path.ends_with("build.rs")
        },
    );
}

#[test]
fn files_have_one_subject() {
    const MOST: usize = 1000;
    let mut all = sources("crates", &[".rs"]);
    all.extend(sources("src-tauri", &[".rs"]));
    all.extend(sources("ui/src", &[".ts", ".svelte"]));
    let long: Vec<_> = all
        .iter()
        .map(|source| (lines_without_style(&source.text), &source.path))
        .filter(|(lines, _)| *lines > MOST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(
        long.is_empty(),
        "about 600 lines are the measure, {MOST} the end of patience:\n  {}",
        long.join("\n  ")
    );
}

/// A component's style sheet is another subject that has to stand in the same file.
fn lines_without_style(text: &str) -> usize {
    let end = text.find("\n<style").unwrap_or(text.len());
    text[..end].lines().count()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let folder = root().join("crates/hub/migrations").join(folder);
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert_eq!(names("log/sqlite"), names("log/postgres"));
}
