/** For the page: it and its modules come from here, and nothing goes anywhere else. */
export const PAGE_CSP: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const OTHER_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Adds what every answer carries; what is set already stays. */
export function addSecurityHeaders(headers: Headers): void {
  setDefault(headers, "content-security-policy", OTHER_CSP);
  setDefault(headers, "x-content-type-options", "nosniff");
  setDefault(headers, "referrer-policy", "no-referrer");
  setDefault(headers, "cross-origin-resource-policy", "same-origin");
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}
