use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a certificate for `localhost` and 127.0.0.1, `server.pem` with `server.key`; answers where that of the authority lies which
/// signed it.
pub fn make(dir: &Path) -> PathBuf {
    make_for(dir, "DNS:localhost,IP:127.0.0.1", 2)
}

/// The same for these names, such as `DNS:localhost`, valid for so many days from now on: of less than none it has expired.
pub fn make_for(dir: &Path, names: &str, days: i32) -> PathBuf {
    let script = format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr &&
        printf 'basicConstraints=CA:FALSE\\nsubjectAltName={names}' > names &&
        openssl x509 -req -days {days} -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.pem"
    );
    run(dir, &script);
    authority(dir)
}

/// Makes `expired.pem` as well, which is of the same key and authority, and ended years ago.
pub fn make_expired(dir: &Path) {
    let script = "
        printf '[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n' > ca.conf &&
        : > index && echo 0a > serial &&
        openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in server.csr -extfile names -notext \
            -startdate 20200101000000Z -enddate 20200201000000Z -out expired.pem";
    run(dir, script);
}

/// The certificate of the authority.
pub(super) fn authority(dir: &Path) -> PathBuf {
    dir.join("ca.pem")
}

/// Puts both into `server.p12` as well, for Java, with this password.
pub(super) fn make_keystore(dir: &Path, password: &str) {
    let script = "openssl pkcs12 -export -in server.pem -inkey server.key -name server -out server.p12 -passout pass:";
    run(dir, &format!("{script}{password}"));
}

fn run(dir: &Path, script: &str) {
    let made = Command::new("sh").args(["-c", script]).current_dir(dir).output();
    let made = made.expect("a shell");
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
}
