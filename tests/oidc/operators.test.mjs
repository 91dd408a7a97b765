/** The operators' page in Chromium, for people who sign in at an identity provider instead of typing a key. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { OAuth2Server } from "oauth2-mock-server";
import { freePort, startBinary } from "../browser/binary.mjs";
import { openBrowser, Reader } from "../browser/reader.mjs";

describe("the operators' page", () => {
  let binary, browser, provider;
  /** What the provider says of whoever signs in. */
  let roles = [];
  before(async () => {
    const [own, theirs] = [await freePort(), await freePort()];
    provider = new OAuth2Server();
    await provider.issuer.keys.generate("RS256");
    await provider.start(theirs, "127.0.0.1");
    provider.issuer.url = `http://127.0.0.1:${theirs}`;
    provider.service.on("beforeTokenSigning", ({ payload }) => Object.assign(payload, { sub: "ada", name: "Ada", roles }));
    binary = await startBinary({
      port: own,
      environment: {
        RAG_OIDC_ISSUER: provider.issuer.url,
        RAG_OIDC_AUDIENCE: "docs-api",
        RAG_OIDC_ROLES_CLAIM: "roles",
        RAG_OIDC_ROLES: "chief=admin",
        RAG_OIDC_CLIENT_ID: "docs-site",
        RAG_PUBLIC_URL: `http://127.0.0.1:${own}`,
      },
    });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
    await provider?.stop();
  });

  const signIn = async (as) => {
    roles = as;
    const reader = await Reader.arrive(browser);
    await reader.page.goto(`${binary.url}/admin`);
    await reader.page.getByRole("link", { name: "Sign in with your account" }).click();
    return reader;
  };

  test("an admin who signs in needs no key, and signs out", async () => {
    const reader = await signIn(["chief"]);
    await reader.page.locator("#view .headline").waitFor();
    assert.equal(await reader.page.evaluate(() => sessionStorage.length), 0);
    await reader.page.getByRole("link", { name: "Audit log" }).click();
    await reader.page.getByText("sign.in").first().waitFor();
    await reader.page.getByRole("button", { name: "Sign out" }).click();
    await reader.page.getByLabel("Admin key").waitFor();
    await reader.page.reload();
    await reader.page.getByRole("link", { name: "Sign in with your account" }).waitFor();
    await reader.leave();
  });

  test("somebody who is no admin is told so and stays outside", async () => {
    const reader = await signIn(["guest"]);
    await reader.page.getByText("Ada is signed in, and no admin.").waitFor();
    assert.equal(await reader.page.locator("#house").isVisible(), false);
    await reader.leave();
  });
});
