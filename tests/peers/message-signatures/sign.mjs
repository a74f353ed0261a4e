// Signs requests. Its argument is a JSON object: `{ requests, keyid, algorithm, secret | privateKey }`, the key in PEM.
// Each request is `{ method, url, headers, covers, created, nonce }`; it prints their signed headers, as a JSON array.

import { createPrivateKey } from "node:crypto";

import { createSigner, httpbis } from "http-message-signatures";

const { requests, keyid, algorithm, secret, privateKey } = JSON.parse(process.argv[2]);
const key = createSigner(secret ? Buffer.from(secret) : createPrivateKey(privateKey), algorithm, keyid);

const signed = [];
for (const { covers, created, nonce, ...request } of requests) {
  const settings = {
    key,
    fields: covers,
    params: ["created", "keyid", "alg", "nonce"],
    paramValues: { created: new Date(created * 1000), nonce },
  };
  signed.push((await httpbis.signMessage(settings, request)).headers);
}
console.log(JSON.stringify(signed));
