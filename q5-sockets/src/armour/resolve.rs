//! Addresses of a name, in bounded time: the resolver's own time-outs are longer than a client's.
//!
//! This stops a name server that does not answer from delaying the client: the unit test
//! `a_lookup_that_hangs_ends_at_the_deadline`.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Instant;

/// All addresses of `HOST:PORT`, in the order in which they should be tried.
///
/// # Errors
/// If it is no address, has none, or the deadline passes. See getaddrinfo(3).
pub fn addresses(host: &str, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let name = host.to_owned();
    let addresses = run_until(deadline, move || name.to_socket_addrs().map(Vec::from_iter))?;
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}

/// Runs `lookup` in a thread of its own, because nothing can interrupt getaddrinfo. After the
/// deadline the thread is left alone, and ends with the process.
fn run_until<T: Send + 'static>(
    deadline: Instant,
    lookup: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = channel();
    Builder::new().name("lookup".into()).spawn(move || {
        // If nobody waits any more, the answer is of no use.
        drop(sender.send(lookup()));
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).map_err(|error| match error {
        RecvTimeoutError::Timeout => io::Error::from(io::ErrorKind::TimedOut),
        RecvTimeoutError::Disconnected => io::Error::other("the lookup has panicked"),
    })?
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

    #[test]
    fn a_lookup_that_hangs_ends_at_the_deadline() {
        let (answer, answers) = channel::<()>();
        let hangs = move || answers.recv().map_err(io::Error::other);
        let error = run_until(Instant::now() + Duration::from_millis(20), hangs).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(answer);
    }
}
