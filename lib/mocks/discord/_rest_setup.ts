import { addChannelRoutes } from "./_rest_channels.ts";
import { addCommandRoutes } from "./_rest_commands.ts";
import type { RestContext } from "./_rest_context.ts";
import { addGatewayRoutes } from "./_rest_gateway.ts";
import { addGuildRoutes } from "./_rest_guilds.ts";
import { addInteractionRoutes } from "./_rest_interactions.ts";
import { addMemberRoutes } from "./_rest_members.ts";
import { addMessageRoutes } from "./_rest_messages.ts";
import { addReactionRoutes } from "./_rest_reactions.ts";
import { RestRouter } from "./_rest_router.ts";
import { addThreadRoutes } from "./_rest_threads.ts";
import { addUserRoutes } from "./_rest_users.ts";
import { addWebhookRoutes } from "./_rest_webhooks.ts";

/** All routes of the API. */
export function createRestRouter(context: RestContext): RestRouter {
  const router = new RestRouter();
  addGatewayRoutes(router, context);
  addUserRoutes(router, context);
  addCommandRoutes(router, context);
  addInteractionRoutes(router, context);
  addWebhookRoutes(router, context);
  addMessageRoutes(router, context);
  addReactionRoutes(router, context);
  addThreadRoutes(router, context);
  addChannelRoutes(router, context);
  addMemberRoutes(router, context);
  addGuildRoutes(router, context);
  return router;
}
