//! Refusals in words: why one side ends the handshake, for its own log or user; the other side is
//! told by an alert, and names it.
//!
//! This stops a user from guessing: `tls` `every_refusal_of_a_server_has_its_words_on_both_sides`.

use std::fmt::Write;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, ExtendedKeyPurpose, InvalidMessage};
use time::OffsetDateTime;

use crate::armour::record::Records;

/// Who is at the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client: this is the server's log.
    Client,
    /// The server: this is for a client's user.
    Server,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Peer::Client => "the client",
            Peer::Server => "the server",
        }
    }
}

/// Why the other side is refused, or refuses this one. `records` is what it has sent.
pub fn words(error: &Error, peer: Peer, records: &Records) -> String {
    let name = peer.name();
    match error {
        Error::AlertReceived(alert) => alert_words(*alert, peer),
        Error::InvalidCertificate(fault) => format!("{name}'s certificate {}", fault_words(fault)),
        Error::NoCertificatesPresented => {
            format!("{name} has shown no certificate, and --client-ca asks for one")
        }
        Error::PeerIncompatible(_) => {
            format!("{name} does not speak TLS 1.3, or has no method of it in common: {error}")
        }
        _ if records.is_no_tls() => match (records.first(), peer) {
            (b"SPC1", Peer::Client) => {
                format!("{name} speaks the box office's protocol without TLS: it needs q7's client")
            }
            (b"SPC1", Peer::Server) => {
                format!("{name} speaks the box office's protocol without TLS: use q5's client")
            }
            _ => format!("{name} speaks no TLS"),
        },
        Error::PeerSentOversizedRecord | Error::InvalidMessage(InvalidMessage::MessageTooLarge) => {
            format!("{name} has sent a record that is longer than 16 KiB")
        }
        Error::InvalidMessage(_) => format!("{name} has sent what is no TLS message: {error}"),
        Error::DecryptError => {
            format!("{name} has sent a record that does not decrypt: it was changed on its way")
        }
        _ => format!("{name} has broken the protocol: {error}"),
    }
}

/// What is wrong with a certificate.
fn fault_words(fault: &CertificateError) -> String {
    match fault {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("has expired: it was valid until {}", date(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("is not valid yet: it will be from {} on", date(*not_before))
        }
        CertificateError::UnknownIssuer => "is of an authority that is not trusted here".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            // `DnsName("a.example")`, as rustls and webpki write it.
            let name = |text: &String| text.split('"').nth(1).unwrap_or(text).to_owned();
            let names: Vec<String> = presented.iter().map(name).collect();
            format!("is for {}, not for {}", names.join(", "), expected.to_str())
        }
        CertificateError::InvalidPurposeContext { required, .. } => match required {
            ExtendedKeyPurpose::ClientAuth => "is not for clients".into(),
            ExtendedKeyPurpose::ServerAuth => "is not for servers".into(),
            _ => "is for another purpose".into(),
        },
        CertificateError::ApplicationVerificationFailure => {
            "names nobody: it has no DNS name, which is the client's name here".into()
        }
        other => format!("is not accepted: {other}"),
    }
}

fn date(time: UnixTime) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(time.as_secs() as i64);
    moment.map_or_else(|_| "a date out of range".into(), |moment| moment.date().to_string())
}

/// What the other side says by an alert, and its name in RFC 8446.
fn alert_words(alert: AlertDescription, peer: Peer) -> String {
    let meaning = match alert {
        AlertDescription::CertificateRequired => ": it asks for a certificate (--cert, --key)",
        AlertDescription::UnknownCA => ": it does not trust the authority of our certificate",
        AlertDescription::CertificateExpired => ": our certificate is not valid today",
        AlertDescription::UnsupportedCertificate => ": our certificate is for another purpose",
        AlertDescription::BadCertificate => ": our certificate has another name, or is damaged",
        AlertDescription::AccessDenied => ": our certificate names nobody",
        AlertDescription::ProtocolVersion => ": it speaks another version of TLS",
        AlertDescription::InternalError => ": it has no room, or has failed",
        _ => "",
    };
    let this = match peer {
        Peer::Client => "this server",
        Peer::Server => "this client",
    };
    format!("{} refuses {this}{meaning} (alert {})", peer.name(), alert_name(alert))
}

/// `UnknownCA` as `unknown_ca`.
fn alert_name(alert: AlertDescription) -> String {
    let debug = format!("{alert:?}").replace("CA", "Ca");
    let mut name = String::new();
    for (n, letter) in debug.chars().enumerate() {
        if letter.is_ascii_uppercase() && n > 0 {
            name.push('_');
        }
        let _ = write!(name, "{}", letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_standard() {
        for (alert, name) in [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::CertificateRequired, "certificate_required"),
            (AlertDescription::BadRecordMac, "bad_record_mac"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }

    #[test]
    fn a_date_is_written_year_first() {
        let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_798_761_600));
        assert_eq!(date(moment), "2027-01-01");
    }
}
