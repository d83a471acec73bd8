import type { IncomingMessage } from "node:http";
import { CLOSE, type GatewayClose } from "./_gateway_close.ts";
import { isTransportOffered, type TransportCompression } from "./_gateway_transport.ts";

/** What a client asks for by the address that it connects to. */
export interface GatewayUpgrade {
  readonly compression?: TransportCompression | undefined;
  /** Why it must not connect; told before there is a websocket. */
  readonly refusal?: string | undefined;
  /** What the websocket is closed with at once. */
  readonly close?: GatewayClose | undefined;
}

/** Reads version, encoding and compression. Without a version it is v10, which Discord's own clients always say. */
export function readUpgrade(request: IncomingMessage): GatewayUpgrade {
  // not by `new URL()`: a client may write anything there, and it throws on `//`
  const query = new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));
  const encoding = query.get("encoding") ?? "json";
  const compression = query.get("compress");
  if (encoding !== "json") return { refusal: "Only the encoding json is offered" };
  if ((query.get("v") ?? "10") !== "10") return { close: CLOSE.invalidVersion };
  if (compression === null || compression === "") return {};
  if (isTransportOffered(compression)) return { compression };
  return {
    refusal: "Only the compressions zlib-stream and, where the runtime has it, zstd-stream are offered",
  };
}
