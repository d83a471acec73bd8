import type { RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { RestReply, type RestRouter } from "./_rest_router.ts";

const REGIONS = ["rotterdam", "us-east", "us-west"];

/** Routes of the gateway's address, of files, and of what no guild has. */
export function addGatewayRoutes(router: RestRouter, context: RestContext): void {
  const { gatewayUrl, sessionStartLimit, shards, attachments } = context;
  router.on("GET", "/gateway", () => ({ url: gatewayUrl() }), { isOpen: true });
  router.on("GET", "/gateway/bot", () => ({
    url: gatewayUrl(),
    shards,
    session_start_limit: sessionStartLimit(),
  }));
  router.on("GET", "/voice/regions", () =>
    REGIONS.map((id, index) => ({ id, name: id, optimal: index === 0, deprecated: false, custom: false })),
  );
  router.on("GET", "/sticker-packs", () => ({ sticker_packs: [] }));
  router.on("GET", "/invites/:code", () => {
    throw new RestError("unknownInvite");
  });
  router.on(
    "GET",
    "/attachments/:channel/:attachment/:filename",
    ({ params }) => {
      const file = attachments.get(params["attachment"] ?? "");
      if (!file) throw new RestError("notFound");
      return new RestReply(200, file.bytes, { "content-type": file.contentType });
    },
    { isOpen: true },
  );
}
