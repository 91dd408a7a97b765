//! Backups in a bucket of S3, or of anything that speaks it. Only this file knows object_store.

use super::{Stored, Target};
use crate::backup::{BackupError, Name};
use crate::outbound::{self, cause};
use crate::secret::Secret;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::buffered::BufWriter;
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const CONNECTING: Duration = Duration::from_secs(10);

/// Without a byte; a whole transfer may take as long as it needs.
const SILENCE: Duration = Duration::from_secs(60);

/// As reqwest has it where nothing is said.
const MOST_REDIRECTS: usize = 10;

/// Sent at a time; also what is kept in memory. S3 takes at most 10 000 parts, so 80 GB.
const PART_BYTES: usize = 8 << 20;

/// How the bucket's server is reached. What is not given is looked for where Amazon's own tools do:
/// the environment, the machine's role.
#[derive(Debug, Clone, Default)]
pub struct S3Access {
    /// Of another server than Amazon's.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub key_id: Option<Secret>,
    pub key: Option<Secret>,
}

pub(super) struct S3 {
    bucket: AmazonS3,
    prefix: object_store::path::Path,
    shown: String,
    name: String,
}

impl S3 {
    /// `place` is `bucket/prefix`.
    pub fn open(place: &str, access: &S3Access) -> Result<Self, BackupError> {
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let shown = format!("s3://{}", place.trim_end_matches('/'));
        if name.is_empty() {
            return Err(BackupError::Refused(
                "a bucket is named as s3://bucket/prefix".to_owned(),
            ));
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_http_connector(Connector)
            .with_retry(RetryConfig {
                max_retries: 4,
                retry_timeout: Duration::from_secs(60),
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &access.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(region) = &access.region {
            builder = builder.with_region(region);
        }
        if let Some(key_id) = &access.key_id {
            builder = builder.with_access_key_id(key_id.expose());
        }
        if let Some(key) = &access.key {
            builder = builder.with_secret_access_key(key.expose());
        }
        let bucket = builder
            .build()
            .map_err(|error| BackupError::Refused(format!("{shown}: {}", cause(&error))))?;
        Ok(Self {
            bucket,
            prefix: object_store::path::Path::from(prefix),
            shown,
            name: name.to_owned(),
        })
    }

    fn path(&self, name: &Name) -> object_store::path::Path {
        self.prefix.clone().join(name.as_str())
    }

    /// In one sentence; `nothing` is what it means that something is not there.
    fn failure(&self, error: &object_store::Error, nothing: &str) -> BackupError {
        use object_store::Error;
        let reason = match error {
            Error::NotFound { .. } => nothing.to_owned(),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                "the server refuses these keys".to_owned()
            }
            other => cause(other),
        };
        BackupError::Target(format!("{}: {reason}", self.shown))
    }

    fn no_bucket(&self) -> String {
        format!("there is no bucket `{}`", self.name)
    }
}

#[async_trait]
impl Target for S3 {
    fn shown(&self) -> String {
        self.shown.clone()
    }

    async fn put(&self, name: &Name, file: &Path) -> Result<(), BackupError> {
        let store: Arc<dyn ObjectStore> = Arc::new(self.bucket.clone());
        let mut writer = BufWriter::with_capacity(store, self.path(name), PART_BYTES);
        let copied = async {
            let mut file = tokio::fs::File::open(file).await?;
            tokio::io::copy(&mut file, &mut writer).await
        };
        let sent = match copied.await {
            Ok(_) => writer.shutdown().await,
            Err(error) => {
                // What was sent in parts would be kept, invisible and paid for. The last step ends
                // that by itself.
                let _ended = writer.abort().await;
                Err(error)
            }
        };
        let Err(error) = sent else {
            return Ok(());
        };
        match error
            .get_ref()
            .and_then(|e| e.downcast_ref::<object_store::Error>())
        {
            Some(error) => Err(self.failure(error, &self.no_bucket())),
            None => Err(BackupError::Target(format!("{}: {error}", self.shown))),
        }
    }

    async fn get(&self, name: &Name, to: &Path) -> Result<(), BackupError> {
        let gone = format!("there is no backup `{name}`");
        let failed = |error: object_store::Error| self.failure(&error, &gone);
        let mut stream = self
            .bucket
            .get(&self.path(name))
            .await
            .map_err(failed)?
            .into_stream();
        let local = |error: std::io::Error| {
            BackupError::state(format!("{} cannot be written", to.display()))(error)
        };
        let mut file = tokio::fs::File::create_new(to).await.map_err(local)?;
        while let Some(bytes) = stream.next().await {
            file.write_all(&bytes.map_err(failed)?)
                .await
                .map_err(local)?;
        }
        file.sync_all().await.map_err(local)
    }

    async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let objects: Vec<_> = self
            .bucket
            .list(prefix)
            .try_collect()
            .await
            .map_err(|error| self.failure(&error, &self.no_bucket()))?;
        let stored = objects.into_iter().filter_map(|object| {
            let name = Name::parse(object.location.filename()?)?;
            // Not what lies deeper: that is another installation's.
            (object.location == self.path(&name)).then(|| Stored::new(name, object.size))
        });
        Ok(stored.collect())
    }

    async fn delete(&self, name: &Name) -> Result<(), BackupError> {
        let deleted = self.bucket.delete(&self.path(name)).await;
        deleted.map_err(|error| self.failure(&error, &self.no_bucket()))
    }
}

/// The same TLS as everywhere in this program: its own roots, which images from scratch lack.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let generic =
            |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "S3",
                source,
            };
        let client = outbound::client()
            .map_err(|e| generic(e.into()))?
            // Amazon's own servers send from one region to another so; requests are signed, keys stay here.
            .redirect(reqwest::redirect::Policy::limited(MOST_REDIRECTS))
            .connect_timeout(CONNECTING)
            .read_timeout(SILENCE)
            .build()
            .map_err(|e| generic(e.into()))?;
        Ok(HttpClient::new(client))
    }
}
