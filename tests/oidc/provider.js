// The oauth-service of conf/examples/oauth.yaml: oidc-provider below /oauth, with a login page of its own. Anybody of `users` logs in with any password.
// Prints the port it listens on as one line of JSON.
//   ORIGIN     what browsers see, e.g. http://localhost:8080; PORT the port to listen on
//   LIFETIME   seconds an access token lives
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const origin = process.env.ORIGIN ?? "http://localhost:8080";
const lifetime = Number(process.env.LIFETIME ?? 300);
const mount = "/oauth";
const users = {
  ada: { name: "Ada", roles: ["admin", "staff"] },
  bob: { name: "Bob", roles: ["staff"] },
};
const key = (type, options, extra) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...extra });
const api = `${origin}/api`;

const provider = new Provider(origin + mount, {
  clients: [
    {
      client_id: "web",
      client_secret: "web-secret",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [`${origin}/oauth2/callback`],
      post_logout_redirect_uris: [`${origin}/`],
      // Without a session in its logout tokens, each ends all of the user's sessions.
      backchannel_logout_uri: `${origin}/oauth2/backchannel_logout`,
      backchannel_logout_session_required: false,
    },
    { client_id: "batch", client_secret: "batch-secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [], scope: "read write" },
  ],
  jwks: { keys: [key("rsa", { modulusLength: 2048 }, { kid: "r1", alg: "RS256" }), key("ec", { namedCurve: "P-256" }, { kid: "e1", alg: "ES256" })] },
  cookies: { keys: ["tests only"], names: { session: "provider_session", interaction: "provider_interaction", resume: "provider_resume" } },
  scopes: ["openid", "profile", "read", "write"],
  claims: { openid: ["sub", "roles", "sid"], profile: ["name"] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => (users[id] ? { accountId: id, claims: () => ({ sub: id, ...users[id] }) } : undefined),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: lifetime, IdToken: 300, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600, ClientCredentials: 300 },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => (ctx.body = page("Log out", `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Yes, log out</button>`)),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (client.clientId === "batch" ? api : undefined),
      getResourceServerInfo: () => ({ scope: "read write", accessTokenFormat: "jwt", audience: "shop-api" }),
    },
  },
  // The site's own client needs no consent.
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
  // It calls nobody on this machine otherwise, and the proxy is.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  interactions: { url: (_, interaction) => `${mount}/login/${interaction.uid}` },
});

const page = (title, body) => `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}`;
const serve = provider.callback();

async function logIn(request, response) {
  if (request.method === "GET") {
    response.setHeader("content-type", "text/html");
    response.end(page("Log in", '<form method="post"><input name="user"><input name="password" type="password"><button>Go</button></form>'));
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  const user = new URLSearchParams(body).get("user");
  await provider.interactionFinished(request, response, users[user] ? { login: { accountId: user } } : { error: "access_denied" });
}

const server = createServer((request, response) => {
  request.originalUrl = request.url;
  if (request.url.startsWith(`${mount}/login/`)) {
    logIn(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
    return;
  }
  if (request.url.startsWith(mount)) request.url = request.url.slice(mount.length) || "/";
  serve(request, response);
});
server.listen(Number(process.env.PORT ?? 3001), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
