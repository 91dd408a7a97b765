//! TLS of our own: real certificates, exchanged while it runs, asked for from clients.

use crate::access::issue;
use crate::test_app::{TestApp, Wanted, install_crypto};
use rag_chatbot::config::Settings;
use rag_chatbot::store::{KeyLimits, Right};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, Identity};
use std::path::Path;
use std::time::Duration;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed")
}

/// A certificate for 127.0.0.1 and its key, in PEM form.
fn signed_by(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, authority).expect("signed");
    (certificate.pem(), key.serialize_pem())
}

fn write(folder: &Path, (certificate, key): (String, String)) {
    std::fs::write(folder.join("key.pem"), key).expect("written");
    std::fs::write(folder.join("certificate.pem"), certificate).expect("written");
}

/// A client that trusts this authority alone.
fn client(trusted: &Authority, identity: Option<(String, String)>) -> Client {
    install_crypto();
    let root = Certificate::from_pem(trusted.pem().as_bytes()).expect("a certificate");
    let builder = Client::builder().tls_certs_only([root]).no_proxy();
    let builder = match identity {
        Some((certificate, key)) => {
            let pem = format!("{certificate}{key}");
            builder.identity(Identity::from_pem(pem.as_bytes()).expect("an identity"))
        }
        None => builder,
    };
    builder.build().expect("a client")
}

async fn app(folder: &Path, settings: Settings) -> TestApp {
    let mut app = TestApp::start_with(Wanted {
        settings: Settings {
            tls_certificate: Some(folder.join("certificate.pem")),
            tls_key: Some(folder.join("key.pem")),
            ..settings
        },
        ..Wanted::default()
    })
    .await;
    app.url = app.url.replace("http://", "https://");
    app
}

#[tokio::test]
async fn certificates_are_read_again_when_they_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (authority(), authority());
    write(folder.path(), signed_by(&old));
    let app = app(folder.path(), Wanted::default().settings).await;
    let url = format!("{}/livez", app.url);
    let answer = client(&old, None)
        .get(&url)
        .send()
        .await
        .expect("a response");
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert!(client(&new, None).get(&url).send().await.is_err());

    // What cannot be used changes nothing; what can is used without a restart.
    std::fs::write(folder.path().join("key.pem"), "nonsense").expect("written");
    write(folder.path(), signed_by(&new));
    let reached = async {
        while client(&new, None).get(&url).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached)
        .await
        .expect("it is in use");
}

#[tokio::test]
async fn who_wants_more_than_a_reader_shows_a_certificate_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let (servers, clients) = (authority(), authority());
    write(folder.path(), signed_by(&servers));
    std::fs::write(folder.path().join("clients.pem"), clients.pem()).expect("written");
    let app = app(
        folder.path(),
        Settings {
            tls_client_ca: Some(folder.path().join("clients.pem")),
            tls_clients: Some("keys".to_owned()),
            ..Wanted::default().settings
        },
    )
    .await;
    let key = issue(&app, &[Right::Admin], KeyLimits::default())
        .await
        .token;
    let status = async |client: Client, path: &str| {
        let request = client
            .get(format!("{}{path}", app.url))
            .bearer_auth(key.expose());
        request
            .send()
            .await
            .map(|response| response.status().as_u16())
    };
    let nobody = client(&servers, None);
    assert_eq!(
        status(nobody.clone(), "/search?q=wheels")
            .await
            .expect("let in"),
        200
    );
    assert_eq!(status(nobody, "/api-keys").await.expect("a response"), 403);
    let known = client(&servers, Some(signed_by(&clients)));
    assert_eq!(status(known, "/api-keys").await.expect("let in"), 200);
    let stranger = client(&servers, Some(signed_by(&authority())));
    assert!(
        status(stranger, "/search?q=wheels").await.is_err(),
        "no handshake"
    );
}

#[tokio::test]
async fn with_certificates_for_all_nobody_else_gets_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (servers, clients) = (authority(), authority());
    write(folder.path(), signed_by(&servers));
    std::fs::write(folder.path().join("clients.pem"), clients.pem()).expect("written");
    let app = app(
        folder.path(),
        Settings {
            tls_client_ca: Some(folder.path().join("clients.pem")),
            ..Wanted::default().settings
        },
    )
    .await;
    let url = format!("{}/livez", app.url);
    assert!(client(&servers, None).get(&url).send().await.is_err());
    let known = client(&servers, Some(signed_by(&clients)));
    assert_eq!(known.get(&url).send().await.expect("let in").status(), 200);
}
