//! Files that customers sent, fetched from Meta (section 9).
//!
//! Two steps: the id gives an address, which lives five minutes; the address gives the file, with
//! the token. The address is foreign input, so the token goes only to Meta's own hosts over
//! HTTPS (or to the configured Graph host itself), and never follows a redirect.

use bytes::{Bytes, BytesMut};
use reqwest::{StatusCode, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    super::{node::Node, parse},
    Graph, GraphError, unanswered,
};

/// The largest file that customers can send (section 9).
pub const MAX_FILE: usize = 100 * 1024 * 1024;

/// Where a file is, for five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaAt {
    pub url: Url,
    pub mime_type: Option<String>,
    /// Lower-case hexadecimal.
    pub sha256: Option<String>,
    pub size: Option<u64>,
}

/// A file that has arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    pub bytes: Bytes,
    /// As the host of the file says.
    pub mime_type: Option<String>,
    /// Lower-case hexadecimal, of these bytes.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Not fetched: the token would have gone to a stranger.
    #[error("the address is not on one of Meta's hosts")]
    ForeignHost,
    #[error("the host sent us on to another address")]
    Redirected,
    /// Ids die after seven days; no later lookup brings one back.
    #[error("Meta does not know the file's id any more (HTTP {status})")]
    DeadId { status: u16 },
    /// Addresses die after five minutes; a lookup of the id gives a new one.
    #[error("the file is not at its address any more (HTTP {status})")]
    DeadAddress { status: u16 },
    #[error("the host of the file answered HTTP {status}")]
    Failed { status: u16 },
    #[error("the file is larger than {most} bytes")]
    TooLarge { most: usize },
    #[error("the file is not the one that was announced")]
    WrongDigest,
}

/// A file on its way to Meta.
pub struct Upload {
    /// `None` for sounds and pictures: nobody is shown their name.
    pub name: Option<String>,
    pub mime_type: String,
    pub size: u64,
    pub bytes: reqwest::Body,
}

/// Meta takes a file of 100 MB over a slow line, but not for ever.
const UPLOAD_PATIENCE: std::time::Duration = std::time::Duration::from_secs(15 * 60);

impl Graph {
    /// Hands a file over; Meta keeps it 30 days under the id that comes back.
    ///
    /// Handing it over twice does no harm: only a message shows it to anybody.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn upload(
        &self,
        from: &ajar_domain::PhoneNumberId,
        file: Upload,
    ) -> Result<String, GraphError> {
        use reqwest::multipart::{Form, Part};
        let part = Part::stream_with_length(file.bytes, file.size)
            // Meta wants a name; this one is shown nowhere.
            .file_name(file.name.unwrap_or_else(|| "file".to_owned()))
            .mime_str(&file.mime_type)
            .map_err(|_| GraphError::Refused {
                failure: ajar_domain::failure::Failure::unknown(),
                retry: ajar_domain::failure::Retry::Never,
            })?;
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", file.mime_type)
            .part("file", part);
        let address = self.address(&[from.as_str(), "media"], &[]);
        let request = self
            .request(reqwest::Method::POST, address)?
            .multipart(form)
            .timeout(UPLOAD_PATIENCE);
        let exchange = self.answer_to(request).await?;
        let body = exchange.accepted()?;
        Node::of(&body)
            .get("id")
            .str()
            .map(str::to_owned)
            .ok_or(GraphError::Garbled {
                status: exchange.status,
            })
    }

    /// Where the file with this id is.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn media_url(&self, media_id: &str) -> Result<MediaAt, MediaError> {
        let exchange = self.get(&[media_id], &[]).await.map_err(GraphError::from)?;
        let body = match exchange.accepted() {
            // An id that died, or never was: "Object with ID … does not exist" (100).
            Err(GraphError::Refused { failure, .. })
                if matches!(failure.meta_code, Some(100 | 33 | 131_052)) =>
            {
                return Err(MediaError::DeadId {
                    status: exchange.status,
                });
            }
            other => other?,
        };
        let body = Node::of(&body);
        let url = body.get("url").str().and_then(|url| Url::parse(url).ok());
        Ok(MediaAt {
            url: url.ok_or(GraphError::Garbled {
                status: exchange.status,
            })?,
            mime_type: body.get("mime_type").words(),
            sha256: body.get("sha256").str().and_then(parse::digest),
            size: body.get("file_size").count(),
        })
    }

    /// The file at an address that Meta gave.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn download(&self, url: &Url, most: usize) -> Result<Downloaded, MediaError> {
        if !self.may_have_the_token(url) {
            return Err(MediaError::ForeignHost);
        }
        let (authorization, _) = self.authorization().map_err(GraphError::from)?;
        let lost = |error: reqwest::Error| MediaError::Graph(unanswered(&error).into());
        // No limit on the whole, since a large file may take its time; the client's limit on
        // silence holds.
        let mut response = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, authorization)
            .send()
            .await
            .map_err(lost)?;
        let status = response.status();
        match status {
            StatusCode::OK => {}
            _ if status.is_redirection() => return Err(MediaError::Redirected),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(MediaError::DeadAddress {
                    status: status.as_u16(),
                });
            }
            _ => {
                return Err(MediaError::Failed {
                    status: status.as_u16(),
                });
            }
        }
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |size| size > most) {
            return Err(MediaError::TooLarge { most });
        }
        let mime_type = response
            .headers()
            .get(reqwest::header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .map(str::to_owned);
        let mut digest = Sha256::new();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if bytes.len() + chunk.len() > most {
                return Err(MediaError::TooLarge { most });
            }
            digest.update(&chunk);
            bytes.extend_from_slice(&chunk);
        }
        Ok(Downloaded {
            bytes: bytes.freeze(),
            mime_type,
            sha256: hex::encode(digest.finalize()),
        })
    }

    /// Both steps, and the comparison with the digest that the webhook announced (in either of
    /// Meta's encodings).
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn fetch_media(
        &self,
        media_id: &str,
        sha256: Option<&str>,
    ) -> Result<Downloaded, MediaError> {
        let at = self.media_url(media_id).await?;
        let file = self.download(&at.url, MAX_FILE).await?;
        let announced = sha256.and_then(parse::digest).or(at.sha256);
        match announced {
            Some(announced) if announced != file.sha256 => Err(MediaError::WrongDigest),
            _ => Ok(file),
        }
    }

    /// Whether an address is one of those to which the token may go.
    fn may_have_the_token(&self, url: &Url) -> bool {
        if url.origin() == self.base_url.origin() {
            return true;
        }
        let Some(url::Host::Domain(host)) = url.host() else {
            return false;
        };
        url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && [".fbsbx.com", ".whatsapp.net", ".facebook.com"]
                .iter()
                .any(|domain| host.ends_with(domain))
    }
}
