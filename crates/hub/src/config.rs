//! Settings of a hub: flags, environment, and secrets from files.
//!
//! Every option of `ajar-hub serve` can be given as a flag or as the environment variable that
//! its help names; secrets also from a file named by the variable with `_FILE` behind it. A
//! missing or malformed setting is one line and exit code 2.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::media::ShelfPlace;

/// Meta's Graph API versions live about two years; this is the one the platform notes describe.
pub const DEFAULT_API_VERSION: &str = "v25.0";

#[derive(Args, Clone, Default)]
pub struct Options {
    /// Where to listen. Put HTTPS in front of it (docs/install-hub.md).
    #[arg(long, env = "AJAR_LISTEN", default_value = "127.0.0.1:8787")]
    pub listen: String,
    /// `sqlite://…` or `postgres://…`; a file in the data folder if not given.
    #[arg(long, env = "AJAR_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Where database and files lie.
    #[arg(long, env = "AJAR_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// `s3://bucket/prefix`; a folder in the data folder if not given.
    #[arg(long, env = "AJAR_MEDIA_URL")]
    pub media_url: Option<String>,
    /// The team's name, as its desktops show it.
    #[arg(long, env = "AJAR_TEAM_NAME", default_value = "Our team")]
    pub team_name: String,
    /// Days for which the raw webhooks are kept, at least 7. `ajar-hub replay` can rebuild nothing
    /// from what is older. 0 keeps them for ever.
    #[arg(long, env = "AJAR_LOG_KEEP_DAYS", default_value = "90")]
    pub log_keep_days: String,
    #[arg(
        long,
        env = "AJAR_META_GRAPH_URL",
        default_value = "https://graph.facebook.com"
    )]
    pub meta_graph_url: String,
    #[arg(long, env = "AJAR_META_API_VERSION", default_value = DEFAULT_API_VERSION)]
    pub meta_api_version: String,
    #[arg(long, env = "AJAR_META_ACCESS_TOKEN", hide_env_values = true)]
    pub meta_access_token: Option<String>,
    #[arg(long, env = "AJAR_META_ACCESS_TOKEN_FILE")]
    pub meta_access_token_file: Option<PathBuf>,
    #[arg(long, env = "AJAR_META_APP_SECRET", hide_env_values = true)]
    pub meta_app_secret: Option<String>,
    #[arg(long, env = "AJAR_META_APP_SECRET_FILE")]
    pub meta_app_secret_file: Option<PathBuf>,
    #[arg(long, env = "AJAR_META_VERIFY_TOKEN", hide_env_values = true)]
    pub meta_verify_token: Option<String>,
    #[arg(long, env = "AJAR_META_VERIFY_TOKEN_FILE")]
    pub meta_verify_token_file: Option<PathBuf>,
    #[arg(long, env = "AJAR_META_WABA_ID")]
    pub meta_waba_id: Option<String>,
    #[arg(long, env = "AJAR_META_PHONE_NUMBER_ID")]
    pub meta_phone_number_id: Option<String>,
}

/// A setting that is missing or cannot be used: one line for whoever starts the hub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(pub String);

/// Settings that are complete.
#[derive(Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub database_url: String,
    pub data_dir: PathBuf,
    pub shelf: ShelfPlace,
    pub team_name: String,
    /// How long raw webhooks are kept; `None` for ever.
    pub log_kept: Option<std::time::Duration>,
    pub meta: MetaSettings,
}

#[derive(Clone)]
pub struct MetaSettings {
    pub graph_url: url::Url,
    pub api_version: String,
    pub access_token: String,
    pub app_secret: String,
    pub verify_token: String,
    pub waba_id: String,
    pub phone_number_id: String,
}

impl Options {
    /// The data folder, whether or not the rest is complete.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(default_data_dir)
    }

    /// The database, which upkeep commands need without the rest.
    ///
    /// # Errors
    /// If the address is of no kind that is known.
    pub fn database_url(&self) -> Result<String, BadSetting> {
        match &self.database_url {
            None => Ok(format!(
                "sqlite://{}",
                self.data_dir().join("ajar.db").display()
            )),
            Some(url)
                if ["sqlite:", "postgres:", "postgresql:"]
                    .iter()
                    .any(|scheme| url.starts_with(scheme)) =>
            {
                Ok(url.clone())
            }
            Some(_) => Err(BadSetting(
                "AJAR_DATABASE_URL must begin with sqlite:// or postgres://".into(),
            )),
        }
    }

    /// Where files lie.
    ///
    /// # Errors
    /// If the address is of no kind that is known. What was given is not repeated: somebody may
    /// have put a key into it.
    pub fn shelf(&self) -> Result<ShelfPlace, BadSetting> {
        match &self.media_url {
            None => Ok(ShelfPlace::Folder(self.data_dir().join("media"))),
            Some(url) => ShelfPlace::from_url(url).ok_or_else(|| {
                BadSetting(
                    "AJAR_MEDIA_URL must be s3://bucket or s3://bucket/prefix; keys, region and endpoint stand in the AWS_… variables".into(),
                )
            }),
        }
    }

    /// Everything `serve` needs.
    ///
    /// # Errors
    /// The first setting that is missing or malformed.
    pub fn complete(&self) -> Result<Settings, BadSetting> {
        let listen = self.listen.parse().map_err(|_| {
            BadSetting(format!(
                "AJAR_LISTEN must be an address and a port such as 127.0.0.1:8787, not {:?}",
                self.listen
            ))
        })?;
        let graph_url: url::Url = self.meta_graph_url.parse().map_err(|_| {
            BadSetting(
                "AJAR_META_GRAPH_URL must be an address such as https://graph.facebook.com".into(),
            )
        })?;
        let version = &self.meta_api_version;
        let well_formed = version.strip_prefix('v').is_some_and(|number| {
            number.split_once('.').is_some_and(|(major, minor)| {
                [major, minor]
                    .iter()
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            })
        });
        if !well_formed {
            return Err(BadSetting(format!(
                "AJAR_META_API_VERSION must look like {DEFAULT_API_VERSION}, not {version:?}"
            )));
        }
        Ok(Settings {
            listen,
            database_url: self.database_url()?,
            data_dir: self.data_dir(),
            shelf: self.shelf()?,
            team_name: self.team_name.clone(),
            log_kept: days("AJAR_LOG_KEEP_DAYS", &self.log_keep_days)?,
            meta: MetaSettings {
                graph_url,
                api_version: version.clone(),
                access_token: secret(
                    "AJAR_META_ACCESS_TOKEN",
                    self.meta_access_token.as_deref(),
                    self.meta_access_token_file.as_deref(),
                )?,
                app_secret: secret(
                    "AJAR_META_APP_SECRET",
                    self.meta_app_secret.as_deref(),
                    self.meta_app_secret_file.as_deref(),
                )?,
                verify_token: secret(
                    "AJAR_META_VERIFY_TOKEN",
                    self.meta_verify_token.as_deref(),
                    self.meta_verify_token_file.as_deref(),
                )?,
                waba_id: digits("AJAR_META_WABA_ID", self.meta_waba_id.as_deref())?,
                phone_number_id: digits(
                    "AJAR_META_PHONE_NUMBER_ID",
                    self.meta_phone_number_id.as_deref(),
                )?,
            },
        })
    }
}

/// Meta retries a webhook for up to seven days, so less than that would be no log.
const FEWEST_DAYS: u64 = 7;

fn days(name: &str, text: &str) -> Result<Option<std::time::Duration>, BadSetting> {
    match text.trim().parse::<u64>() {
        Ok(0) => Ok(None),
        Ok(days @ FEWEST_DAYS..=36_500) => {
            Ok(Some(std::time::Duration::from_secs(days * 24 * 60 * 60)))
        }
        Ok(_) | Err(_) => Err(BadSetting(format!(
            "{name} must be 0 (for ever) or a number of days from {FEWEST_DAYS} on, not {text:?}"
        ))),
    }
}

fn secret(name: &str, value: Option<&str>, file: Option<&Path>) -> Result<String, BadSetting> {
    let text = match (value, file) {
        (Some(value), _) => value.to_owned(),
        (None, Some(file)) => std::fs::read_to_string(file).map_err(|error| {
            BadSetting(format!(
                "{name}_FILE names {}, which cannot be read: {error}",
                file.display()
            ))
        })?,
        (None, None) => {
            return Err(BadSetting(format!(
                "{name} is not set; give it, or {name}_FILE with the path of a file that holds it"
            )));
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(BadSetting(format!("{name} is empty")));
    }
    Ok(text.to_owned())
}

fn digits(name: &str, value: Option<&str>) -> Result<String, BadSetting> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| {
        BadSetting(format!(
            "{name} is not set; Meta's app dashboard shows it under WhatsApp, API Setup"
        ))
    })?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(value.to_owned())
    } else {
        Err(BadSetting(format!("{name} must be digits only")))
    }
}

fn default_data_dir() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(dir) = var("XDG_DATA_HOME") {
        return PathBuf::from(dir).join("ajar-hub");
    }
    if let Some(dir) = var("LOCALAPPDATA") {
        return PathBuf::from(dir).join("ajar-hub");
    }
    var("HOME").map_or_else(
        || PathBuf::from("ajar-hub-data"),
        |home| PathBuf::from(home).join(".local/share/ajar-hub"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Options {
        Options {
            log_keep_days: "90".into(),
            listen: "127.0.0.1:0".into(),
            meta_graph_url: "https://graph.facebook.com".into(),
            meta_api_version: DEFAULT_API_VERSION.into(),
            meta_access_token: Some("token".into()),
            meta_app_secret: Some("secret".into()),
            meta_verify_token: Some("verify".into()),
            meta_waba_id: Some("100000000000101".into()),
            meta_phone_number_id: Some("100000000000202".into()),
            ..Options::default()
        }
    }

    #[test]
    fn a_complete_set_is_taken() {
        assert!(given().complete().is_ok());
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_give_it() {
        let mut options = given();
        options.meta_app_secret = None;
        let error = options.complete().map(drop).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "AJAR_META_APP_SECRET is not set; give it, or AJAR_META_APP_SECRET_FILE with the path of a file that holds it"
        );
    }

    #[test]
    fn a_secret_may_lie_in_a_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("secret");
        std::fs::write(&path, "from the file\n").expect("written");
        let mut options = given();
        options.meta_app_secret = None;
        options.meta_app_secret_file = Some(path);
        let settings = options.complete().map(|s| s.meta.app_secret);
        assert_eq!(settings, Ok("from the file".to_owned()));
    }

    #[test]
    fn files_lie_in_the_data_folder_unless_a_bucket_is_named() {
        let mut options = given();
        options.data_dir = Some(PathBuf::from("/srv/hub"));
        let folder = ShelfPlace::Folder(PathBuf::from("/srv/hub/media"));
        assert_eq!(options.shelf(), Ok(folder));
        options.media_url = Some("s3://files/ajar".into());
        let bucket = ShelfPlace::Bucket {
            bucket: "files".into(),
            prefix: "ajar".into(),
        };
        assert_eq!(options.complete().map(|s| s.shelf), Ok(bucket));
    }

    #[test]
    fn malformed_settings_are_said() {
        for (spoil, name) in [
            (
                (|o: &mut Options| o.listen = "everywhere".into()) as fn(&mut Options),
                "AJAR_LISTEN",
            ),
            (
                |o| o.meta_api_version = "25".into(),
                "AJAR_META_API_VERSION",
            ),
            (
                |o| o.database_url = Some("mysql://x".into()),
                "AJAR_DATABASE_URL",
            ),
            (
                |o| o.media_url = Some("s3://key:secret@files".into()),
                "AJAR_MEDIA_URL",
            ),
            (
                |o| o.meta_waba_id = Some("my account".into()),
                "AJAR_META_WABA_ID",
            ),
        ] {
            let mut options = given();
            spoil(&mut options);
            let error = options.complete().map(drop).expect_err("malformed");
            assert!(error.to_string().starts_with(name), "{error}");
            assert!(!error.to_string().contains("key:secret"), "{error}");
        }
    }
}
