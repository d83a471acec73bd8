import { isIP } from "node:net";

/** A host name as it is compared: lower case, without brackets, port and final dot. */
export function toHostName(host: string): string {
  const url = URL.parse(`http://${isIP(host) === 6 ? `[${host}]` : host}`);
  return (url?.hostname ?? host.toLowerCase()).replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** Whether a name can only mean this machine. */
export function isLoopbackName(name: string): boolean {
  if (isIP(name)) return name.startsWith("127.") || name === "::1";
  return name === "localhost" || name.endsWith(".localhost");
}

/** Whether listening on this address means to listen on all. */
export function isAnyAddress(name: string): boolean {
  return name === "0.0.0.0" || name === "::";
}
