//! The interface in a browser of this computer.

use std::sync::Arc;

use ajar_client::desk::Desk;
use anyhow::Result;

use crate::cli::Cli;
use crate::hosting::Hosting;

pub async fn serve(_cli: &Cli, _desk: Desk, _hosting: Arc<Hosting>) -> Result<()> {
    Ok(())
}

pub async fn serve_beside(_cli: &Cli, _desk: Desk) -> Result<()> {
    Ok(())
}
