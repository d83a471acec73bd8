import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";

/** How somebody from outside lets her time pass; for tests only. */
export interface TimeControl {
  /** What must come as Bearer token. */
  readonly token: string;
  advance(durationMs: number): Promise<void>;
}

/** `POST /advance` with `{"ms": …}`: answers when so much time has passed. */
export function controlRoutes(control: TimeControl): Hono {
  const app = new Hono();
  app.use(bearerAuth({ token: control.token }));
  app.post("/advance", async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const ms = (body as { ms?: unknown } | undefined)?.ms;
    if (typeof ms !== "number" || !(ms >= 0 && ms < Infinity)) {
      return c.json({ error: "Cannot advance: 'ms' must be a number >= 0" }, 400);
    }
    await control.advance(ms);
    return c.json({});
  });
  return app;
}
