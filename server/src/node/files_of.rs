use std::sync::Arc;

use model::Faults;

use super::listeners;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::http::arrival::tls::Tls;
use crate::keys::Keys;
use crate::parts;

/// Reads the files that the settings name; errs with all that can't be used, and then also with what is wrong in the data folder.
pub(crate) fn files_of(config: &Config) -> Result<Option<Arc<Tls>>, Faults> {
    let mut faults = Faults::default();
    let tls = listeners::tls(config);
    if config.auth.has_configured_keys() {
        faults.check_all(Keys::check(&config.auth));
    }
    for placement in parts::ALL.iter().filter_map(|part| part.placement(config)) {
        faults.check(placement);
    }
    for (_, outcome) in parts::served(config).flat_map(|part| part.own_checks(config)) {
        faults.check(outcome);
    }
    match tls {
        Ok(tls) if faults.is_empty() => return Ok(tls),
        Ok(_) => {}
        Err(all) => faults.extend(all),
    }
    if config.needs_data_dir() {
        faults.check_all(check_data(config).map(drop));
    }
    Err(faults)
}

/// Errs with all that is wrong with the data folder and what is in it, as far as can be told without changing anything; answers
/// in words how it is.
pub(crate) fn check_data(config: &Config) -> Result<&'static str, Faults> {
    let (mut faults, dir) = (Faults::default(), &config.data.dir);
    let Some(how) = faults.check(DataDir::check(dir)) else { return Err(faults) };
    if config.has_own_key() {
        faults.check(Keys::check_own(&config.auth, dir));
    }
    for part in parts::served(config).filter(|part| part.needs_data_dir(config)) {
        faults.check_all(part.check_data(config));
    }
    faults.result().map(|()| how)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The first page of a file of `SQLite` that a version of the far future wrote.
    fn newer() -> Vec<u8> {
        let mut page = vec![0; 4_096];
        page[..16].copy_from_slice(b"SQLite format 3\0");
        page[60..64].copy_from_slice(&999_u32.to_be_bytes());
        page
    }

    fn config_in(folder: &Path) -> Config {
        let mut config = Config::default();
        config.data.dir = folder.to_owned();
        config
    }

    #[test]
    fn all_in_the_data_folder_that_stands_in_the_way_of_a_start_is_told_and_nothing_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        assert_eq!(check_data(&config_in(&at("new"))), Ok(", made when the service starts"));
        assert_eq!(check_data(&config_in(folder.path())), Ok(""));
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 0);
        let databases =
            ["directory.sqlite", "proximity.sqlite", "history.sqlite", "history-register.sqlite"];
        for name in databases {
            fs::write(at(name), newer()).expect("written");
        }
        for name in ["history-log", "leaderboard"] {
            fs::write(at(name), b"").expect("written");
        }
        for (name, bytes) in [("history.key", &[7; 33][..]), ("token.key", &[7; 3])] {
            fs::write(at(name), bytes).expect("written");
        }
        let told =
            check_data(&config_in(folder.path())).expect_err("it can't be opened").to_string();
        assert_eq!(told.lines().count(), 8, "{told}");
        assert_eq!(told.matches("the data has schema 999").count(), 4, "{told}");
        for name in ["history-log", "leaderboard", "history.key", "token.key"] {
            assert!(told.contains(name), "{name}: {told}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 8);
        fs::write(at("history.key"), b"abc").expect("written");
        assert!(
            check_data(&config_in(folder.path()))
                .is_err_and(|it| it.to_string().contains("history.key"))
        );
    }

    #[test]
    fn all_files_that_can_not_be_used_are_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = folder.path().join("long.key");
        fs::write(&long, [7; 64]).expect("written");
        let mut config = config_in(&folder.path().join("new"));
        config.http.tls.certificate_file = Some("/nope/certificate".into());
        config.http.tls.key_file = Some("/nope/private".into());
        config.history.key_files = vec!["/nope/h1".into(), long];
        let told = files_of(&config).err().expect("nothing is there").to_string();
        for name in ["/nope/certificate", "/nope/private", "/nope/h1", "long.key"] {
            assert!(told.contains(name), "{name}: {told}");
        }
    }
}
