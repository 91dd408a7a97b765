//! People sign in at a provider and come back: what an attacker on the way could try.

use crate::access::sign_in;
use crate::provider::{CLIENT, Provider};
use crate::test_app::{TestApp, Wanted};
use reqwest::{Response, Url};
use serde_json::{Value, json};
use std::collections::HashMap;

async fn app() -> (TestApp, Provider) {
    let provider = Provider::start().await;
    let app = TestApp::start_with(Wanted {
        settings: provider.settings(Wanted::default().settings),
        ..Wanted::default()
    });
    (app.await, provider)
}

/// Somebody on the way: their browser's cookie, and what the provider was asked.
struct OnTheWay {
    cookie: String,
    asked: HashMap<String, String>,
}

async fn begin(app: &TestApp) -> OnTheWay {
    let begun = app.get("/auth/login").await;
    assert_eq!(begun.status(), 303);
    let cookie = begun.headers()["set-cookie"].to_str().expect("text");
    for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let location = begun.headers()["location"].to_str().expect("text");
    let location = Url::parse(location).expect("an address");
    OnTheWay {
        cookie: cookie.split(';').next().expect("a part").to_owned(),
        asked: location.query_pairs().into_owned().collect(),
    }
}

/// What the provider says to whoever asked with this nonce.
fn said(provider: &Provider, nonce: &str) -> Value {
    let mut claims = provider.claims(&["chief"]);
    claims["aud"] = CLIENT.into();
    claims["nonce"] = nonce.into();
    claims
}

async fn come_back(app: &TestApp, cookie: &str, query: &str) -> Response {
    let request = app.client.get(format!("{}/auth/callback?{query}", app.url));
    let request = request.header("cookie", cookie);
    request.send().await.expect("a response")
}

async fn is_refused(back: Response) {
    assert_eq!(back.status(), 401);
    assert!(!back.headers().contains_key("set-cookie"));
    let problem: Value = back.json().await.expect("JSON");
    assert_eq!(problem["code"], "unauthorized");
}

#[tokio::test]
async fn the_provider_is_asked_with_pkce_and_only_for_our_address() {
    let (app, _provider) = app().await;
    let (one, other) = (begin(&app).await, begin(&app).await);
    assert_eq!(one.asked["code_challenge_method"], "S256");
    assert_eq!(one.asked["response_type"], "code");
    assert_eq!(
        one.asked["redirect_uri"],
        "https://docs.example/auth/callback"
    );
    for part in ["state", "nonce", "code_challenge"] {
        assert_ne!(one.asked[part], other.asked[part], "{part}");
        assert_eq!(one.asked[part].len(), 43, "{part}");
    }
}

#[tokio::test]
async fn an_answer_counts_once_in_one_browser_for_one_question() {
    let (app, provider) = app().await;
    let mine = begin(&app).await;
    let (state, nonce) = (mine.asked["state"].clone(), mine.asked["nonce"].clone());
    let answer = |nonce: &str| {
        let code = provider.code(&said(&provider, nonce));
        format!("code={code}&state={state}")
    };
    // Somebody else's browser, or none: the answer was caught on the way.
    let theirs = begin(&app).await;
    is_refused(come_back(&app, &theirs.cookie, &answer(&nonce)).await).await;
    is_refused(come_back(&app, "a=b", &answer(&nonce)).await).await;
    let whole = answer(&nonce);
    assert_eq!(come_back(&app, &mine.cookie, &whole).await.status(), 303);
    // The same again, with a code that would still be good.
    is_refused(come_back(&app, &mine.cookie, &answer(&nonce)).await).await;
    is_refused(come_back(&app, &mine.cookie, &whole).await).await;
}

#[tokio::test]
async fn answers_that_are_wrong_in_one_place_let_nobody_in() {
    let (app, provider) = app().await;
    let refused = async |change: &dyn Fn(&mut Value), query: &dyn Fn(&str, &str) -> String| {
        let mine = begin(&app).await;
        let mut claims = said(&provider, &mine.asked["nonce"]);
        change(&mut claims);
        let code = provider.code(&claims);
        let query = query(&code, &mine.asked["state"]);
        is_refused(come_back(&app, &mine.cookie, &query).await).await;
    };
    let same = |_: &mut Value| {};
    let plain = |code: &str, state: &str| format!("code={code}&state={state}");
    refused(&same, &|code, _| format!("code={code}&state=guess")).await;
    refused(&same, &|code, _| format!("code={code}")).await;
    refused(&same, &|_, state| format!("code=guess&state={state}")).await;
    refused(&same, &|_, state| {
        format!("error=access_denied&state={state}")
    })
    .await;
    refused(&same, &|code, state| {
        format!("code={code}&state={state}&iss=https://other.example")
    })
    .await;
    refused(
        &|claims| claims["nonce"] = "of another sign-in".into(),
        &plain,
    )
    .await;
    refused(
        &|claims| drop(claims.as_object_mut().expect("claims").remove("nonce")),
        &plain,
    )
    .await;
    refused(&|claims| claims["aud"] = "docs-api".into(), &plain).await;
    refused(&|claims| claims["aud"] = json!([CLIENT, "another"]), &plain).await;
    refused(
        &|claims| {
            claims["aud"] = json!([CLIENT, "another"]);
            claims["azp"] = "another".into();
        },
        &plain,
    )
    .await;
    refused(
        &|claims| claims["iss"] = "https://other.example".into(),
        &plain,
    )
    .await;
    refused(&|claims| claims["exp"] = json!(1_700_000_000), &plain).await;
    refused(&|claims| claims["iat"] = json!(4_000_000_000_u64), &plain).await;
    refused(&|claims| claims["nbf"] = json!(4_000_000_000_u64), &plain).await;
    refused(&|claims| claims["sub"] = " ".into(), &plain).await;
    // Whoever comes next is let in: nothing of this did harm.
    sign_in(&app, &provider, provider.claims(&[])).await;
}

#[tokio::test]
async fn a_cookie_that_was_planted_is_not_made_good_by_signing_in() {
    let (app, provider) = app().await;
    let mine = begin(&app).await;
    let planted = format!("{}; __Host-rag-signed-in=planted", mine.cookie);
    let code = provider.code(&said(&provider, &mine.asked["nonce"]));
    let query = format!("code={code}&state={}", mine.asked["state"]);
    let back = come_back(&app, &planted, &query).await;
    assert_eq!(back.status(), 303);
    let set: Vec<_> = back.headers().get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 2);
    assert!(
        set.iter()
            .all(|one| !one.as_bytes().starts_with(b"__Host-rag-signed-in=planted"))
    );
    let request = app.client.get(format!("{}/auth/me", app.url));
    let request = request.header("cookie", "__Host-rag-signed-in=planted");
    assert_eq!(request.send().await.expect("a response").status(), 401);
}

#[tokio::test]
async fn another_sites_page_cannot_use_the_cookie_and_signing_out_ends_it() {
    let (app, provider) = app().await;
    let cookie = sign_in(&app, &provider, provider.claims(&["chief"])).await;
    let make_key = async |from: &[(&'static str, &str)]| {
        let mut request = app.client.post(format!("{}/api-keys", app.url));
        for (name, value) in from {
            request = request.header(*name, *value);
        }
        let wanted = json!({"name": "a", "scopes": ["read:queries"]});
        let request = request.header("cookie", &cookie).json(&wanted);
        request.send().await.expect("a response").status().as_u16()
    };
    assert_eq!(make_key(&[("origin", "https://evil.example")]).await, 401);
    assert_eq!(make_key(&[("origin", "null")]).await, 401);
    assert_eq!(make_key(&[("sec-fetch-site", "cross-site")]).await, 401);
    assert_eq!(make_key(&[("sec-fetch-site", "same-site")]).await, 401);
    assert_eq!(make_key(&[("origin", "https://docs.example")]).await, 201);
    assert_eq!(make_key(&[("origin", &app.url)]).await, 201);
    assert_eq!(make_key(&[("sec-fetch-site", "same-origin")]).await, 201);

    let who = async || {
        let request = app.client.get(format!("{}/auth/me", app.url));
        request
            .header("cookie", &cookie)
            .send()
            .await
            .expect("a response")
    };
    let me: Value = who().await.json().await.expect("JSON");
    assert_eq!(me["id"], "oidc:somebody");
    assert_eq!(
        me["scopes"],
        json!(["read:queries", "read:sessions", "admin"])
    );
    let sign_out = async |from: &'static str| {
        let request = app.client.post(format!("{}/auth/logout", app.url));
        let request = request.header("sec-fetch-site", from);
        let out = request.header("cookie", &cookie).send().await;
        let out = out.expect("a response");
        assert_eq!(out.status(), 204);
        out.headers().contains_key("set-cookie")
    };
    assert!(!sign_out("cross-site").await);
    assert_eq!(who().await.status(), 200);
    assert!(sign_out("same-origin").await);
    assert_eq!(who().await.status(), 401);
    assert_eq!(make_key(&[]).await, 401);

    let log = app.app.audit().newest(None, 100).await.expect("read");
    let told: Vec<_> = log
        .iter()
        .filter(|(_, entry)| entry.action.starts_with("sign.") || entry.action == "key.create")
        .map(|(_, entry)| (entry.action.as_str(), entry.who.as_str()))
        .collect();
    let mine = "oidc:somebody";
    let made = ("key.create", mine);
    assert_eq!(
        told,
        [("sign.out", mine), made, made, made, ("sign.in", mine)]
    );
}

#[tokio::test]
async fn nobody_is_sent_on_to_another_site() {
    let (app, provider) = app().await;
    for next in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%09/evil.example",
    ] {
        let begun = app.get(&format!("/auth/login?next={next}")).await;
        let cookie = begun.headers()["set-cookie"].to_str().expect("text");
        let cookie = cookie.split(';').next().expect("a part").to_owned();
        let location = begun.headers()["location"].to_str().expect("text");
        let location = Url::parse(location).expect("an address");
        let asked: HashMap<_, _> = location.query_pairs().into_owned().collect();
        let code = provider.code(&said(&provider, &asked["nonce"]));
        let query = format!("code={code}&state={}", asked["state"]);
        let back = come_back(&app, &cookie, &query).await;
        assert_eq!(back.headers()["location"], "/", "{next}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_no_way_in_and_readers_do_not_notice() {
    let provider = Provider::start().await;
    let settings = provider.settings(Wanted::default().settings);
    let app = TestApp::start_with(Wanted {
        settings: rag_chatbot::config::Settings {
            oidc_issuer: Some("http://127.0.0.1:9".to_owned()),
            ..settings
        },
        ..Wanted::default()
    })
    .await;
    let token = provider.sign(&provider.claims(&["chief"]));
    let request = app.client.get(format!("{}/api-keys", app.url));
    let refused = request.bearer_auth(token).send().await.expect("a response");
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(app.get("/auth/login").await.status(), 503);
    app.ask("How long does the battery last?").await;
}
