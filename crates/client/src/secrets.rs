//! Where the token lies. The shell gives the system's keychain; here are the two fallbacks.

use std::{
    collections::HashMap,
    io::{self, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// A store for few, small secrets.
pub trait Secrets: Send + Sync + 'static {
    /// # Errors
    /// If the store cannot be asked. A secret that is not there is `None`.
    fn get(&self, name: &str) -> io::Result<Option<String>>;

    /// # Errors
    /// If the store refuses.
    fn set(&self, name: &str, secret: &str) -> io::Result<()>;

    /// Deleting what is not there succeeds.
    ///
    /// # Errors
    /// If the store refuses.
    fn delete(&self, name: &str) -> io::Result<()>;

    /// Whether the secrets lie in a plain file, which is said to the person.
    fn lies_in_file(&self) -> bool {
        false
    }
}

/// For computers without a keychain: a file that only its owner may read.
#[derive(Debug)]
pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.secret"))
    }
}

impl Secrets for FileSecrets {
    fn get(&self, name: &str) -> io::Result<Option<String>> {
        match std::fs::read_to_string(self.path(name)) {
            Ok(secret) => Ok(Some(secret)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set(&self, name: &str, secret: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Written aside and moved, so that a crash leaves the old one or the new one.
        let aside = self.folder.join(format!("{name}.new"));
        let mut file = options.open(&aside)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(aside, self.path(name))
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn lies_in_file(&self) -> bool {
        true
    }
}

/// Forgets everything with the process: for tests, and for a demo that keeps nothing.
#[derive(Default)]
pub struct MemorySecrets(Mutex<HashMap<String, String>>);

impl Secrets for MemorySecrets {
    fn get(&self, name: &str) -> io::Result<Option<String>> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(secrets.get(name).cloned())
    }

    fn set(&self, name: &str, secret: &str) -> io::Result<()> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_file_can_be_read_by_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = FileSecrets::in_folder(folder.path());
        assert_eq!(secrets.get("token").expect("asked"), None);
        secrets.set("token", "first").expect("kept");
        secrets.set("token", "second").expect("kept");
        assert_eq!(
            secrets.get("token").expect("asked").as_deref(),
            Some("second")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(secrets.path("token"))
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        secrets.delete("token").expect("deleted");
        secrets.delete("token").expect("deleted again");
        assert_eq!(secrets.get("token").expect("asked"), None);
    }
}
