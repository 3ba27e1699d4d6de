//! A PostgreSQL server of a story's own, which it may stop as it likes.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Stopped and thrown away with the story.
pub struct Server {
    folder: TempDir,
    bin: PathBuf,
    port: u16,
}

/// Where the server's programs lie: Debian keeps them out of the path, by version.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max();
    debian.or_else(|| {
        std::env::split_paths(&std::env::var_os("PATH")?).find(|bin| bin.join("initdb").exists())
    })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}

impl Server {
    /// Starts a fresh server; `None`, with a sentence, where PostgreSQL is not installed. What it
    /// has committed survives its crash.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            eprintln!("skipped: PostgreSQL's server is not installed (./dev test installs it)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        if is_root() {
            // PostgreSQL refuses to run as root.
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.expect("chown").success());
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let server = Self { folder, bin, port };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "ajar",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
        );
        server.control(&["start", "-o", &server.options()]);
        let port = server.port.to_string();
        server.run(
            "createdb",
            &["-h", "127.0.0.1", "-p", &port, "-U", "ajar", "ajar"],
        );
        Some(server)
    }

    /// The address of its one database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://ajar@127.0.0.1:{}/ajar", self.port)
    }

    /// As if somebody pulled its plug, and put it back. Ready when this returns.
    pub fn crash_and_return(&self) {
        self.control(&["stop", "-m", "immediate"]);
        self.control(&["start", "-o", &self.options()]);
    }

    fn options(&self) -> String {
        // The machine goes on, so what was written is there after a crash without syncing.
        format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off",
            self.port,
            self.folder.path().display()
        )
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn control(&self, order: &[&str]) {
        let (data, log) = (self.data(), self.folder.path().join("log"));
        let log = log.display().to_string();
        let mut arguments = vec!["-D", &data, "-l", &log, "-w"];
        arguments.extend(order);
        self.run("pg_ctl", &arguments);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        let ended = command
            .args(arguments)
            // The tests' folder may be closed to the system's user.
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("it runs");
        assert!(ended.success(), "{} said no", program.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        if pid.is_ok() && !std::thread::panicking() {
            self.control(&["stop", "-m", "immediate"]);
        } else if let Some(pid) = pid.ok().as_deref().and_then(|text| text.lines().next()) {
            let _ = Command::new("kill").args(["-QUIT", pid]).status();
        }
    }
}
