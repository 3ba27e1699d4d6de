//! The command line of the desktop app.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// A shared inbox for businesses on WhatsApp Coexistence.
///
/// Without options it opens the window on this computer's team, or asks on the first run
/// whether to join one, to host one, or to try the demo.
#[derive(Clone, Debug, Parser)]
#[command(name = "ajar", version, about)]
pub struct Cli {
    /// Open the demo team: hub and simulated WhatsApp in this process, nothing to configure.
    #[arg(long)]
    pub demo: bool,

    /// Show the interface in the browser instead of a window. The first line on standard
    /// output is its address, which works once per browser tab and only on this computer.
    #[arg(long)]
    pub browser: bool,

    /// Open the window, and serve the interface to a browser as well.
    #[arg(long, conflicts_with = "browser")]
    pub serve: bool,

    /// With --browser: print the address and leave opening it to you.
    #[arg(long)]
    pub no_open: bool,

    /// Where --browser and --serve listen; only addresses of this computer itself.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub listen: SocketAddr,

    /// Where this computer's copy of the team lies.
    #[arg(long, value_name = "FOLDER", env = "AJAR_DESKTOP_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// In the demo: how many of the team's seconds pass in one second.
    #[arg(long, value_name = "RATE", default_value_t = 1.0, value_parser = rate)]
    pub demo_rate: f64,

    /// In the demo: only what is asked for happens, nobody writes by themselves.
    #[arg(long)]
    pub demo_quiet: bool,

    /// `ajar://conversation/<id>` or `ajar://start?phone=<number>`, as the system hands it over.
    #[arg(value_name = "LINK")]
    pub link: Option<String>,
}

/// The interface gives whoever reaches it the whole team: it is never offered to the network.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "an address like 127.0.0.1:8080 is needed".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only addresses of this computer itself (127.0.0.1, ::1)".to_owned())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (1.0..=3600.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 1 to 3600 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_network_is_never_served() {
        assert!(Cli::try_parse_from(["ajar", "--browser", "--listen", "0.0.0.0:80"]).is_err());
        assert!(Cli::try_parse_from(["ajar", "--browser", "--listen", "[::1]:0"]).is_ok());
    }

    #[test]
    fn a_link_may_stand_anywhere() {
        let cli = Cli::try_parse_from(["ajar", "--demo", "ajar://start?phone=1"]).expect("parses");
        assert!(cli.demo && cli.link.is_some());
    }
}
