import type { FeedAction } from "../feed/messages.ts";
import type { HealthSource } from "../feed/health_source.ts";
import type { HealthFeed } from "../feed/health_feed.ts";
import type { AccessRules } from "./access_rules.ts";
import type { ModuleServer } from "./module_server.ts";

/** Something the viewer may ask the host to do. */
export interface DashboardAction extends FeedAction {
  /** Does it. What it throws is shown to who asked and told to `onError`. */
  run(): Promise<void> | void;
}

/** All that the routes of a dashboard answer from. */
export interface DashboardApp {
  readonly source: HealthSource;
  readonly feed: HealthFeed;
  readonly modules: ModuleServer;
  readonly access: AccessRules;
  readonly title: string | undefined;
  readonly token: string | undefined;
  readonly readToken: string | undefined;
  readonly pageCarriesToken: boolean;
  readonly actions: readonly DashboardAction[];
  readonly onError: (error: unknown) => void;
}
