//! The shell: window, tray, notifications, keychain, links, and hubs in this process.
//!
//! It contains no rule one could be wrong about. What may be written to whom stands in
//! `ajar-domain`; what a desktop knows and keeps is `ajar-client`'s. The page in the window
//! reaches the engine through two doors ([`bridge`]); the same page in a browser reaches it
//! over the loopback ([`browser`]).

mod attendant;
mod bridge;
mod browser;
pub mod cli;
pub mod demo;
mod hosting;
mod keychain;
pub mod links;
mod tray;
mod window;
mod words;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use ajar_client::desk::{Desk, DeskConfig};
use ajar_client::launcher::Opener;
use ajar_client::secrets::{FileSecrets, MemorySecrets, Secrets};
use ajar_protocol::ui::{Draft, DraftMode, Nothing, Stage, UiCall, UiEvent};
use anyhow::{Context as _, Result};
use clap::Parser as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use url::Url;

use cli::Cli;
use hosting::Hosting;
use keychain::Keychain;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tracing::error!("{why:#}");
            // Whoever started us from a terminal wants to know; there may be none.
            let _ = writeln!(io::stderr(), "ajar: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let data_dir = match &cli.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir().context("there is no home folder; give --data-dir")?,
    };
    keep_a_log(&data_dir);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    tauri::async_runtime::set(runtime.handle().clone());
    let _inside = runtime.enter();
    let (desk, hosting) = runtime.block_on(sit_down(cli, &data_dir))?;
    runtime.spawn(lay_out_drafts(desk.clone(), hosting));
    if cli.demo {
        let (session, _events) = desk.session();
        runtime.spawn(async move {
            if let Err(error) = session.call(UiCall::TryDemo(Nothing {})).await {
                tracing::error!(code = ?error.code, "the demo did not start");
            }
        });
    }
    if cli.browser {
        return runtime.block_on(browser::run(cli, desk));
    }
    let _served = match cli.serve {
        true => Some(runtime.block_on(browser::serve(cli, desk.clone()))?),
        false => None,
    };
    window::run(cli, desk).context("the window does not open")
}

/// The engine of this desktop.
async fn sit_down(cli: &Cli, data_dir: &Path) -> Result<(Desk, Arc<Hosting>)> {
    // A demo leaves nothing behind. A folder asked for by hand keeps everything to itself.
    let (kept_in, secrets): (Option<PathBuf>, Arc<dyn Secrets>) = if cli.demo {
        (None, Arc::new(MemorySecrets::default()))
    } else if cli.data_dir.is_some() {
        let files = FileSecrets::in_folder(data_dir.join("secrets"));
        (Some(data_dir.to_owned()), Arc::new(files))
    } else {
        (Some(data_dir.to_owned()), Arc::new(Keychain::of(data_dir)))
    };
    let options = demo::Options {
        rate: cli.demo_rate,
        quiet: cli.demo_quiet,
        ..demo::Options::default()
    };
    let hosting = Arc::new(Hosting::new(
        kept_in.clone(),
        Arc::clone(&secrets),
        options,
        graph()?,
    ));
    let config = DeskConfig {
        data_dir: kept_in,
        device: device_name(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        shell: if cli.browser { "browser" } else { "desktop" }.to_owned(),
        secrets,
        launcher: Some(hosting.clone()),
        opener: Arc::new(SystemOpener),
        seed: u64::from(std::process::id()),
        ..DeskConfig::in_memory("")
    };
    let desk = Desk::open(config).await;
    let desk = desk.with_context(|| format!("{} cannot be opened", data_dir.display()))?;
    Ok((desk, hosting))
}

/// Whenever the demo is ready: what its agent has typed and not sent is put where it belongs.
async fn lay_out_drafts(desk: Desk, hosting: Arc<Hosting>) {
    let (session, mut events) = desk.session();
    while let Some(envelope) = events.recv().await {
        let UiEvent::Stage {
            stage: Stage::Ready { me },
        } = envelope.event
        else {
            continue;
        };
        if !me.demo {
            continue;
        }
        for draft in hosting.drafts_of_the_demo().await {
            let draft = Draft {
                conversation: draft.conversation,
                mode: DraftMode::Reply,
                body: draft.body,
                reply_to: None,
                files: Vec::new(),
                saved_at: None,
            };
            if let Err(error) = session.call(UiCall::SaveDraft(draft)).await {
                tracing::warn!(code = ?error.code, "a draft of the demo was not kept");
            }
        }
    }
}

/// Meta's Graph API, or what plays it; named as `ajar-hub` names it.
fn graph() -> Result<Url> {
    let address = std::env::var("AJAR_META_GRAPH_URL");
    let address = address.as_deref().unwrap_or("https://graph.facebook.com");
    address
        .parse()
        .context("AJAR_META_GRAPH_URL must be an address such as https://graph.facebook.com")
}

/// Names this workstation in the administrator's list.
fn device_name() -> String {
    let name = ["COMPUTERNAME", "HOSTNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .or_else(|| fs::read_to_string("/etc/hostname").ok());
    let name = name.unwrap_or_default();
    match name.trim() {
        "" => "a workstation".to_owned(),
        name => name.to_owned(),
    }
}

/// Opens addresses with whatever the system opens them with.
struct SystemOpener;

impl Opener for SystemOpener {
    fn open(&self, url: &str) -> io::Result<()> {
        tauri_plugin_opener::open_url(url, None::<&str>).map_err(io::Error::other)
    }
}

/// The folder for this program's data, as each system wants it.
fn default_data_dir() -> Option<PathBuf> {
    const NAME: &str = "app.ajar.desktop";
    let var = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if cfg!(windows) {
        var("LOCALAPPDATA").map(|folder| folder.join(NAME))
    } else if cfg!(target_os = "macos") {
        var("HOME").map(|home| home.join("Library/Application Support").join(NAME))
    } else {
        var("XDG_DATA_HOME")
            .or_else(|| var("HOME").map(|home| home.join(".local/share")))
            .map(|folder| folder.join(NAME))
    }
}

/// To a file beside the data, the one before kept; and to the terminal if asked by `AJAR_LOG`.
fn keep_a_log(data_dir: &Path) {
    let asked = std::env::var("AJAR_LOG").ok();
    let filter = asked
        .as_deref()
        .unwrap_or("info,zbus=warn,hyper=warn,sqlx=warn");
    let file = open_log(data_dir)
        .inspect_err(|why| {
            let _ = writeln!(io::stderr(), "ajar: no log is kept: {why}");
        })
        .ok();
    let to_file = file.map(|file| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Arc::new(file))
    });
    let to_terminal = asked.is_some().then(|| {
        tracing_subscriber::fmt::layer()
            .with_ansi(io::stderr().is_terminal())
            .with_writer(io::stderr)
    });
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(to_file)
        .with(to_terminal)
        .init();
}

fn open_log(data_dir: &Path) -> io::Result<fs::File> {
    let folder = data_dir.join("log");
    fs::create_dir_all(&folder)?;
    let file = folder.join("ajar.log");
    if file.exists() {
        fs::rename(&file, folder.join("ajar.before.log"))?;
    }
    fs::File::create(file)
}
