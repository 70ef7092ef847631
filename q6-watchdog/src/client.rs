//! The client: asks the dispatcher which server to ask, asks that server as long as it is there, and
//! never sends a reservation twice.

use std::time::{Duration, Instant};

use common::client::ask::{Ask, Unanswered};
use common::client::menu;
use common::protocol::reply::{Reply, Status};
use q5_sockets::client::{Client as Connection, no_server};

use crate::options::ClientOptions;

/// How often the dispatcher is asked for one question at most.
const TRIES_MAX: usize = 3;

/// A client: one thread's. Another thread may have another.
#[derive(Debug)]
pub struct Client {
    /// The dispatcher's address, `HOST:PORT`.
    dispatcher: String,
    timeout: Duration,
    /// The connection that was opened to find the dispatcher, until it is used.
    dispatch: Option<Connection>,
    consultation: Option<Connection>,
    reservation: Option<Connection>,
    /// The last reply received.
    reply: Reply,
}

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    let mut client = Client::open(&options.connect, options.common.timeout)?;
    menu::run(&options.common, |ask| client.ask(ask).copied())
}

impl Client {
    /// Connects to the dispatcher at `HOST:PORT`.
    ///
    /// # Errors
    /// If none listens there.
    pub fn open(dispatcher: &str, timeout: Duration) -> anyhow::Result<Client> {
        let deadline = Instant::now() + timeout;
        let dispatch = Connection::connect(dispatcher, timeout, deadline)
            .map_err(|error| no_server(&error, dispatcher, "q6-watchdog"))?;
        Ok(Client {
            dispatcher: dispatcher.to_owned(),
            timeout,
            dispatch: Some(dispatch),
            consultation: None,
            reservation: None,
            reply: Reply::default(),
        })
    }

    /// Asks, and waits for the answer as long as the time-out says.
    ///
    /// # Errors
    /// If there is none; says whether any byte of the request was sent to a server that acts on it.
    pub fn ask(&mut self, ask: Ask) -> Result<&Reply, Unanswered> {
        let deadline = Instant::now() + self.timeout;
        let mut tries = 0;
        loop {
            let secondary = self.secondary(ask).take().and_then(still_connected);
            let asked = match secondary {
                Some(secondary) => self.ask_secondary(secondary, ask, deadline),
                None => {
                    tries += 1;
                    self.ask_dispatcher(ask, deadline)
                }
            };
            match asked {
                Err(unanswered)
                    if tries < TRIES_MAX
                        && Instant::now() < deadline
                        && may_repeat(ask, &unanswered) => {}
                answer => return answer.map(|()| &self.reply),
            }
        }
    }

    /// Asks the dispatcher, and then the server that it names.
    fn ask_dispatcher(&mut self, ask: Ask, deadline: Instant) -> Result<(), Unanswered> {
        let connect = |address: &str| {
            let connected = Connection::connect(address, self.timeout, deadline);
            connected.map_err(Unanswered::NotSent)
        };
        let open = self.dispatch.take().and_then(still_connected);
        let mut dispatcher = match open {
            Some(dispatcher) => dispatcher,
            None => connect(&self.dispatcher)?,
        };
        // A dispatcher reserves nothing, so nothing was reserved, whatever happens to the request.
        let reply =
            dispatcher.ask_before(deadline, ask).map_err(|unanswered| match unanswered {
                Unanswered::NotSent(error) | Unanswered::Unknown(error) => {
                    Unanswered::NotSent(error)
                }
            })?;
        if reply.status() != Some(Status::Redirect) {
            self.reply = *reply;
            return Ok(());
        }
        let secondary = connect(&same_host(&self.dispatcher, reply.show.get()))?;
        self.ask_secondary(secondary, ask, deadline)
    }

    /// Asks a secondary server, and keeps the connection if it has answered.
    fn ask_secondary(
        &mut self,
        mut secondary: Connection,
        ask: Ask,
        deadline: Instant,
    ) -> Result<(), Unanswered> {
        self.reply = *secondary.ask_before(deadline, ask)?;
        *self.secondary(ask) = Some(secondary);
        Ok(())
    }

    fn secondary(&mut self, ask: Ask) -> &mut Option<Connection> {
        match ask {
            Ask::List | Ask::View { .. } => &mut self.consultation,
            Ask::Reserve { .. } => &mut self.reservation,
        }
    }
}

fn still_connected(mut connection: Connection) -> Option<Connection> {
    connection.is_connected().then_some(connection)
}

/// Whether a question without an answer may be asked again: a consultation always, a reservation only
/// if no byte of it was sent.
fn may_repeat(ask: Ask, unanswered: &Unanswered) -> bool {
    match unanswered {
        Unanswered::NotSent(_) => true,
        Unanswered::Unknown(_) => !matches!(ask, Ask::Reserve { .. }),
    }
}

/// The address of another port of the same host.
fn same_host(address: &str, port: i32) -> String {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn another_port_is_one_of_the_same_host() {
        assert_eq!(same_host("127.0.0.1:2222", 40000), "127.0.0.1:40000");
        assert_eq!(same_host("[::1]:2222", 40000), "[::1]:40000");
        assert_eq!(same_host("box-office.example:2222", 1), "box-office.example:1");
    }

    #[test]
    fn only_a_reservation_that_was_sent_is_never_repeated() {
        let error = || io::Error::from(io::ErrorKind::ConnectionReset);
        let reserve = Ask::Reserve { show: 1, seats: 1 };
        assert!(!may_repeat(reserve, &Unanswered::Unknown(error())));
        assert!(may_repeat(reserve, &Unanswered::NotSent(error())));
        assert!(may_repeat(Ask::List, &Unanswered::Unknown(error())));
    }
}
