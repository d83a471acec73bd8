import type { Context, Hono, MiddlewareHandler } from "hono";
import type { DashboardApp } from "./_dashboard_app.ts";
import { carriesToken } from "./_bearer_token.ts";
import { addSecurityHeaders } from "./_security_headers.ts";

/** Paths that pages of allowed origins may read. The page itself, which may carry a token, is not among them. */
const SHARED_PATHS = ["/feed", "/metrics", "/api/*"];

const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "Authorization, Content-Type, Last-Event-ID",
  "access-control-max-age": "600",
};

/** An error as the API tells it. */
export function refuse(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** The refusal of a request without the right token. */
export function refuseToken(): Response {
  return refuse(401, "a valid Bearer token is needed", { "www-authenticate": 'Bearer realm="demi-health"' });
}

/** Puts the checks in front of all routes: host, origin, and the token for reading where one is set. */
export function addGuards(routes: Hono, app: DashboardApp): void {
  routes.use(securityHeaders);
  routes.use(checkHost(app));
  for (const path of SHARED_PATHS) routes.use(path, shareWithOrigins(app), checkReadToken(app));
}

const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  addSecurityHeaders(c.res.headers);
};

function checkHost({ access }: DashboardApp): MiddlewareHandler {
  return async (c, next) => {
    if (access.isHostAllowed(c.req.raw)) return next();
    const host = (c.req.header("host") ?? new URL(c.req.url).host).slice(0, 100);
    return refuse(403, `'Host' must be a name of this machine or one of 'allowedHosts', got ${host}`);
  };
}

function shareWithOrigins({ access }: DashboardApp): MiddlewareHandler {
  return async (c, next) => {
    const verdict = access.judgeOrigin(c.req.raw);
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (verdict === "refused" && !isRead) {
      c.res = refuse(403, "'Origin' must be one of 'allowedOrigins'");
    } else if (c.req.method === "OPTIONS") {
      c.res = new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });
      allowPrivateNetwork(c);
    } else {
      await next();
    }
    c.res.headers.append("vary", "Origin");
    if (verdict === "listed") c.res.headers.set("access-control-allow-origin", c.req.header("origin")!);
    return undefined;
  };
}

// What a browser asks before a public page may talk to a private address.
function allowPrivateNetwork(c: Context): void {
  if (c.req.header("access-control-request-private-network") !== "true") return;
  c.res.headers.set("access-control-allow-private-network", "true");
}

function checkReadToken({ readToken, token }: DashboardApp): MiddlewareHandler {
  return async (c, next) => {
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isRead || readToken === undefined) return next();
    return carriesToken(c.req.raw, [readToken, token]) ? next() : refuseToken();
  };
}
