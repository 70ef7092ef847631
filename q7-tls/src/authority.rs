//! The authority: makes certificates, for trial at a server's first start, and by the program
//! `certify` for real use.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use common::program::directory;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::DnsName;
use time::{Duration, OffsetDateTime};
use tracing::info;

/// The authority's certificate: what the other side is given with `--ca` or `--client-ca`.
pub const CA_CERT: &str = "ca.pem";
/// Its key: with it anybody can be anyone.
pub const CA_KEY: &str = "ca.key";
/// A server's certificate.
pub const SERVER_CERT: &str = "server.pem";
/// A server's key.
pub const SERVER_KEY: &str = "server.key";
/// The folder in DIR for trial.
const TRIAL: &str = "tls";
/// Whom the trial certificate is for: this machine.
const TRIAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long an authority is valid, and a certificate for trial, which nobody renews.
const AUTHORITY_DAYS: i64 = 3650;
/// Clocks may differ by so much.
const SLACK_DAYS: i64 = 1;

/// An authority in memory.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
pub struct Issued {
    /// The certificate.
    pub cert: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// Makes an authority with a new key.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub fn new() -> anyhow::Result<Authority> {
        Authority::with_key(KeyPair::generate().context("cannot make a key")?)
    }

    /// The authority of a key: its name comes from the key, so its certificates are the same however
    /// often it is opened.
    ///
    /// # Errors
    /// If the key is of no use.
    pub fn with_key(key: KeyPair) -> anyhow::Result<Authority> {
        let mut params = CertificateParams::default();
        let id: String =
            params.key_identifier(&key)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name = name(&format!("box office authority {id}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        last(&mut params, valid_for(AUTHORITY_DAYS));
        let cert = params.self_signed(&key).context("cannot sign a certificate")?;
        Ok(Authority { pem: cert.pem(), issuer: Issuer::new(params, key) })
    }

    /// Its certificate, as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its private key, as PEM.
    pub fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A certificate for a server that is reached by these names and addresses; `valid` is from which
    /// day and until which, counted from now.
    ///
    /// # Errors
    /// Names the one that is neither.
    pub fn server(&self, hosts: &[String], valid: Range<i64>) -> anyhow::Result<Issued> {
        let names = hosts.iter().map(|host| host_name(host)).collect::<anyhow::Result<_>>()?;
        self.issue(names, &hosts[0], ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    /// A certificate for a client of this name.
    ///
    /// # Errors
    /// If it is no DNS name: that is where servers look for it.
    pub fn client(&self, client: &str, valid: Range<i64>) -> anyhow::Result<Issued> {
        self.issue(vec![dns_name(client)?], client, ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    /// A certificate with these names, of which `first` is the subject, for one purpose.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub fn issue(
        &self,
        names: Vec<SanType>,
        first: &str,
        purpose: ExtendedKeyUsagePurpose,
        valid: Range<i64>,
    ) -> anyhow::Result<Issued> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(first);
        params.subject_alt_names = names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        last(&mut params, valid);
        let key = KeyPair::generate().context("cannot make a key")?;
        let cert = params.signed_by(&key, &self.issuer).context("cannot sign a certificate")?;
        Ok(Issued { cert: cert.pem(), key: key.serialize_pem() })
    }
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

/// Valid from now on, for clocks that are late too.
pub fn valid_for(days: i64) -> Range<i64> {
    -SLACK_DAYS..days
}

/// Sets from when and until when a certificate is valid.
fn last(params: &mut CertificateParams, valid: Range<i64>) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(valid.start);
    params.not_after = now + Duration::days(valid.end);
}

fn host_name(host: &str) -> anyhow::Result<SanType> {
    match host.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => dns_name(host),
    }
}

fn dns_name(text: &str) -> anyhow::Result<SanType> {
    let is_one = DnsName::try_from(text).is_ok();
    ensure!(is_one, "cannot certify {text:?}: it is no DNS name (letters, digits, hyphens, dots)");
    Ok(SanType::DnsName(text.try_into().context("cannot certify the name")?))
}

/// Where the authority for trial of a DIR is.
pub fn trial_authority(dir: &Path) -> PathBuf {
    dir.join(TRIAL).join(CA_CERT)
}

/// The folder of certificates for trial in DIR; made if it is missing.
///
/// Its authority's key is thrown away: nobody can make another certificate that clients of this DIR
/// would trust.
///
/// # Errors
/// EACCES, ENOSPC; if something else has the folder's name.
pub fn trial(dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = dir.join(TRIAL);
    if let Ok(found) = folder.symlink_metadata() {
        ensure!(found.is_dir(), "cannot use {}: it is not a directory", folder.display());
        directory::check(&folder)?;
        info!("the certificate is one for trial, in {}: see --cert", folder.display());
        return Ok(folder);
    }
    // The folder appears as a whole: a server that is killed meanwhile leaves none.
    let unfinished = dir.join(format!("{TRIAL}.new"));
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            bail!("cannot remove {}: {error}", unfinished.display())
        }
        _ => {}
    }
    let cannot = || format!("cannot make {}", folder.display());
    DirBuilder::new().mode(0o700).create(&unfinished).with_context(cannot)?;
    let authority = Authority::new()?;
    let hosts = TRIAL_HOSTS.map(str::to_owned);
    let server = authority.server(&hosts, valid_for(AUTHORITY_DAYS))?;
    write(&unfinished.join(CA_CERT), authority.pem())?;
    write(&unfinished.join(SERVER_CERT), &server.cert)?;
    write(&unfinished.join(SERVER_KEY), &server.key)?;
    fs::rename(&unfinished, &folder).with_context(cannot)?;
    info!(
        "made an authority for trial in {}: clients with the same --dir trust it; it is valid for \
         this machine only: see --cert",
        folder.display()
    );
    Ok(folder)
}

/// Makes a file that only its owner may read.
///
/// # Errors
/// EEXIST: no certificate and no key is overwritten. See open(2).
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot make {}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn an_authority_is_the_same_whenever_its_key_is_opened() {
        let authority = Authority::new().unwrap();
        let again = Authority::with_key(KeyPair::from_pem(&authority.key()).unwrap()).unwrap();
        let subject = |authority: &Authority| format!("{:?}", authority.issuer);
        assert_eq!(subject(&authority), subject(&again));
    }

    #[test]
    fn a_client_that_is_no_dns_name_is_refused() {
        let authority = Authority::new().unwrap();
        assert!(authority.client("alice", 0..1).is_ok());
        for wrong in ["", "a b", "Alice Liddell", "é", "alice@example", "-", "a..b"] {
            assert!(authority.client(wrong, 0..1).is_err(), "{wrong:?}");
        }
        let hosts = |host: &str| authority.server(&[host.to_owned()], 0..1);
        for right in ["localhost", "127.0.0.1", "::1", "box-office.example"] {
            assert!(hosts(right).is_ok(), "{right}");
        }
        assert!(hosts("a/b").is_err());
    }

    #[test]
    fn a_trial_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = trial(dir.path()).unwrap();
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        let key = fs::read(folder.join(SERVER_KEY)).unwrap();
        assert_eq!(folder.join(SERVER_KEY).metadata().unwrap().mode() & 0o777, 0o600);
        assert!(!folder.join(CA_KEY).exists(), "nobody can use it again");
        trial(dir.path()).unwrap();
        assert_eq!(fs::read(folder.join(SERVER_KEY)).unwrap(), key);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
