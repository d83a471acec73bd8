import type { Hono } from "hono";
import type { DashboardApp } from "./_dashboard_app.ts";
import { carriesToken } from "./_bearer_token.ts";
import { refuse, refuseToken } from "./_guard.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** Adds `POST /api/actions/:id`, the only thing here that changes anything. */
export function addActionRoutes(routes: Hono, app: DashboardApp): void {
  routes.post("/api/actions/:id", async (c) => {
    const request = c.req.raw;
    if (!carriesToken(request, [app.token])) return refuseToken();
    if (await isBodyTooLarge(request)) {
      return refuse(413, `the body must be at most ${MAX_BODY_BYTES} bytes`, { connection: "close" });
    }
    return runAction(app, c.req.param("id"));
  });
}

// Not hono's middleware: it makes a Request from the adapter's light one, which throws unless the adapter has replaced
// the host's global Request.
async function isBodyTooLarge(request: Request): Promise<boolean> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return true;
  if (!request.body) return false;
  const reader = request.body.getReader(); // not for await: leaving it early would destroy the socket of the answer
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    size += value.length;
    if (size > MAX_BODY_BYTES) return true;
  }
}

async function runAction({ actions, onError }: DashboardApp, id: string): Promise<Response> {
  const action = actions.find((candidate) => candidate.id === id);
  if (!action) return refuse(404, "there is no action with this id");
  try {
    await action.run();
  } catch (error) {
    onError(error);
    return refuse(500, `'${id}' failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
}
