import { Hono } from "hono";
import { addActionRoutes } from "./_action_routes.ts";
import { addApiRoutes } from "./_api_routes.ts";
import type { DashboardApp } from "./_dashboard_app.ts";
import { addGuards, refuse } from "./_guard.ts";
import { addPageRoutes } from "./_page_routes.ts";

/** The web-standard handler of a dashboard. It never rejects: what fails is told to `onError` and answered with 500. */
export function createRequestHandler(app: DashboardApp): (request: Request) => Promise<Response> {
  const routes = new Hono();
  addGuards(routes, app);
  routes.get("/feed", (c) => {
    // a HEAD is routed here too, and nobody would read or end its stream
    if (c.req.method === "GET") return app.feed.handle(c.req.raw);
    return new Response(null, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  });
  addPageRoutes(routes, app);
  addApiRoutes(routes, app);
  addActionRoutes(routes, app);
  refuseOtherMethods(routes);
  routes.notFound(() => refuse(404, "there is nothing at this address"));
  routes.onError((error) => {
    app.onError(error);
    return refuse(500, "the answer could not be made; the host has been told why");
  });
  return async (request) => routes.fetch(request);
}

function refuseOtherMethods(routes: Hono): void {
  const allowed = new Map<string, string>();
  for (const { path, method } of routes.routes) {
    if (method === "GET") allowed.set(path, "GET, HEAD");
    if (method === "POST") allowed.set(path, "POST");
  }
  for (const [path, allow] of allowed) {
    routes.all(path, () => refuse(405, `only ${allow} is answered here`, { allow }));
  }
}
