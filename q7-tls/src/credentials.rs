//! Credentials: the certificates that one side shows, and the authorities that it trusts, read from
//! PEM files. A private key that others may read is refused, and stands in no error and no log.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, anyhow, bail, ensure};
use common::program::shell;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use rustls::RootCertStore;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::version::TLS13;
use tracing::{info, warn};

use crate::authority;
use crate::named::Named;
use crate::options::{ClientOptions, ServerOptions};

/// Bytes of a PEM file at most: a bundle of authorities has some hundred kilobytes.
const FILE_MAX: u64 = 1 << 20;
/// Sessions that the server remembers, so that a client that comes again need not show its
/// certificate again. With one more the oldest is forgotten.
const SESSIONS_MAX: usize = 1024;
/// Tickets to resume that a client is given with each handshake: one is enough for its next.
const TICKETS: usize = 1;

/// A certificate with those between it and its authority, and its key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What a server shows and whom it trusts; it can be read anew.
#[derive(Debug)]
pub struct ServerCredentials {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    current: Mutex<Arc<ServerConfig>>,
}

impl ServerCredentials {
    /// Reads what the options name. Without a certificate among them, one for trial in DIR/tls is
    /// read, and made at the first start.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, expired, or open to others.
    pub fn open(options: &ServerOptions) -> anyhow::Result<ServerCredentials> {
        let (cert, key) = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => (cert.clone(), key.clone()),
            _ => {
                let folder = authority::trial(&options.common.dir)?;
                (folder.join(authority::SERVER_CERT), folder.join(authority::SERVER_KEY))
            }
        };
        let client_ca = options.client_ca.clone();
        let current = Mutex::new(server_config(&cert, &key, client_ca.as_deref())?);
        Ok(ServerCredentials { cert, key, client_ca, current })
    }

    /// What the next connection uses.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files anew. Connections stay as they are; the next ones see the new certificate, and
    /// no session of before can be resumed. If a file is broken, all stays as it was.
    pub fn reload(&self) {
        match server_config(&self.cert, &self.key, self.client_ca.as_deref()) {
            Ok(config) => {
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = config;
                info!("the certificates were read anew");
            }
            Err(error) => warn!("the certificates stay as they were: {error:#}"),
        }
    }
}

fn server_config(
    cert: &Path,
    key: &Path,
    client_ca: Option<&Path>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let (chain, private_key) = identity(cert, key)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .context("cannot use TLS 1.3")?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(authorities(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .with_context(|| format!("cannot use {}", path.display()))?;
            builder.with_client_cert_verifier(Arc::new(Named::new(verifier)))
        }
    };
    let mut config = builder
        .with_single_cert(chain, private_key)
        .with_context(|| format!("cannot use {} with {}", cert.display(), key.display()))?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS_MAX);
    config.send_tls13_tickets = TICKETS;
    Ok(Arc::new(config))
}

/// What a client shows and whom it trusts.
///
/// # Errors
/// Names the file that is missing, damaged or open to others.
pub fn client_config(options: &ClientOptions) -> anyhow::Result<Arc<ClientConfig>> {
    let trial = authority::trial_authority(&options.common.dir);
    let ca = options.ca.as_ref().unwrap_or(&trial);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .context("cannot use TLS 1.3")?
        .with_root_certificates(authorities(ca).map_err(|error| match options.ca {
            Some(_) => error,
            None => anyhow!("{error:#} (name the server's authority with --ca)"),
        })?);
    let mut config = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let (chain, private_key) = identity(cert, key)?;
            builder
                .with_client_auth_cert(chain, private_key)
                .with_context(|| format!("cannot use {} with {}", cert.display(), key.display()))?
        }
        _ => builder.with_no_client_auth(),
    };
    // One server, and a ticket for each connection at the same time.
    config.resumption = Resumption::in_memory_sessions(4);
    Ok(Arc::new(config))
}

/// The one implementation of the algorithms: always named, so that no other crate's choice matters.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn identity(cert: &Path, key: &Path) -> anyhow::Result<Identity> {
    let chain = certificates(cert)?;
    let (file, metadata) = open(key)?;
    let (mode, owner) = (metadata.mode() & 0o777, metadata.uid());
    ensure!(
        mode & 0o077 == 0,
        "cannot use {}: it is a private key with mode {mode:04o}, so others may read it: chmod 600 {}",
        key.display(),
        shell::quoted(key)
    );
    ensure!(
        owner == geteuid().as_raw() || owner == 0,
        "cannot use {}: it belongs to user {owner}, who knows this key too",
        key.display()
    );
    let text = read(file, key)?;
    let private_key = PrivateKeyDer::from_pem_slice(&text)
        // The cause could quote the file.
        .map_err(|_| {
            anyhow!("cannot use {}: there is no private key (PEM) in it", key.display())
        })?;
    Ok((chain, private_key))
}

fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).with_context(|| format!("cannot use {}", path.display()))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let (file, _) = open(path)?;
    let text = read(file, path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => bail!("cannot use {}: there is no certificate (PEM) in it", path.display()),
    }
}

/// Opens a regular file. Certificates are often symbolic links, so these are followed.
fn open(path: &Path) -> anyhow::Result<(File, std::fs::Metadata)> {
    let cannot = || format!("cannot open {}", path.display());
    // O_NONBLOCK keeps a FIFO in the file's place from holding the open for ever.
    let flags = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).with_context(cannot)?;
    let metadata = file.metadata().with_context(cannot)?;
    ensure!(metadata.is_file(), "cannot use {}: it is not a regular file", path.display());
    Ok((file, metadata))
}

fn read(file: File, path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = file.take(FILE_MAX + 1).read_to_end(&mut text);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(text.len() as u64 <= FILE_MAX, "cannot use {}: it is too long", path.display());
    Ok(text)
}
