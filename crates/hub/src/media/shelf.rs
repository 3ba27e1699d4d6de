//! Where the files lie: a folder of this machine, or a bucket of an S3-compatible store.
//!
//! Knows names and bytes. What a file is, and who may see it, is known elsewhere.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ajar_domain::MediaId;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    ObjectStore, ObjectStoreExt, PutPayload, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path as Key, prefix::PrefixStore,
};

use crate::config::BadSetting;

/// A store that answers nothing for this long counts as away. Fetching repeats by itself, so the
/// store's own client need not try for minutes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the shelf stands, as the settings say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfPlace {
    Folder(PathBuf),
    /// Keys, region and endpoint come from the usual `AWS_…` variables.
    Bucket {
        bucket: String,
        /// Stands in front of every name; empty for none.
        prefix: String,
    },
}

impl ShelfPlace {
    /// `s3://bucket` or `s3://bucket/prefix`; `None` for everything else.
    #[must_use]
    pub fn from_url(url: &str) -> Option<Self> {
        let (bucket, prefix) = {
            let rest = url.strip_prefix("s3://")?;
            rest.split_once('/').unwrap_or((rest, ""))
        };
        // A key in front of an `@`, a port, a question mark: none of it belongs into a name.
        let is_plain = |text: &str, also: &[u8]| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
        };
        let prefix = prefix.trim_end_matches('/');
        let is_name = bucket.len() >= 3 && is_plain(bucket, b".-_");
        let is_path = is_plain(prefix, b".-_=/")
            && Key::parse(prefix).is_ok_and(|key| key.as_ref() == prefix);
        (is_name && is_path).then(|| Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// Where the files lie.
#[derive(Clone)]
pub struct Shelf(Arc<dyn ObjectStore>);

impl Shelf {
    /// # Errors
    /// If the folder cannot be made, or the `AWS_…` variables do not fit each other. Whether a
    /// bucket answers is only known when it is used: see [`Self::probe`].
    pub fn open(place: &ShelfPlace) -> anyhow::Result<Self> {
        match place {
            ShelfPlace::Folder(path) => Self::folder(path),
            ShelfPlace::Bucket { bucket, prefix } => {
                Self::bucket(AmazonS3Builder::from_env(), bucket, prefix)
            }
        }
    }

    /// A folder of this machine.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn folder(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(path)?)))
    }

    fn bucket(builder: AmazonS3Builder, bucket: &str, prefix: &str) -> anyhow::Result<Self> {
        let store = builder
            .with_bucket_name(bucket)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: PATIENCE,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|why| BadSetting(format!("AJAR_MEDIA_URL cannot be used: {why}")))?;
        Ok(if prefix.is_empty() {
            Self(Arc::new(store))
        } else {
            Self(Arc::new(PrefixStore::new(store, prefix)))
        })
    }

    /// Nothing outlives the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Writes a small object and takes it away again.
    ///
    /// # Errors
    /// What the store says, or that it says nothing.
    pub async fn probe(&self) -> anyhow::Result<()> {
        // Two processes may be checked at once.
        let key = Key::from(format!("probe-{}", std::process::id()));
        let tried = async {
            self.0.put(&key, PutPayload::from_static(b"probe")).await?;
            self.0.delete(&key).await
        };
        match tokio::time::timeout(PATIENCE, tried).await {
            Ok(done) => Ok(done?),
            Err(_) => anyhow::bail!("no answer within {} seconds", PATIENCE.as_secs()),
        }
    }

    pub async fn put(&self, id: &MediaId, bytes: Bytes) -> object_store::Result<()> {
        self.0
            .put(&Key::from(id.as_str()), PutPayload::from_bytes(bytes))
            .await
            .map(drop)
    }

    pub async fn put_thumbnail(&self, id: &MediaId, bytes: Bytes) -> object_store::Result<()> {
        self.0
            .put(&thumbnail(id), PutPayload::from_bytes(bytes))
            .await
            .map(drop)
    }

    /// The small picture beside a file, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn thumbnail(&self, id: &MediaId) -> object_store::Result<Option<Bytes>> {
        match self.0.get(&thumbnail(id)).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Throws a file away, with the small picture beside it. What is not there is no error.
    ///
    /// # Errors
    /// If something of it is still there.
    pub async fn remove(&self, id: &MediaId) -> object_store::Result<()> {
        for key in [thumbnail(id), Key::from(id.as_str())] {
            match self.0.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The bytes of a stored file.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    pub async fn stream(
        &self,
        id: &MediaId,
    ) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        Ok(self
            .0
            .get(&Key::from(id.as_str()))
            .await?
            .into_stream()
            .boxed())
    }
}

/// Beside the file: no id has a point in it.
fn thumbnail(id: &MediaId) -> Key {
    Key::from(format!("{}.thumb", id.as_str()))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use axum::{
        Router,
        extract::{Request, State},
        http::{Method, StatusCode, header},
        response::{IntoResponse, Response},
    };
    use futures::TryStreamExt;

    use super::*;

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let bucket = |bucket: &str, prefix: &str| {
            Some(ShelfPlace::Bucket {
                bucket: bucket.into(),
                prefix: prefix.into(),
            })
        };
        for (url, place) in [
            ("s3://files", bucket("files", "")),
            ("s3://files/", bucket("files", "")),
            (
                "s3://team.files-1/ajar/media/",
                bucket("team.files-1", "ajar/media"),
            ),
            ("s3://", None),
            ("s3:///media", None),
            ("s3://files//media", None),
            ("s3://files/../media", None),
            ("s3://files/media?region=x", None),
            ("s3://key:secret@files/media", None),
            ("s3://files:9000/media", None),
            ("https://files.example.com/media", None),
            ("/srv/media", None),
            ("", None),
        ] {
            assert_eq!(ShelfPlace::from_url(url), place, "{url}");
        }
    }

    async fn whole(shelf: &Shelf, id: &MediaId) -> object_store::Result<Vec<u8>> {
        let chunks: Vec<Bytes> = shelf.stream(id).await?.try_collect().await?;
        Ok(chunks.concat())
    }

    #[tokio::test]
    async fn a_folder_keeps_what_is_put_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::open(&ShelfPlace::Folder(dir.path().join("media"))).expect("made");
        let id = MediaId::new("../0197-a");
        shelf.probe().await.expect("it can be written");
        shelf
            .put(&id, Bytes::from_static(b"hello"))
            .await
            .expect("put");
        assert_eq!(whole(&shelf, &id).await.expect("there"), b"hello");
        let outside = std::fs::read_dir(dir.path()).expect("a folder").count();
        assert_eq!(outside, 1, "nothing lies beside the folder");
        let inside = std::fs::read_dir(dir.path().join("media")).expect("a folder");
        assert_eq!(inside.count(), 1, "the probe was taken away");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_said() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = dir.path().join("media");
        let shelf = Shelf::folder(&at).expect("made");
        std::fs::remove_dir(&at).expect("removed");
        std::fs::write(&at, "a file in its place").expect("written");
        assert!(shelf.probe().await.is_err());
    }

    type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

    /// As much of S3 as a shelf needs: put, get, and the removal of one object or of a list.
    async fn s3(State(objects): State<Objects>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let signed = parts.headers.get(header::AUTHORIZATION).is_some_and(|it| {
            it.to_str()
                .is_ok_and(|it| it.starts_with("AWS4-HMAC-SHA256 Credential=KEY/"))
        });
        if !signed {
            return StatusCode::FORBIDDEN.into_response();
        }
        let name = parts.uri.path().to_owned();
        let body = axum::body::to_bytes(body, 1024 * 1024)
            .await
            .expect("a body");
        let mut objects = objects.lock().expect("no panic");
        match parts.method {
            Method::PUT => {
                objects.insert(name, body);
                ([(header::ETAG, "\"1\"")], "").into_response()
            }
            Method::GET => match objects.get(&name) {
                Some(bytes) => (
                    [
                        (header::ETAG, "\"1\""),
                        (header::LAST_MODIFIED, "Wed, 21 Oct 2015 07:28:00 GMT"),
                    ],
                    bytes.clone(),
                )
                    .into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            Method::DELETE => {
                objects.remove(&name);
                StatusCode::NO_CONTENT.into_response()
            }
            // The removal of a list names the objects in its body.
            _ => {
                let list = String::from_utf8_lossy(&body).into_owned();
                let mut gone = String::new();
                objects.retain(|name, _| {
                    let key = name.splitn(3, '/').last().unwrap_or_default();
                    let named = format!("<Key>{key}</Key>");
                    let is_named = list.contains(&named);
                    if is_named {
                        gone += &format!("<Deleted>{named}</Deleted>");
                    }
                    !is_named
                });
                format!("<DeleteResult>{gone}</DeleteResult>").into_response()
            }
        }
    }

    async fn a_bucket(key: &str) -> (Shelf, Objects) {
        let objects = Objects::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(s3).with_state(Arc::clone(&objects));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let builder = AmazonS3Builder::new()
            .with_endpoint(address)
            .with_allow_http(true)
            .with_access_key_id(key)
            .with_secret_access_key("SECRET");
        let shelf = Shelf::bucket(builder, "files", "ajar/media").expect("it fits");
        (shelf, objects)
    }

    #[tokio::test]
    async fn a_bucket_keeps_what_is_put_there_under_its_prefix() {
        let (shelf, objects) = a_bucket("KEY").await;
        let id = MediaId::new("0197-a");
        shelf.probe().await.expect("it can be written");
        shelf
            .put(&id, Bytes::from_static(b"hello"))
            .await
            .expect("put");
        assert_eq!(whole(&shelf, &id).await.expect("there"), b"hello");
        assert_eq!(shelf.thumbnail(&id).await.expect("an answer"), None);
        shelf
            .put_thumbnail(&id, Bytes::from_static(b"hi"))
            .await
            .expect("put");
        let small = shelf.thumbnail(&id).await.expect("an answer");
        assert_eq!(small.as_deref(), Some(b"hi".as_slice()));
        let names: Vec<_> = objects.lock().expect("no panic").keys().cloned().collect();
        assert_eq!(
            names,
            ["/files/ajar/media/0197-a", "/files/ajar/media/0197-a.thumb"]
        );
    }

    #[tokio::test]
    async fn a_bucket_that_refuses_the_key_is_said() {
        let (shelf, _) = a_bucket("ANOTHER").await;
        assert!(shelf.probe().await.is_err());
    }
}
