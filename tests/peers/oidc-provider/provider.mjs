// An OpenID provider on loopback, for tests. Its argument is a JSON object:
//
//   port       where to listen; it is part of the issuer's URL
//   path       of the issuer's URL, so that metadata has to be found below it
//   resource   the audience that clients ask for (RFC 8707)
//   scopes     what it knows, separated by spaces
//   clients    { id: { secret, format } }; format is "jwt" or "opaque": what access tokens it gets
//   lifetime   of access tokens, in seconds
//
// It says `ready` once it listens. On standard input `rotate` gives it another key, which it confirms by `rotated`.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${settings.port}${settings.path}`;

function key() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "ES256", use: "sig" };
}

function client([id, { secret }]) {
  return {
    client_id: id,
    client_secret: secret,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "client_secret_basic",
    id_token_signed_response_alg: "ES256",
  };
}

function provider() {
  const made = new Provider(issuer, {
    jwks: { keys: [key()] },
    clients: Object.entries(settings.clients).map(client),
    scopes: settings.scopes.split(" "),
    ttl: { ClientCredentials: settings.lifetime },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => settings.resource,
        getResourceServerInfo: (_context, resource, { clientId }) => ({
          audience: resource,
          scope: settings.scopes,
          accessTokenFormat: settings.clients[clientId].format,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  made.on("server_error", (_context, error) => console.error(error));
  return made.callback();
}

let handle = provider();

// As a reverse proxy mounts it: below the issuer's path.
const server = createServer((request, response) => {
  if (!request.url.startsWith(settings.path)) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url;
  request.url = request.url.slice(settings.path.length) || "/";
  handle(request, response);
});

server.listen(settings.port, "127.0.0.1", () => console.log("ready"));

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "rotate") {
    handle = provider();
    console.log("rotated");
  }
});
