/**
 * The dashboard: page, live feed, JSON API, Prometheus metrics, and the elements for other pages, on a server of its
 * own or mounted in another.
 *
 * @module
 */
export { AccessRules, type AccessRulesOptions, type OriginVerdict } from "./access_rules.ts";
export { Dashboard, type DashboardAction, type DashboardOptions } from "./dashboard.ts";
export { listen, ListenError, type Listener, type ListenOptions } from "./listen.ts";
export { ModuleServer, type ModuleServerOptions } from "./module_server.ts";
