//! `ajar-sim`: the simulated Meta platform as a process of its own.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;

use ajar_domain::time::{Clock as _, Time};
use ajar_simulator::{Number, Settings, SimClock, Simulator, StatusPolicy};
use chrono::{DateTime, Utc};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use url::Url;

#[derive(Parser)]
#[command(
    name = "ajar-sim",
    version,
    about = "A simulated Meta platform for WhatsApp"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer the Graph API under /{version}/ and the controls under /sim/, and send webhooks.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// The address to listen on.
    #[arg(long, env = "AJAR_SIM_LISTEN", default_value = "127.0.0.1:8788")]
    listen: String,
    /// Where webhooks go, such as http://127.0.0.1:8787/webhooks/whatsapp.
    #[arg(long, env = "AJAR_SIM_WEBHOOK_URL")]
    webhook_url: Option<String>,
    /// Signs the webhooks.
    #[arg(long, env = "AJAR_SIM_APP_SECRET", hide_env_values = true)]
    app_secret: Option<String>,
    /// Shown to the webhook address when it is verified.
    #[arg(long, env = "AJAR_SIM_VERIFY_TOKEN", hide_env_values = true)]
    verify_token: Option<String>,
    /// The token that Graph calls must bear.
    #[arg(
        long,
        env = "AJAR_SIM_ACCESS_TOKEN",
        hide_env_values = true,
        default_value = "simulated-access-token"
    )]
    access_token: String,
    #[arg(long, env = "AJAR_SIM_WABA_ID", default_value = "100000000000101")]
    waba_id: String,
    #[arg(
        long,
        env = "AJAR_SIM_PHONE_NUMBER_ID",
        default_value = "100000000000202"
    )]
    phone_number_id: String,
    /// The business's number as people write it.
    #[arg(long, env = "AJAR_SIM_NUMBER", default_value = "+1 555-078-3881")]
    number: String,
    #[arg(long, env = "AJAR_SIM_NAME", default_value = "Quill & Spoke")]
    name: String,
    /// Simulated seconds in one real second.
    #[arg(long, env = "AJAR_SIM_RATE", default_value = "1")]
    rate: String,
    /// Start the clock here (RFC 3339) instead of now.
    #[arg(long, env = "AJAR_SIM_START")]
    start: Option<String>,
    /// The same seed gives the same ids. Another one each time by default.
    #[arg(long, env = "AJAR_SIM_SEED")]
    seed: Option<String>,
    /// Under which address others reach this process, if not the one it listens on.
    #[arg(long, env = "AJAR_SIM_PUBLIC_URL")]
    public_url: Option<String>,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return usage(&one_line(&error)),
        Err(help) => {
            // Help and version were asked for.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let Command::Serve(options) = cli.command;
    let settings = match Ready::from_options(options) {
        Ok(settings) => settings,
        Err(why) => return usage(&why),
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(io::stderr)
        .init();
    match run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ajar-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "ajar-sim: {why}");
    ExitCode::from(2)
}

/// What clap says, without its usage text.
fn one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "what to do? `ajar-sim serve --help` tells".to_owned();
    }
    let text = error.to_string();
    let mut said: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("Usage:") {
            break;
        }
        said.push(line);
    }
    said.join(" ").replacen("error: ", "", 1)
}

/// Options that make sense.
struct Ready {
    listen: SocketAddr,
    webhook_url: Url,
    app_secret: String,
    verify_token: String,
    access_token: String,
    waba_id: String,
    number: Number,
    clock: SimClock,
    seed: u64,
    public_url: Option<Url>,
}

impl Ready {
    fn from_options(options: Serve) -> Result<Self, String> {
        let listen = options.listen.parse().map_err(|_| {
            format!(
                "--listen must be an address and a port such as 127.0.0.1:8788, not {:?}",
                options.listen
            )
        })?;
        let webhook_url = address(
            "--webhook-url",
            &needed("--webhook-url", options.webhook_url)?,
        )?;
        let rate: f64 = options
            .rate
            .parse()
            .ok()
            .filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
            .ok_or_else(|| format!("--rate must be a number above 0, not {:?}", options.rate))?;
        let start = match &options.start {
            None => None,
            Some(start) => {
                let parsed: DateTime<Utc> = start.parse().map_err(|_| {
                    format!("--start must be a moment such as 2026-11-22T09:00:00Z, not {start:?}")
                })?;
                Some(Time::from_datetime(parsed))
            }
        };
        let clock = SimClock::new();
        if let Some(start) = start {
            clock.set(start);
        }
        if (rate - 1.0).abs() > f64::EPSILON {
            clock.set_rate(rate);
        }
        let seed = match &options.seed {
            None => u64::try_from(SimClock::new().now().millis()).unwrap_or(0),
            Some(seed) => seed
                .parse()
                .map_err(|_| format!("--seed must be a whole number, not {seed:?}"))?,
        };
        let digits = options.number.chars().filter(char::is_ascii_digit).count();
        if !(5..=15).contains(&digits) {
            return Err(format!(
                "--number must be a phone number such as +1 555-078-3881, not {:?}",
                options.number
            ));
        }
        Ok(Self {
            listen,
            webhook_url,
            app_secret: needed("--app-secret", options.app_secret)?,
            verify_token: needed("--verify-token", options.verify_token)?,
            access_token: options.access_token,
            waba_id: options.waba_id,
            number: Number::new(options.phone_number_id, options.number, options.name),
            clock,
            seed,
            public_url: options
                .public_url
                .map(|url| address("--public-url", &url))
                .transpose()?,
        })
    }
}

fn needed(option: &str, value: Option<String>) -> Result<String, String> {
    let variable = option
        .trim_start_matches('-')
        .replace('-', "_")
        .to_uppercase();
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("{option} (or AJAR_SIM_{variable}) is missing"))
}

fn address(option: &str, value: &str) -> Result<Url, String> {
    Url::parse(value)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("{option} must be an http(s) address, not {value:?}"))
}

#[tokio::main]
async fn run(ready: Ready) -> anyhow::Result<()> {
    use anyhow::Context as _;

    let listener = TcpListener::bind(ready.listen)
        .await
        .with_context(|| format!("cannot listen on {}", ready.listen))?;
    let mut builder = Simulator::builder()
        .clock(ready.clock)
        .webhook_url(ready.webhook_url)
        .app_secret(ready.app_secret)
        .verify_token(ready.verify_token)
        .access_token(ready.access_token)
        .waba_id(ready.waba_id)
        .number(ready.number)
        .seed(ready.seed)
        .settings(Settings {
            statuses: StatusPolicy::LIFELIKE,
            ..Settings::default()
        });
    if let Some(url) = ready.public_url {
        builder = builder.base_url(url);
    }
    let sim = builder.serve(listener)?;
    let url = sim.graph_url().map(String::from).unwrap_or_default();
    let mut stdout = io::stdout();
    writeln!(
        stdout,
        "Graph API on {url} · controls on {url}sim/openapi.json"
    )?;
    stdout.flush()?;
    match sim.verify_webhook().await {
        Ok(()) => tracing::info!("the webhook address answered the challenge"),
        // It may come up later; webhooks are tried again anyway.
        Err(error) => tracing::warn!(%error, "the webhook address is not verified"),
    }
    tracing::info!(now = ?sim.clock().now(), "running");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
