// Gets tokens for a machine from an authorisation server with npm's openid-client, and is done with them.
//
// The argument is JSON: `issuer`, `client_id`, how it authenticates (`secret` with `method`, or a private `jwk`), and
// what to ask for. One line of JSON is printed, with every answer.

import * as client from "openid-client";

const settings = JSON.parse(process.argv[2]);
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };

async function authentication() {
  if (settings.jwk) {
    const kind = settings.jwk.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: settings.jwk.crv };
    const key = await crypto.subtle.importKey("jwk", settings.jwk, kind, false, ["sign"]);
    return client.PrivateKeyJwt({ key, kid: settings.jwk.kid });
  }
  const methods = { client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost };
  return methods[settings.method](settings.secret);
}

const issuer = new URL(settings.issuer);
const config = await client.discovery(issuer, settings.client_id, undefined, await authentication(), options);
const DPoP = settings.dpop
  ? client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"))
  : undefined;
const handle = DPoP && { DPoP };
const parameters = new URLSearchParams(settings.parameters);
const given = settings.grant
  ? await client.genericGrantRequest(config, settings.grant, parameters, handle)
  : await client.clientCredentialsGrant(config, parameters, handle);
const before = await client.tokenIntrospection(config, given.access_token);
await client.tokenRevocation(config, given.access_token);
const after = await client.tokenIntrospection(config, given.access_token);
console.log(JSON.stringify({ given, before, after }));
