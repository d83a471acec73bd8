import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A token that cannot be guessed: 192 random bits. */
export function makeToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Whether the request carries one of the tokens. How long that takes tells nothing of them. */
export function carriesToken(request: Request, tokens: readonly (string | undefined)[]): boolean {
  const given = /^Bearer +(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) return false;
  const digest = sha256(given);
  let matches = false;
  for (const token of tokens) {
    if (token !== undefined && timingSafeEqual(digest, sha256(token))) matches = true;
  }
  return matches;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
