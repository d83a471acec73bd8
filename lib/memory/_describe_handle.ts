interface Handle {
  readonly constructor?: { readonly name?: string };
  readonly fd?: unknown;
  readonly pid?: unknown;
  readonly spawnfile?: unknown;
  readonly remoteAddress?: unknown;
  readonly remotePort?: unknown;
  readonly localPort?: unknown;
  readonly destroyed?: unknown;
  readonly listening?: unknown;
  readonly connecting?: unknown;
  address?(): unknown;
}

/** In words; undefined for what is no finding: the standard streams, and what is closed already. */
export function describeHandle(handle: object): string | undefined {
  const { constructor, pid, spawnfile, remoteAddress, remotePort, localPort } = handle as Handle;
  const { fd, destroyed, listening, connecting } = handle as Handle;
  if (destroyed === true || (typeof fd === "number" && fd >= 0 && fd <= 2)) return undefined;
  if (typeof pid === "number") return `child process ${pid} (${String(spawnfile ?? "unknown")})`;
  // a datagram socket has a method of that name
  if (typeof remoteAddress === "string") {
    return `socket to ${remoteAddress}:${String(remotePort)} (own port ${String(localPort)})`;
  }
  const address = addressOf(handle as Handle);
  if (address !== undefined) return `${listening === true ? "server" : "socket"} on ${address}`;
  if (connecting === true) return "socket that is being connected";
  return constructor?.name ?? "handle";
}

/** In words, such as `GetAddrInfoReqWrap for example.org`; undefined for what a socket does, which is told itself. */
export function describeRequest(request: object): string | undefined {
  const { constructor, hostname, address, port } = request as Handle & Readonly<Record<string, unknown>>;
  const name = constructor?.name ?? "request";
  if (name === "ShutdownWrap" || name === "WriteWrap") return undefined;
  if (typeof hostname === "string") return `${name} for ${hostname}`;
  if (typeof address !== "string") return name;
  return `${name} for ${address}${typeof port === "number" ? `:${port}` : ""}`;
}

function addressOf(handle: Handle): string | undefined {
  try {
    const address = handle.address?.();
    if (typeof address === "string") return address;
    const { address: host, port } = (address ?? {}) as { address?: string; port?: number };
    return host === undefined ? undefined : `${host}:${port}`;
  } catch {
    return undefined; // a datagram socket that is not bound throws
  }
}
