//! The program `certify`: makes an authority, and certificates for servers and clients.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;
use rcgen::KeyPair;

use crate::authority::{self, Authority, CA_CERT, CA_KEY, SERVER_CERT, SERVER_KEY, valid_for};

/// Makes an authority in a directory, or uses the one there, and certificates for hosts and clients
#[derive(Clone, Debug, Parser)]
#[command(name = "certify", version)]
pub struct CertifyOptions {
    /// A name or address of the server, as clients give it to --connect; may be given several times
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// A client's name, which the server's log shows; may be given several times
    #[arg(long, value_name = "NAME")]
    pub client: Vec<String>,
    /// How long these certificates are valid
    #[arg(long, value_name = "DAYS", default_value = "365", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    pub days: i64,
    /// Directory for the files; made if missing
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Makes what the options ask for, and prints what it has made; returns the exit status.
///
/// # Errors
/// If a name is none, or a file exists already.
pub fn run(options: &CertifyOptions, out: &mut impl io::Write) -> anyhow::Result<u8> {
    let CertifyOptions { host, client, days, dir } = options;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot make the directory {}", dir.display()))?;
    let (ca_cert, ca_key) = (dir.join(CA_CERT), dir.join(CA_KEY));
    let is_new = !ca_key.exists();
    let authority = if is_new {
        Authority::new()?
    } else {
        let text = std::fs::read_to_string(&ca_key)
            .with_context(|| format!("cannot read {}", ca_key.display()))?;
        // The cause could quote the key.
        let key = KeyPair::from_pem(&text).ok();
        let key = key.with_context(|| format!("cannot use {}: it is no key", ca_key.display()))?;
        Authority::with_key(key)?
    };
    // All names are judged before the first file is made.
    let mut files = Vec::new();
    if is_new {
        files.push((ca_key, authority.key()));
        files.push((ca_cert, authority.pem().to_owned()));
    }
    if !host.is_empty() {
        let issued = authority.server(host, valid_for(*days))?;
        files.push((dir.join(SERVER_KEY), issued.key));
        files.push((dir.join(SERVER_CERT), issued.cert));
    }
    for name in client {
        let issued = authority.client(name, valid_for(*days))?;
        files.push((dir.join(format!("{name}.key")), issued.key));
        files.push((dir.join(format!("{name}.pem")), issued.cert));
    }
    for (path, _) in &files {
        ensure!(path.symlink_metadata().is_err(), "cannot make {}: it exists", path.display());
    }
    for (path, text) in files {
        authority::write(&path, &text)?;
        writeln!(out, "{}", path.display()).context("cannot write to standard output")?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certify(words: &[&str], dir: &std::path::Path) -> anyhow::Result<usize> {
        let mut all = vec!["certify"];
        all.extend(words);
        let dir = dir.to_str().unwrap();
        all.push(dir);
        let mut out = Vec::new();
        run(&CertifyOptions::try_parse_from(all).unwrap(), &mut out)?;
        Ok(String::from_utf8(out).unwrap().lines().count())
    }

    #[test]
    fn an_authority_is_made_once_and_used_again_and_nothing_is_overwritten() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("new");
        assert_eq!(certify(&["--host", "a.example", "--client", "alice"], &dir).unwrap(), 6);
        assert_eq!(certify(&["--client", "bob"], &dir).unwrap(), 2);
        assert!(certify(&["--client", "bob"], &dir).unwrap_err().to_string().contains("exists"));
        assert!(certify(&["--client", "carol", "--client", "a b"], &dir).is_err());
        assert!(!dir.join("carol.key").exists(), "nothing is made if a name is wrong");
    }
}
