//! Where the token of this desktop lies: the system's keychain, or a file that says so.
//!
//! ```text
//!   keychain answers ──► there; a file from earlier moves in and is removed
//!   none, or no answer in time ──► a file that only its owner may read, and the person is
//!                                  told (`Me::token_in_file`)
//! ```
//!
//! A keychain may ask the person to unlock it, so it is given time; one that hangs must not
//! keep the app from starting, so not for ever.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ajar_client::secrets::{FileSecrets, Secrets};
use keyring::v1::{Entry, Error};

/// Long enough to type a password into the keychain's own window.
const PATIENCE: Duration = Duration::from_secs(60);

const SERVICE: &str = "app.ajar.desktop";

/// The secrets of one data folder.
pub struct Keychain {
    /// Two data folders of one person are two desktops, with two tokens.
    folder: String,
    file: FileSecrets,
    /// Whether what was kept or found last lies in the file.
    in_file: AtomicBool,
}

impl Keychain {
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.display().to_string(),
            file: FileSecrets::in_folder(data_dir.join("secrets")),
            in_file: AtomicBool::new(false),
        }
    }

    /// `None` where there is no keychain, or none that answers.
    fn ask<T: Send + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Option<T> {
        let user = format!("{name} {}", self.folder);
        let (answer, answered) = mpsc::channel();
        // A thread that hangs is left behind; it holds nothing that others wait for.
        thread::spawn(move || answer.send(Entry::new(SERVICE, &user).and_then(question)));
        match answered.recv_timeout(PATIENCE) {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the keychain has no answer");
                None
            }
            Err(_) => {
                tracing::warn!("the keychain does not answer");
                None
            }
        }
    }
}

impl Secrets for Keychain {
    fn get(&self, name: &str) -> io::Result<Option<String>> {
        // The file first: it was written when the keychain was of no use. Perhaps it is now.
        if let Some(secret) = self.file.get(name)? {
            self.set(name, &secret)?;
            return Ok(Some(secret));
        }
        Ok(self.ask(name, |entry| entry.get_password()))
    }

    fn set(&self, name: &str, secret: &str) -> io::Result<()> {
        let value = secret.to_owned();
        let kept = self.ask(name, move |entry| entry.set_password(&value));
        self.in_file.store(kept.is_none(), Ordering::Relaxed);
        match kept {
            Some(()) => self.file.delete(name),
            None => self.file.set(name, secret),
        }
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        self.ask(name, |entry| entry.delete_credential());
        self.file.delete(name)
    }

    fn lies_in_file(&self) -> bool {
        self.in_file.load(Ordering::Relaxed)
    }
}
