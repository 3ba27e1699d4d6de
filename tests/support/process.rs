//! The hub as a process of its own, to be killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use ajar_simulator::Sim;

fn program() -> PathBuf {
    let mut path = std::env::current_exe().expect("this test");
    path.pop();
    path.pop();
    path.push(format!("ajar-hub{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is built by cargo build --workspace",
        path.display()
    );
    path
}

/// The hub as a process of its own, on a folder. Dropping it kills it.
pub struct HubProcess {
    child: Child,
    pub url: String,
}

impl HubProcess {
    #[must_use]
    pub fn start(sim: &Sim, dir: &Path) -> Self {
        Self::of(Command::new(program()), sim, dir, None)
    }

    /// On a PostgreSQL server.
    #[must_use]
    pub fn start_on(sim: &Sim, dir: &Path, database: &str) -> Self {
        Self::of(Command::new(program()), sim, dir, Some(database))
    }

    /// Where files cannot grow beyond some kilobytes: to the hub, a full disk.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn start_short_of_space(sim: &Sim, dir: &Path, kilobytes: u32) -> Self {
        let mut shell = Command::new("bash");
        // Without the trap the first write beyond the limit would end the process.
        shell
            .arg("-c")
            .arg(format!(
                "trap '' XFSZ; ulimit -S -f {kilobytes}; exec \"$0\" \"$@\""
            ))
            .arg(program());
        Self::of(shell, sim, dir, None)
    }

    fn of(mut program: Command, sim: &Sim, dir: &Path, database: Option<&str>) -> Self {
        if let Some(database) = database {
            program.env("AJAR_DATABASE_URL", database);
        }
        let mut child = program
            .arg("serve")
            .env("AJAR_LISTEN", "127.0.0.1:0")
            .env("AJAR_DATA_DIR", dir)
            .env(
                "AJAR_META_GRAPH_URL",
                sim.graph_url().expect("listens").as_str(),
            )
            .env("AJAR_META_ACCESS_TOKEN", sim.access_token())
            .env("AJAR_META_APP_SECRET", sim.app_secret())
            .env("AJAR_META_VERIFY_TOKEN", "verify")
            .env("AJAR_META_WABA_ID", sim.waba_id())
            .env("AJAR_META_PHONE_NUMBER_ID", sim.phone_number_id())
            .env("AJAR_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the hub starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its address");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("its address")
            .to_owned();
        Self { child, url }
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for HubProcess {
    /// `SIGKILL`: no farewell.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A join code for Sami, from the hub's command line.
#[must_use]
pub fn join_code(dir: &Path, database: Option<&str>) -> String {
    let mut program = Command::new(program());
    if let Some(database) = database {
        program.env("AJAR_DATABASE_URL", database);
    }
    let output = program
        .args(["agent", "add", "Sami"])
        .env("AJAR_DATA_DIR", dir)
        .output()
        .expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    said.lines()
        .find_map(|line| line.strip_prefix("join code for Sami: "))
        .expect("a code")
        .to_owned()
}
