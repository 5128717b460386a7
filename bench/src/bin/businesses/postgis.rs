use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row};

use crate::Done;

/// Searches of one statement, prepared once per connection: $1 longitude, $2 latitude, $3 radius in metres.
pub(crate) struct Load<'a> {
    pub(crate) url: &'a str,
    pub(crate) centres: &'a str,
    pub(crate) radius_m: f64,
    pub(crate) connections: usize,
    pub(crate) searches: usize,
    pub(crate) sql: &'a str,
}

type Centres = Vec<(f64, f64)>;

/// Searches with which each connection gets ready: the first ones read catalogs and plan.
const WARMING: usize = 20;

impl Load<'_> {
    /// Searches `searches` times, over all connections. Before and after that it says so and waits for a line, so that
    /// what is between can be measured.
    pub(crate) async fn run(&self) -> Done {
        let (pool, centres) = self.open().await?;
        let centres = Arc::new(centres);
        self.share(&pool, &centres, self.connections * WARMING).await?;
        pause("ready")?;
        self.share(&pool, &centres, self.searches).await?;
        pause("done")?;
        Ok(())
    }

    async fn share(&self, pool: &PgPool, centres: &Arc<Centres>, searches: usize) -> Done {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let (centres, next) = (Arc::clone(centres), Arc::clone(&next));
            let (sql, radius_m) = (self.sql.to_owned(), self.radius_m);
            let mut connection = pool.acquire().await?;
            tasks.push(tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= searches {
                        return Ok::<_, sqlx::Error>(());
                    }
                    let (latitude, longitude) = centres[n % centres.len()];
                    let query = sqlx::query(AssertSqlSafe(sql.as_str()));
                    let query = query.bind(longitude).bind(latitude).bind(radius_m);
                    query.fetch_all(&mut *connection).await?;
                }
            }));
        }
        for task in tasks {
            task.await??;
        }
        Ok(())
    }

    /// A line for each search: `id:distance` in the order of the answer.
    pub(crate) async fn answers(&self) -> Done {
        let (pool, centres) = self.open().await?;
        for (latitude, longitude) in centres.into_iter().cycle().take(self.searches) {
            let query = sqlx::query(AssertSqlSafe(self.sql));
            let found = query.bind(longitude).bind(latitude).bind(self.radius_m);
            let mut line = Vec::new();
            for row in found.fetch_all(&pool).await? {
                line.push(format!("{}:{}", row.try_get::<i64, _>(0)?, row.try_get::<f64, _>(1)?));
            }
            println!("{}", line.join(" "));
        }
        Ok(())
    }

    async fn open(&self) -> Result<(PgPool, Centres), Box<dyn std::error::Error + Send + Sync>> {
        let options = PgPoolOptions::new().max_connections(self.connections.max(1) as u32);
        let mut centres = Vec::new();
        for line in std::fs::read_to_string(self.centres)?.lines() {
            let (latitude, longitude) = line.split_once(' ').ok_or("a line of centres is wrong")?;
            centres.push((latitude.parse()?, longitude.parse()?));
        }
        Ok((options.connect(self.url).await?, centres))
    }
}

fn pause(word: &str) -> std::io::Result<()> {
    println!("{word}");
    std::io::stdin().lock().read_line(&mut String::new()).map(drop)
}
