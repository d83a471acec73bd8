import { Hono } from "hono";
import { RateLimits, type RateLimit } from "./_rate_limits.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import { RestError } from "./_rest_errors.ts";
import { addMessageRoutes } from "./_rest_messages.ts";
import { addResourceRoutes } from "./_rest_resources.ts";
import type { DiscordMessage } from "./discord_types.ts";
import type { DiscordWorld } from "./_world.ts";

/** What the REST API stands on. */
export interface RestContext {
  readonly world: DiscordWorld;
  readonly token: string;
  readonly rateLimit: RateLimit;
  readonly gatewayUrl: () => string;
  readonly publish: (event: GatewayEvent) => void;
  /** The bot wrote a message; its event is published already. */
  readonly onReply: (message: DiscordMessage) => void;
  readonly onError: (error: unknown) => void;
  /** A request was answered. The path has no query. */
  readonly onCall: (method: string, path: string, status: number) => void;
}

/**
 * The REST API v10 of the bot's side, below `/api/v10`, `/api` or `/v10`: clients differ in which they add.
 *
 * @see https://discord.com/developers/docs/reference
 */
export function createRestApi(context: RestContext): Hono {
  const limits = new RateLimits(context.rateLimit);
  const app = new Hono({ getPath: (request) => toRoutePath(new URL(request.url).pathname) });
  app.use(async (c, next) => {
    await next();
    context.onCall(c.req.method, c.req.path, c.res.status);
  });
  app.use(async (c, next) => {
    // The gateway's address is public, everything else wants the bot's token.
    if (c.req.path !== "/gateway" && !isAuthorized(c.req.header("authorization"), context.token)) {
      throw new RestError("unauthorized");
    }
    const { allowed, headers, retryAfterSeconds } = limits.take(c.req.method, c.req.path);
    if (!allowed) {
      const body = { message: "You are being rate limited.", retry_after: retryAfterSeconds, global: false };
      return c.json(body, 429, headers);
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
    return undefined;
  });
  addResourceRoutes(app, context);
  addMessageRoutes(app, context);
  app.notFound(() => new RestError("notFound").getResponse());
  app.onError((error) => {
    if (error instanceof RestError) return error.getResponse();
    context.onError(error); // a defect of the mock: its owner has to see it, the client gets what Discord gives
    return Response.json({ message: "500: Internal Server Error", code: 0 }, { status: 500 });
  });
  return app;
}

function toRoutePath(path: string): string {
  return path.replace(/^(?:\/api)?(?:\/v\d+)?(?=\/|$)/, "") || "/";
}

function isAuthorized(header: string | undefined, token: string): boolean {
  return header?.replace(/^Bot\s+/i, "") === token;
}
