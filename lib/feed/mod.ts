/**
 * The live feed of a companion's health: message types, the server's side as a web-standard handler, the reader's
 * side for pages and programs.
 *
 * @module
 */
export { encodeComment, encodeEvent, type StreamEvent } from "./encode_event.ts";
export {
  FeedClient,
  type FeedClientOptions,
  type FeedConnectionState,
  FeedRequestError,
} from "./feed_client.ts";
export { applyMessage, EMPTY_MODEL, type FeedModel, type Received } from "./feed_model.ts";
export { HealthFeed, type HealthFeedOptions } from "./health_feed.ts";
export type { HealthSource, HistoryQuery, HistoryResult } from "./health_source.ts";
export {
  FEED_VERSION,
  type FeedAction,
  type FeedAlert,
  type FeedAlertLevel,
  type FeedAlertState,
  type FeedEmotions,
  type FeedEstimate,
  type FeedHello,
  type FeedMemory,
  type FeedMemoryLimit,
  type FeedMemorySeries,
  type FeedMemorySite,
  type FeedMessage,
  type FeedMessageType,
  type FeedMetrics,
  type FeedPayloads,
  type FeedPlatforms,
  type FeedPoint,
  type FeedRun,
  type FeedRunState,
  type FeedRunVerdict,
  type FeedSnapshot,
  type FeedStatus,
} from "./messages.ts";
export { type ParsedEvent, parseEventStream } from "./parse_event_stream.ts";
export { parseMessage } from "./parse_message.ts";
export { toFeedMemory, type ToFeedMemoryOptions } from "./to_feed_memory.ts";
