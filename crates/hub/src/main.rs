//! `ajar-hub`: the team server on the command line.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use ajar_domain::{AgentId, Clock};
use ajar_hub::{
    clock::SystemClock,
    config::{BadSetting, Options},
    hub::{self, Hub, HubConfig},
    ids::Ids,
    media::Shelf,
    meta::graph::{Graph, GraphConfig},
    projector::{Bells, Projector},
    store::{NewTeam, Store},
};
use ajar_protocol::rows::Role;
use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(name = "ajar-hub", version, about = "The team server of Ajar")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take webhooks, serve desktops, send.
    Serve {
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Who may join.
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Look at settings, database, files, token and webhook subscription, and say what is wrong.
    Check {
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Read the webhook log again and put right what the rows say otherwise. The hub may serve
    /// meanwhile.
    Replay {
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Write a consistent copy of the database and its log.
    Backup {
        file: PathBuf,
        #[command(flatten)]
        options: Box<Options>,
    },
}

#[derive(Subcommand)]
enum AgentCommand {
    /// Add an agent; prints a one-time join code.
    Add {
        name: String,
        #[arg(long, value_enum, default_value_t = RoleOption::Agent)]
        role: RoleOption,
    },
    /// List agents.
    List,
    /// Shut an agent out, by id or name.
    Revoke { agent: String },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleOption {
    Admin,
    Agent,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("AJAR_LOG")
                .unwrap_or_else(|_| "info,sqlx=warn,hyper=warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the runtime could not be started: {error}"), 1),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) if error.is::<BadSetting>() => complain(&format!("ajar-hub: {error}"), 2),
        Err(error) => complain(&format!("ajar-hub: {error:#}"), 1),
    }
}

fn complain(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(code)
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("the output is closed")
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { options } => serve(&options).await,
        Command::Agent { command, options } => agent(command, &options).await,
        Command::Check { options } => check(&options).await,
        Command::Replay { options } => replay(&options).await,
        Command::Backup { file, options } => backup(&file, &options).await,
    }
}

async fn serve(options: &Options) -> anyhow::Result<ExitCode> {
    let settings = options.complete()?;
    std::fs::create_dir_all(&settings.data_dir).with_context(|| {
        format!(
            "the data folder {} cannot be made",
            settings.data_dir.display()
        )
    })?;
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", settings.listen))?;
    let running = Hub::start(
        HubConfig {
            database_url: settings.database_url,
            team_name: settings.team_name,
            meta: settings.meta,
            shelf: Shelf::open(&settings.shelf)?,
            clock: None,
            seed: None,
            number: None,
            log_kept: settings.log_kept,
        },
        listener,
    )
    .await?;
    say(&format!("listening on {}", running.url()))?;
    stop_signal().await;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C, or the service manager's request to end.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

async fn open(options: &Options) -> anyhow::Result<(Store, Ids, Arc<dyn Clock>)> {
    std::fs::create_dir_all(options.data_dir()).context("the data folder cannot be made")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), None);
    let team = NewTeam {
        hub_id: ids.next(),
        name: options.team_name.clone(),
        at: clock.now(),
    };
    let store = Store::open(&options.database_url()?, &team).await?;
    Ok((store, ids, clock))
}

async fn agent(command: AgentCommand, options: &Options) -> anyhow::Result<ExitCode> {
    let (store, ids, clock) = open(options).await?;
    match command {
        AgentCommand::Add { name, role } => {
            let role = match role {
                RoleOption::Admin => Role::Admin,
                RoleOption::Agent => Role::Agent,
            };
            let (agent, code) =
                hub::add_agent(&store, &ids, name.trim(), role, clock.now()).await?;
            say(&format!("join code for {}: {code}", agent.name))?;
            say("It works once, within seven days. In Ajar: Join a team.")?;
        }
        AgentCommand::List => {
            for agent in store.read().await?.agents().await? {
                let role = match agent.role {
                    Role::Admin => "admin",
                    Role::Agent => "agent",
                };
                let revoked = if agent.revoked { "  revoked" } else { "" };
                say(&format!("{}  {role}  {}{revoked}", agent.id, agent.name))?;
            }
        }
        AgentCommand::Revoke { agent } => {
            let found: Vec<_> = store
                .read()
                .await?
                .agents()
                .await?
                .into_iter()
                .filter(|known| {
                    !known.revoked && (known.id.as_str() == agent || known.name == agent)
                })
                .collect();
            let [one] = found.as_slice() else {
                return Ok(complain(
                    &format!(
                        "ajar-hub: {} working agents have this id or name; `ajar-hub agent list` shows the ids",
                        found.len()
                    ),
                    1,
                ));
            };
            let mut tx = store.begin().await?;
            tx.revoke_agent(&AgentId::new(one.id.as_str())).await?;
            tx.commit().await?;
            say(&format!("{} can no longer see or do anything", one.name))?;
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn check(options: &Options) -> anyhow::Result<ExitCode> {
    let settings = options.complete()?;
    say("settings      ok")?;
    let (store, ..) = open(options).await?;
    say("database      ok")?;
    store.close().await;
    let mut wrong = false;
    let tried = match Shelf::open(&settings.shelf) {
        Ok(shelf) => shelf.probe().await,
        Err(error) if error.is::<BadSetting>() => return Err(error),
        Err(error) => Err(error),
    };
    match tried {
        Ok(()) => say("files         ok")?,
        Err(error) => {
            wrong = true;
            say(&format!(
                "files         NOT OK: nothing can be written: {error}"
            ))?;
        }
    }
    let graph = Graph::new(GraphConfig {
        base_url: settings.meta.graph_url,
        version: settings.meta.api_version,
        access_token: settings.meta.access_token,
    })?;
    match graph
        .phone_number(&ajar_domain::PhoneNumberId::new(
            settings.meta.phone_number_id,
        ))
        .await
    {
        Ok(info) => say(&format!(
            "number        ok, {}{}",
            info.verified_name.unwrap_or_default(),
            match info.is_on_biz_app {
                Some(true) => ", in Coexistence with its phone",
                Some(false) => ", not on the WhatsApp Business app",
                None => "",
            }
        ))?,
        Err(error) => {
            wrong = true;
            say(&format!("number        NOT OK: {error}"))?;
        }
    }
    match graph.subscribed_apps(&settings.meta.waba_id).await {
        Ok(0) => {
            wrong = true;
            say("subscription  NOT OK: no app is subscribed to this account's webhooks")?;
        }
        Ok(_) => say("subscription  ok")?,
        Err(error) => {
            wrong = true;
            say(&format!("subscription  NOT OK: {error}"))?;
        }
    }
    Ok(if wrong {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

async fn replay(options: &Options) -> anyhow::Result<ExitCode> {
    let (store, ids, clock) = open(options).await?;
    if let Some(since) = store.log_start().await? {
        let day = chrono::DateTime::from_timestamp_millis(since.millis())
            .map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default();
        say(&format!(
            "The log begins {day}. What was received before is no longer kept raw; its rows stay as they are."
        ))?;
    }
    let projector = Projector::new(store.clone(), ids, clock, Bells::default());
    let bar = indicatif::ProgressBar::new(0).with_style(
        indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} webhooks, {msg}, {eta} left")
            .context("the progress bar's words")?,
    );
    let done = projector
        .replay(|so_far| {
            bar.set_length(u64::try_from(so_far.of).unwrap_or(0));
            bar.set_position(u64::try_from(so_far.upto).unwrap_or(0));
            bar.set_message(format!("{} put right", so_far.changed));
        })
        .await?;
    bar.finish_and_clear();
    store.close().await;
    say(&format!(
        "read {} webhooks with {} items; {} rows were put right",
        done.webhooks, done.items, done.changed
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn backup(file: &Path, options: &Options) -> anyhow::Result<ExitCode> {
    let (store, ..) = open(options).await?;
    let log = file.with_extension("log.db");
    for path in [file, &log] {
        if path.exists() {
            return Ok(complain(
                &format!(
                    "ajar-hub: {} exists already; nothing was written",
                    path.display()
                ),
                1,
            ));
        }
    }
    let done = store
        .backup_sqlite(&file.display().to_string(), &log.display().to_string())
        .await?;
    store.close().await;
    if !done {
        return Ok(complain(
            "ajar-hub: this team's database is PostgreSQL; use pg_dump, which makes a consistent copy",
            1,
        ));
    }
    say(&format!(
        "written: {} and {}",
        file.display(),
        log.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
