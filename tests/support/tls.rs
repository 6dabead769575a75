//! Keys and certificates for a broker's TLS listener, made once with Java's own tool.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Password of the key stores.
pub const STORE_PASSWORD: &str = "changeit";

/// Whose certificate a broker shows.
#[derive(Debug, Clone, Copy)]
pub enum Certificate {
    /// Of 127.0.0.1 and localhost.
    Own,
    /// Of another host.
    OtherHost,
}

impl Certificate {
    fn stem(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::OtherHost => "other-host",
        }
    }

    /// The key store of the broker.
    pub fn key_store(self, home: &Path) -> PathBuf {
        made(home).join(format!("{}.p12", self.stem()))
    }

    /// The certificate that a client must know as an authority.
    pub fn authority(self, home: &Path) -> PathBuf {
        made(home).join(format!("{}.pem", self.stem()))
    }
}

/// The folder with all certificates. Whoever is first makes it; a loser of that race throws his away.
fn made(home: &Path) -> PathBuf {
    let folder = home.join("tls");
    if folder.exists() {
        return folder;
    }
    let fresh = tempfile::Builder::new().prefix("tls.").tempdir_in(home).unwrap();
    for (certificate, names) in
        [(Certificate::Own, "san=ip:127.0.0.1,dns:localhost"), (Certificate::OtherHost, "san=dns:elsewhere.example")]
    {
        let store = fresh.path().join(format!("{}.p12", certificate.stem()));
        let store = store.to_str().unwrap();
        let common = ["-alias", "b", "-keystore", store, "-storepass", STORE_PASSWORD];
        let generate = ["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=test", "-ext", names];
        keytool(&[&generate[..], &["-validity", "3650", "-storetype", "PKCS12"], &common].concat());
        let pem = keytool(&[&["-exportcert", "-rfc"][..], &common].concat());
        fs::write(fresh.path().join(format!("{}.pem", certificate.stem())), pem).unwrap();
    }
    if fs::rename(fresh.path(), &folder).is_ok() {
        // The folder is no longer where the guard would look for it.
        let _moved = fresh.keep();
    }
    folder
}

fn keytool(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("keytool").args(arguments).output().unwrap();
    assert!(output.status.success(), "keytool: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
