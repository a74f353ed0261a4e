// Goes through the grants of an authorisation server with npm's openid-client, as a test tells it to.
//
// The first argument is JSON: `issuer`, `flow`, and what that needs. Lines of JSON are printed; where a person has to
// act, the line has `authorization_url`, and the address that the browser came back with is read from standard input.

import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const settings = JSON.parse(process.argv[2]);
const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };

const say = (value) => console.log(JSON.stringify(value));
const authentication = () =>
  settings.client_secret ? client.ClientSecretBasic(settings.client_secret) : client.None();

async function discovered() {
  return client.discovery(new URL(settings.issuer), settings.client_id, undefined, authentication(), options);
}

async function throughThePerson(config, handle) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const parameters = {
    redirect_uri: settings.redirect_uri,
    scope: settings.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
  };
  const url = settings.pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, handle)
    : client.buildAuthorizationUrl(config, parameters);
  say({ authorization_url: url.href });
  const { value } = await lines.next();
  return client.authorizationCodeGrant(
    config,
    new URL(JSON.parse(value)),
    { pkceCodeVerifier, expectedState },
    undefined,
    handle,
  );
}

const flows = {
  // Code, refresh, and then the end of it.
  async code() {
    const config = await discovered();
    const DPoP = settings.dpop
      ? client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"))
      : undefined;
    const given = await throughThePerson(config, DPoP && { DPoP });
    say({ given });
    const refreshed = await client.refreshTokenGrant(config, given.refresh_token, undefined, DPoP && { DPoP });
    say({ refreshed });
    const last = refreshed.refresh_token ?? given.refresh_token;
    if (settings.client_secret) say({ before: await client.tokenIntrospection(config, last) });
    await client.tokenRevocation(config, last);
    if (settings.client_secret) say({ after: await client.tokenIntrospection(config, last) });
  },

  async registration() {
    const config = await client.dynamicClientRegistration(
      new URL(settings.issuer),
      settings.metadata,
      undefined,
      { ...options, initialAccessToken: settings.initial_access_token },
    );
    say({ registered: config.clientMetadata() });
  },
};

await flows[settings.flow]();
input.close();
