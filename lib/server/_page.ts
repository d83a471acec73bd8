/** What the page shows and carries. */
export interface PageOptions {
  readonly title: string;
  /** Token that the page's buttons send. */
  readonly token: string | undefined;
}

/** The page: one panel. Its addresses are relative, so that it also works below a prefix. */
export function renderPage({ title, token }: PageOptions): string {
  const meta = token === undefined ? "" : `\n    <meta name="demi-token" content="${escapeHtml(token)}" />`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${escapeHtml(title)}</title>
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />${meta}
    <link rel="icon" href="favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="page.css" />
    <script type="module" src="page.js"></script>
    <script type="module" src="embed.js"></script>
  </head>
  <body>
    <main><demi-health-panel src="feed"></demi-health-panel></main>
    <noscript>This page draws with JavaScript, which is switched off here; the same figures are at <a href="api/health">api/health</a> and <a href="metrics">metrics</a>.</noscript>
  </body>
</html>
`;
}

export const PAGE_CSS: string = `:root { color-scheme: light dark; }
body { margin: 0; background: light-dark(#f6f7f9, #0c0f14); color: light-dark(#1b1f24, #e6e9ee); font-family: system-ui, sans-serif; }
noscript { display: block; padding: 2rem; }
`;

// A token in the address, /#token=…, is for those whom the page itself does not give one: a browser never sends it.
export const PAGE_JS: string = `const fromPage = document.querySelector('meta[name="demi-token"]')?.content;
const fromAddress = new URLSearchParams(location.hash.slice(1)).get("token");
if (fromAddress) history.replaceState(null, "", location.pathname + location.search);
const token = fromAddress ?? fromPage;
if (token) for (const panel of document.querySelectorAll("demi-health-panel")) panel.token = token;
`;

export const FAVICON: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#6750a4"/><path d="M4 17h6l3-8 5 15 3-7h7" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/></svg>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
