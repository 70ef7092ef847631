//! Addresses of a name, in bounded time: the resolver has time-outs of its own, and they are longer
//! than a client's.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Instant;

/// All addresses of `HOST:PORT`, in the order in which they should be tried.
///
/// A name is looked up in a thread of its own, because nothing can interrupt getaddrinfo; after the
/// deadline it is left behind and ends with the process.
///
/// # Errors
/// If it is no address, has none, or the deadline passes. See getaddrinfo(3).
pub fn addresses(host: &str, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let (found, lookup) = channel();
    let name = host.to_owned();
    Builder::new().name("lookup".into()).spawn(move || {
        let addresses = name.to_socket_addrs().map(Vec::from_iter);
        // Nobody waits any more: then the answer is of no use.
        drop(found.send(addresses));
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    let addresses = lookup.recv_timeout(left).map_err(|error| match error {
        RecvTimeoutError::Timeout => io::Error::from(io::ErrorKind::TimedOut),
        RecvTimeoutError::Disconnected => io::Error::other("the lookup has panicked"),
    })??;
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_and_addresses_are_found_and_nonsense_is_an_error() {
        let soon = Instant::now() + Duration::from_secs(10);
        assert_eq!(addresses("127.0.0.1:5000", soon).unwrap()[0].port(), 5000);
        assert!(addresses("[::1]:5000", soon).unwrap()[0].is_ipv6());
        let local = addresses("localhost:5000", soon).unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback()), "{local:?}");
        for wrong in ["", "localhost", "localhost:", "localhost:99999", "::1:x"] {
            assert!(addresses(wrong, soon).is_err(), "{wrong:?}");
        }
    }
}
