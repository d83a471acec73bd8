/**
 * What proves that a companion lasts: recovery from all that can happen to its process and its disk, and a checker for
 * what it remembers afterwards.
 *
 * @module
 */
export {
  checkHistory,
  type EmotionPassage,
  type History,
  type HistoryFinding,
  type HistoryFindingKind,
  type HistoryVerdict,
  type KeptConversation,
  type SeenReply,
  type SentMessage,
} from "./history_checker.ts";
