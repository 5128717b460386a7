//! Phones that move and tell all they can.

use history_writer::limits::BUCKET_MS;
use history_writer::{Point, StoredFix};
use model::{DeviceId, Fix, Position, Random, SeededRandom, Timestamp, UserId, Version};

use crate::Outcome;

/// When the first point is of, Unix milliseconds: when a bucket begins. Where one ends a chunk stays open for half an hour, with all
/// that lies behind it in the log, and here a week passes in seconds.
pub(crate) const START: i64 = 2_811 * BUCKET_MS;
/// Milliseconds between two points of a user.
const INTERVAL_MS: i64 = 30_000;

pub(crate) fn user(n: usize) -> Outcome<UserId> {
    Ok(UserId::parse(&format!("{n:08x}-0000-4000-8000-000000000000"))
        .map_err(|it| it.to_string())?)
}

/// Makes points of so many users, one of each after the other.
pub(crate) struct Phones {
    pub users: Vec<UserId>,
    fixes: Vec<StoredFix>,
    device: DeviceId,
    random: SeededRandom,
    made: usize,
}

impl Phones {
    pub(crate) fn new(users: usize) -> Outcome<Self> {
        let device = DeviceId::parse("phone").map_err(|error| error.to_string())?;
        let position = Position::new(48.1, 11.5).map_err(|error| error.to_string())?;
        let fixes = vec![StoredFix::from(&Fix::at(position)); users];
        let users = (0..users).map(user).collect::<Outcome<Vec<_>>>()?;
        Ok(Self { users, fixes, device, random: SeededRandom::new(3), made: 0 })
    }

    /// The next one, by whose it is.
    pub(crate) fn next(&mut self) -> (usize, Point) {
        let (at, seq) = (self.made % self.users.len(), self.made / self.users.len());
        self.made += 1;
        let noise = |range: u64| (self.random.next_u64() % range) as i32;
        let fix = &mut self.fixes[at];
        fix.latitude_e7 += noise(5_000) - 2_500;
        fix.longitude_e7 += noise(5_000) - 2_500;
        fix.accuracy_cm = Some(400 + noise(1_000) as u32);
        fix.speed_cmps = Some(100 + noise(200) as u16);
        fix.heading_cdeg = Some(9_000 + noise(3_000) as u16);
        let effective = Timestamp(START + seq as i64 * INTERVAL_MS + i64::from(noise(100)));
        let version = Version { effective, device: self.device.clone(), seq: seq as u64 };
        let received = effective.plus_ms(50 + i64::from(noise(300)));
        (at, Point { version, fix: *fix, received, unshown: None })
    }
}
