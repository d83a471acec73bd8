import type { Context, Hono } from "hono";
import type { DashboardApp } from "./_dashboard_app.ts";
import { FAVICON, PAGE_CSS, PAGE_JS, renderPage } from "./_page.ts";
import { refuse } from "./_guard.ts";
import { PAGE_CSP } from "./_security_headers.ts";
import { respondWithCode } from "./module_server.ts";

// In an emitted package the elements are .js, as this file is.
const ENTRY = `./modules/components/mod.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`;
const EMBED_JS = `// <script type="module" src="…/embed.js"></script> defines <demi-health-panel> and the other elements.
export * from ${JSON.stringify(ENTRY)};
`;
const MODULES = "/modules/";

/** Adds the page with what belongs to it, and the modules for this page and those of others. */
export function addPageRoutes(routes: Hono, app: DashboardApp): void {
  routes.get("/", (c) => answerPage(app, c.req.raw));
  routes.get("/page.css", () => answerAsset(PAGE_CSS, "text/css; charset=utf-8"));
  routes.get("/page.js", () => answerAsset(PAGE_JS, "text/javascript; charset=utf-8"));
  for (const path of ["/favicon.svg", "/favicon.ico"]) {
    routes.get(path, () => answerAsset(FAVICON, "image/svg+xml"));
  }
  routes.get("/embed.js", (c) => respondWithCode(c.req.raw, EMBED_JS));
  routes.get(`${MODULES}*`, (c) => app.modules.handle(c.req.raw, modulePath(c)));
}

// As it was sent, but for the `..` that URL takes away: decoding is the module server's.
function modulePath(c: Context): string {
  const { pathname } = new URL(c.req.url);
  return pathname.slice(pathname.indexOf(MODULES) + MODULES.length);
}

function answerPage(app: DashboardApp, request: Request): Response {
  const { access, source, title, token, pageCarriesToken } = app;
  if (pageCarriesToken && !access.isLoopbackHost(request)) {
    return refuse(403, "'Host' must be a name of this machine, as this page carries a token");
  }
  const page = renderPage({
    title: title ?? `${source.describe().name}: health`,
    token: pageCarriesToken ? token : undefined,
  });
  return new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": PAGE_CSP,
      "cross-origin-opener-policy": "same-origin",
      "cache-control": pageCarriesToken ? "no-store" : "no-cache",
    },
  });
}

function answerAsset(content: string, type: string): Response {
  return new Response(content, { headers: { "content-type": type, "cache-control": "no-cache" } });
}
