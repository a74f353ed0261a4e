// The gateway that a Node shop would write: fastify with its own plugins, and ajv for the contract.
// Usage: node gateway.mjs CONFIGURATION.json; tests/benchmarks/node_peer.py writes the configuration.
//
// Written for speed where the plugins leave a choice: the token cache is on, hooks take callbacks and not
// promises, validators are compiled once, the access log is gathered before it is written.

import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'
import proxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import Ajv from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import Fastify from 'fastify'
import pino from 'pino'

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'))

const ajv = new Ajv({ coerceTypes: false })
const parametersAjv = new Ajv({ coerceTypes: true })
formats(ajv)
formats(parametersAjv)

// What each route asks for, found by its template.
const rules = new Map(config.routes.map((route) => [route.url, {
  scope: route.scope,
  headers: Object.entries(route.headers),
  params: parametersAjv.compile(route.params),
  query: parametersAjv.compile(route.query),
  body: route.body === null ? null : ajv.compile(route.body)
}]))

const app = Fastify({
  loggerInstance: pino({ base: null }, pino.destination({ dest: config.accessLog, minLength: 8192, sync: false })),
  disableRequestLogging: true,
  keepAliveTimeout: 3_600_000
})

function refuse (statusCode, message) {
  return Object.assign(new Error(message), { statusCode })
}

await app.register(jwt, {
  secret: { public: createPublicKey({ key: config.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) },
  verify: {
    algorithms: ['RS256'],
    allowedIss: config.issuer,
    allowedAud: config.audience,
    checkTyp: 'at+jwt',
    cache: config.tokens * 4
  }
})

app.addHook('onRequest', (request, reply, done) => {
  const rule = rules.get(request.routeOptions.url)
  if (rule === undefined) return done(refuse(404, 'no such route'))
  try {
    request.user = app.jwt.verify(app.jwt.lookupToken(request))
  } catch (error) {
    return done(refuse(401, error.message))
  }
  if (!request.user.scope.split(' ').includes(rule.scope)) return done(refuse(403, 'scope insufficient'))
  reply.header('x-request-id', request.id)
  for (const [name, value] of rule.headers) reply.header(name, value)
  done()
})

await app.register(rateLimit, {
  hook: 'preValidation', // after authentication: the limit is the application's, not the address's
  max: 1_000_000_000,
  timeWindow: 60_000,
  cache: 10_000,
  enableDraftSpec: true,
  keyGenerator: (request) => request.user.client_id
})

function validate (request, reply, done) {
  const rule = rules.get(request.routeOptions.url)
  if (!rule.params(request.params) || !rule.query(request.query)) return done(refuse(422, 'parameters'))
  if (rule.body !== null && !rule.body(request.body)) return done(refuse(422, 'body'))
  done()
}

app.addHook('onResponse', (request, reply, done) => {
  app.log.info({
    requestId: request.id,
    peer: request.ip,
    method: request.method,
    path: request.routeOptions.url,
    status: reply.statusCode,
    clientId: request.user?.client_id,
    tokenId: request.user?.jti,
    durationMs: reply.elapsedTime
  })
  done()
})

for (const method of ['GET', 'POST']) {
  await app.register(proxy, {
    upstream: config.upstream,
    httpMethods: [method],
    routes: config.routes.filter((route) => route.method === method).map((route) => route.url),
    proxyPayloads: false, // bodies are parsed, to be validated
    preHandler: validate,
    undici: { connections: 512, pipelining: 1, keepAliveTimeout: 3_600_000, keepAliveMaxTimeout: 3_600_000 }
  })
}

await app.listen({ host: '127.0.0.1', port: config.port, backlog: 4096 })
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
