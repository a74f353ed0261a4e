// An OpenID provider on loopback at which people log in, for tests. Its argument is a JSON object:
//
//   port         where to listen; it is part of the issuer's URL
//   client       { id, secret, redirect }: the one client
//   people       { subject: { claims } }
//
// It says `ready` once it listens. Who logs in next, and how, is told on standard input, a JSON object a line:
//
//   { "person": subject, "acr": …, "amr": [ … ] }    or    { "refuse": true }    or    { "rotate": true }
//
// Each is confirmed by `done`. No page is shown: whoever is sent here comes back as the person that was named.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${settings.port}`;
let next = {};

function key() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "ES256", use: "sig" };
}

function build() {
  const made = new Provider(issuer, {
    jwks: { keys: [key()] },
    clients: [
      {
        client_id: settings.client.id,
        client_secret: settings.client.secret,
        redirect_uris: [settings.client.redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        id_token_signed_response_alg: "ES256",
      },
    ],
    claims: { openid: ["sub", "acr", "amr"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    acrValues: ["silver", "gold"],
    cookies: { keys: ["tests alone"] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_context, interaction) => `/come-in/${interaction.uid}` },
    findAccount: (_context, subject) => ({
      accountId: subject,
      claims: () => ({ sub: subject, ...settings.people[subject] }),
    }),
    // Whoever asks has been allowed to already.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  made.on("server_error", (_context, error) => console.error(error));
  return made;
}

let provider = build();

const server = createServer(async (request, response) => {
  if (!request.url.startsWith("/come-in/")) {
    provider.callback()(request, response);
    return;
  }
  const result = next.refuse
    ? { error: "access_denied", error_description: "not today" }
    : { login: { accountId: next.person, acr: next.acr, amr: next.amr, remember: false } };
  await provider.interactionFinished(request, response, result);
});

server.listen(settings.port, "127.0.0.1", () => console.log("ready"));

createInterface({ input: process.stdin }).on("line", (line) => {
  const told = JSON.parse(line);
  if (told.rotate) provider = build();
  else next = told;
  console.log("done");
});
