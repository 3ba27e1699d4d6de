//! The interface in a browser of this computer: the same engine behind another door.
//!
//! Nothing here touches the window toolkit, so it works where there is no display at all.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use ajar_client::desk::Desk;
use ajar_client::launcher::Opener as _;
use ajar_client::loopback::{Assets, Loopback};
use anyhow::{Context as _, Result};

use crate::SystemOpener;
use crate::cli::Cli;

/// How long a page may be away, as while it is loaded again, before its session ends.
const GRACE: Duration = Duration::from_secs(30);

/// The interface's files, inside the program.
#[derive(rust_embed::Embed)]
#[folder = "ui/dist"]
struct Interface;

impl Assets for Interface {
    fn get(&self, path: &str) -> Option<(Vec<u8>, String)> {
        let file = <Interface as rust_embed::Embed>::get(path)?;
        let kind = file.metadata.mimetype().to_owned();
        Some((file.data.into_owned(), kind))
    }
}

/// Begins to serve, and says where: the first line on standard output is the address, for
/// people and for programs alike.
pub async fn serve(cli: &Cli, desk: Desk) -> Result<Loopback> {
    let assets = Arc::new(Interface);
    let loopback = Loopback::serve_on(desk, assets, cli.listen, GRACE)
        .await
        .with_context(|| format!("cannot listen on {}", cli.listen))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", loopback.opening_address())?;
    out.flush()?;
    Ok(loopback)
}

/// Serves until the process is asked to end.
pub async fn run(cli: &Cli, desk: Desk) -> Result<()> {
    let loopback = serve(cli, desk.clone()).await?;
    if !cli.no_open
        && let Err(why) = SystemOpener.open(&loopback.opening_address())
    {
        // The address stands on the terminal.
        tracing::info!(%why, "no browser could be opened");
    }
    asked_to_end().await?;
    drop(loopback);
    desk.close().await;
    Ok(())
}

#[cfg(unix)]
async fn asked_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
