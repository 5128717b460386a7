use std::time::Duration;

use sql::postgres::refuse_replica;
use sqlx::PgConnection;
use tokio::time::timeout;

use super::FEED;
use super::server::Server;
use crate::error::Error;
use model::ReadToken;

/// How long a server may take to say how far it has come, with the connection if there is none.
/// One that is only busy isn't taken for one that is away, as far as that can be told.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at a server by a connection of its own, so that one in full use isn't taken for one that is down.
pub(super) struct Lookout<'s> {
    server: &'s Server,
    part: Part,
    /// None until the first look, and after it broke.
    connection: Option<PgConnection>,
}

/// That a server doesn't say how far it has come.
pub(super) struct Away {
    /// In words.
    pub(super) why: String,
    /// It was waited for; it may be very slow only.
    pub(super) is_late: bool,
}

/// What a server is there for.
#[derive(Clone, Copy)]
enum Part {
    Primary,
    Replica,
}

impl<'s> Lookout<'s> {
    /// At the server that is written.
    pub(super) fn at_primary(server: &'s Server) -> Self {
        Self { server, part: Part::Primary, connection: None }
    }

    /// At one that is only read.
    pub(super) fn at_replica(server: &'s Server) -> Self {
        Self { server, part: Part::Replica, connection: None }
    }

    /// How far the server has come, or why it is away.
    ///
    /// That a connection broke says little, it may have been cut. So a new one has the last word.
    pub(super) async fn look(&mut self) -> Result<ReadToken, Away> {
        if let Some(connection) = self.connection.take()
            && let Ok(state) = self.ask(connection).await
        {
            return Ok(state);
        }
        let connecting = timeout(LOOK_TIMEOUT, self.connect()).await;
        let connected = connecting.map_err(|_| self.late())?;
        let connection = connected.map_err(|error| {
            let why = if let Error::Unusable(why) = error { why } else { error.to_string() };
            Away { why, is_late: false }
        })?;
        self.ask(connection).await
    }

    async fn connect(&self) -> Result<PgConnection, Error> {
        let mut connection = self.server.connect().await?;
        if let Part::Primary = self.part {
            let refused = refuse_replica(&mut connection).await;
            refused.map_err(|error| Error::Unavailable(format!("{}: {error}", self.server)))?;
        }
        Ok(connection)
    }

    async fn ask(&mut self, mut connection: PgConnection) -> Result<ReadToken, Away> {
        let state = async {
            match self.part {
                Part::Primary => FEED.of_primary(&mut connection).await,
                Part::Replica => FEED.of(&mut connection).await,
            }
        };
        let state = timeout(LOOK_TIMEOUT, state).await.map_err(|_| self.late())?;
        let state = state.map_err(|error| {
            let why = format!("{}: {error}", self.server);
            Away { why, is_late: false }
        })?;
        self.connection = Some(connection);
        Ok(state)
    }

    fn late(&self) -> Away {
        let why = format!("{} doesn't answer within {} ms", self.server, LOOK_TIMEOUT.as_millis());
        Away { why, is_late: true }
    }
}
