/** A real OpenID Connect server: its tokens, its keys, people who sign in at it, and those who forge. */

import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { OAuth2Server } from "oauth2-mock-server";
import { freePort, startBinary } from "../browser/binary.mjs";

const AUDIENCE = "docs-api";
const CLIENT = "docs-site";
/** Clocks may differ by a minute. */
const SKEW_S = 60;

const encoded = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** The identity provider, and how often its keys were asked for. */
async function startProvider(port, algorithms = ["RS256"]) {
  const provider = new OAuth2Server();
  for (const algorithm of algorithms) await provider.issuer.keys.generate(algorithm);
  await provider.start(port, "127.0.0.1");
  provider.issuer.url = `http://127.0.0.1:${port}`;
  return provider;
}

describe("an identity provider", () => {
  let binary, provider, port;
  before(async () => {
    port = await freePort();
    provider = await startProvider(port, ["RS256", "ES256", "PS256", "EdDSA", "RS512"]);
    binary = await startBinary({
      environment: {
        RAG_OIDC_ISSUER: provider.issuer.url,
        RAG_OIDC_AUDIENCE: AUDIENCE,
        RAG_OIDC_ROLES_CLAIM: "realm_access.roles",
        RAG_OIDC_ROLES: "chief=admin,writer=write:documents",
        RAG_OIDC_ADMIN_BY: "mfa,urn:example:gold",
        RAG_OIDC_CLIENT_ID: CLIENT,
        RAG_OIDC_CLIENT_SECRET: "s3cret: of/the site",
        RAG_PUBLIC_URL: "https://docs.example",
      },
    });
  });
  after(async () => {
    await binary?.stop();
    await provider?.stop();
  });

  const chief = (payload) => {
    Object.assign(payload, { aud: AUDIENCE, sub: "ada", realm_access: { roles: ["chief"] }, amr: ["pwd", "mfa"] });
  };
  const token = (change = () => {}, kid = undefined) =>
    provider.issuer.buildToken({
      kid,
      scopesOrTransform: (header, payload) => {
        chief(payload);
        change(payload, header);
      },
    });
  const keyOf = (algorithm) => provider.issuer.keys.toJSON().find((key) => key.alg === algorithm);
  const admin = async (bearer) => {
    const answer = await fetch(`${binary.url}/api-keys`, { headers: { authorization: `Bearer ${bearer}` } });
    await answer.text();
    return answer.status;
  };

  test("tokens count with every algorithm that the settings allow, and no other", async () => {
    for (const algorithm of ["RS256", "ES256", "PS256", "EdDSA"]) {
      assert.equal(await admin(await token(undefined, keyOf(algorithm).kid)), 200, algorithm);
    }
    assert.equal(await admin(await token(undefined, keyOf("RS512").kid)), 401);
  });

  test("roles are worth what the settings say, and an admin has a second factor", async () => {
    const rs256 = keyOf("RS256").kid;
    assert.equal(await admin(await token((payload) => (payload.amr = ["pwd"]), rs256)), 403);
    assert.equal(await admin(await token((payload) => delete payload.amr, rs256)), 403);
    const gold = (payload) => Object.assign(payload, { amr: undefined, acr: "urn:example:gold" });
    assert.equal(await admin(await token(gold, rs256)), 200);
    assert.equal(await admin(await token((payload) => (payload.realm_access = { roles: ["writer", "admin"] }), rs256)), 403);
    // A role taken away counts from the next token on; nothing is remembered of the last one.
    assert.equal(await admin(await token((payload) => (payload.realm_access = { roles: [] }), rs256)), 403);
    const body = JSON.stringify({ chapter: "Robots", content: "Robots walk.", book_version: "1" });
    const post = async (change) => {
      const authorization = `Bearer ${await token(change, rs256)}`;
      const headers = { authorization, "content-type": "application/json" };
      return (await fetch(`${binary.url}/ingest`, { method: "POST", headers, body })).status;
    };
    assert.equal(await post((payload) => (payload.realm_access = { roles: ["writer"] })), 200);
    assert.equal(await post((payload) => (payload.realm_access = { roles: [] })), 403);
  });

  test("what is forged, stale or meant for others is refused", async () => {
    const key = keyOf("RS256");
    const good = await token(undefined, key.kid);
    const [head, body, signature] = good.split(".");
    const publicKey = createPublicKey({ key: { kty: key.kty, n: key.n, e: key.e }, format: "jwk" });
    const hmac = (secret, header) => {
      const message = `${encoded({ alg: "HS256", kid: key.kid, ...header })}.${body}`;
      return `${message}.${createHmac("sha256", secret).update(message).digest("base64url")}`;
    };
    const forger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const forged = (header) => {
      const message = `${encoded({ alg: "RS256", kid: key.kid, ...header })}.${body}`;
      return `${message}.${sign("sha256", Buffer.from(message), forger.privateKey).toString("base64url")}`;
    };
    const rs256 = (change) => token(change, key.kid);
    const attempts = {
      "alg none": `${encoded({ alg: "none", kid: key.kid })}.${body}.`,
      "alg None": `${encoded({ alg: "None", kid: key.kid })}.${body}.`,
      "alg none with a signature": `${encoded({ alg: "none" })}.${body}.${signature}`,
      "no signature": `${head}.${body}.`,
      "HS256 with the public key as PEM": hmac(publicKey.export({ type: "spki", format: "pem" })),
      "HS256 with the public key as DER": hmac(publicKey.export({ type: "spki", format: "der" })),
      "HS256 with the modulus": hmac(Buffer.from(key.n, "base64url")),
      "HS256 with an empty secret": hmac(""),
      "another's key under the known kid": forged({}),
      "a key in the head": forged({ jwk: forger.publicKey.export({ format: "jwk" }) }),
      "keys elsewhere": forged({ jku: "http://127.0.0.1:9/jwks", x5u: "http://127.0.0.1:9/x" }),
      "an unknown kid": forged({ kid: "unknown" }),
      "a kid that is a path": forged({ kid: "../../../../dev/null" }),
      "no kid among several keys": forged({ kid: undefined }),
      "an extension that must be understood": forged({ crit: ["b64"], b64: false }),
      "the algorithm of another key": forged({ alg: "ES256" }),
      "another body": `${head}.${encoded({ ...JSON.parse(Buffer.from(body, "base64url")), sub: "eve" })}.${signature}`,
      "wrong audience": await rs256((payload) => (payload.aud = "another-api")),
      "the site's own audience": await rs256((payload) => (payload.aud = CLIENT)),
      "no audience": await rs256((payload) => delete payload.aud),
      "wrong issuer": await rs256((payload) => (payload.iss = "https://evil.example")),
      "issuer with a slash": await rs256((payload) => (payload.iss += "/")),
      "no issuer": await rs256((payload) => delete payload.iss),
      expired: await rs256((payload) => (payload.exp = now() - SKEW_S - 30)),
      "no expiry": await rs256((payload) => delete payload.exp),
      "expiry as text": await rs256((payload) => (payload.exp = String(now() + 600))),
      "not yet": await rs256((payload) => (payload.nbf = now() + SKEW_S + 60)),
      "issued in the future": await rs256((payload) => (payload.iat = now() + SKEW_S + 60)),
      "nobody": await rs256((payload) => delete payload.sub),
      "too long": await rs256((payload) => (payload.more = "x".repeat(20_000))),
      "four parts": `${good}.x`,
      "spaces": good.replace(".", ". "),
    };
    for (const [what, attempt] of Object.entries(attempts)) {
      assert.equal(await admin(attempt), 401, what);
      const answer = await fetch(`${binary.url}/query`, {
        method: "POST",
        headers: { authorization: `Bearer ${attempt}`, "content-type": "application/json" },
        body: JSON.stringify({ query: "How do robots walk?" }),
      });
      // What is no token at all is somebody else's business, where readers may ask.
      assert.equal(answer.status, attempt.split(".").length === 3 ? 401 : 200, `${what}: ${await answer.text()}`);
    }
    assert.equal(await admin(good), 200);
    assert.equal(await admin(await rs256((payload) => (payload.exp = now() - SKEW_S + 30))), 200, "clocks differ");
    assert.ok(!binary.log.includes(body), "no token is logged");
  });

  test("two credentials at once are refused", async () => {
    const bearer = await token(undefined, keyOf("RS256").kid);
    const headers = { authorization: `Bearer ${bearer}`, "x-api-key": "rk_x" };
    assert.equal((await fetch(`${binary.url}/api-keys`, { headers })).status, 400);
  });

  /** As a browser goes: to us, to the provider, back. */
  async function signIn({ tamper = (url) => url } = {}) {
    const begun = await fetch(`${binary.url}/auth/login?next=/chat`, { redirect: "manual" });
    assert.equal(begun.status, 303);
    const cookie = begun.headers.getSetCookie()[0].split(";")[0];
    const asked = await fetch(begun.headers.get("location"), { redirect: "manual" });
    assert.equal(asked.status, 302);
    const back = new URL(asked.headers.get("location"));
    assert.equal(back.origin + back.pathname, "https://docs.example/auth/callback");
    const url = tamper(new URL(`${binary.url}${back.pathname}${back.search}`));
    const finish = () => fetch(url, { redirect: "manual", headers: { cookie } });
    return { answer: await finish(), again: finish };
  }

  test("people sign in with a code and PKCE, once", async () => {
    let secret;
    provider.service.once("beforeTokenSigning", (built, request) => {
      secret = request.headers.authorization;
      assert.ok(request.body.code_verifier.length >= 43);
    });
    provider.service.on("beforeTokenSigning", (built) => {
      built.payload.realm_access = { roles: ["chief"] };
      built.payload.amr = ["mfa"];
    });
    const { answer, again } = await signIn();
    assert.equal(answer.status, 303, await answer.text());
    assert.equal(answer.headers.get("location"), "/chat");
    // RFC 6749 §2.3.1: form-encoded, then joined.
    assert.equal(secret, `Basic ${Buffer.from(`${CLIENT}:s3cret%3A+of%2Fthe+site`).toString("base64")}`);
    const cookie = answer.headers.getSetCookie().find((set) => set.startsWith("__Host-rag-signed-in="));
    for (const part of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]) assert.ok(cookie.includes(part), cookie);
    assert.ok(!cookie.toLowerCase().includes("domain"), cookie);
    const headers = { cookie: cookie.split(";")[0] };
    const me = await (await fetch(`${binary.url}/auth/me`, { headers })).json();
    assert.deepEqual(me.scopes, ["read:queries", "read:sessions", "admin"]);
    assert.equal((await fetch(`${binary.url}/api-keys`, { headers })).status, 200);
    assert.equal((await again()).status, 401, "the same answer again");
  });

  test("a sign-in whose answer was changed on the way lets nobody in", async () => {
    const changed = (name, value) => (url) => {
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
      return url;
    };
    for (const tamper of [changed("state", "other"), changed("state"), changed("code", "other"), changed("code"), changed("iss", "https://evil.example")]) {
      const { answer } = await signIn({ tamper });
      assert.equal(answer.status, 401, await answer.text());
    }
    provider.service.once("beforeTokenSigning", () => {});
    for (const change of [{ nonce: "replayed" }, { nonce: undefined }, { aud: "another" }, { iss: "https://evil.example" }, { exp: now() - 300 }]) {
      const spoil = (built) => Object.assign(built.payload, change);
      provider.service.on("beforeTokenSigning", spoil);
      const { answer } = await signIn();
      provider.service.off("beforeTokenSigning", spoil);
      assert.equal(answer.status, 401, JSON.stringify(change));
    }
  });

  test("a flood of unknown keys asks the provider now and then, not each time", async () => {
    const [, body, signature] = (await token(undefined, keyOf("RS256").kid)).split(".");
    let asked = 0;
    const count = () => (asked += 1);
    provider.service.on("beforeWellKnownOpenIdConfiguration", count);
    const started = Date.now();
    const flood = Array.from({ length: 60 }, (_, n) => admin(`${encoded({ alg: "RS256", kid: `kid-${n}` })}.${body}.${signature}`));
    assert.deepEqual([...new Set(await Promise.all(flood))], [401]);
    provider.service.off("beforeWellKnownOpenIdConfiguration", count);
    // At most once in five seconds, however long the flood takes on a slow machine.
    const rounds = 1 + Math.ceil((Date.now() - started) / 5000);
    assert.ok(asked <= rounds, `${asked} in ${rounds} rounds`);
  });

  test("new keys count when the provider has them, and old ones end", async () => {
    const old = await token(undefined, keyOf("RS256").kid);
    assert.equal(await admin(old), 200);
    await provider.stop();
    provider = await startProvider(port);
    const fresh = await token();
    const deadline = Date.now() + 60_000;
    while ((await admin(fresh)) !== 200) {
      assert.ok(Date.now() < deadline, "the new key never counts");
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.equal(await admin(old), 401);
  });
});
