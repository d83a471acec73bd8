/**
 * Servers and apps that a companion talks to, speaking their real protocols on loopback: unmodified clients connect
 * by changing a base address only.
 *
 * @module
 */
export { AndroidAuthError, AndroidClosedError, AndroidFrameError } from "./android/_android_errors.ts";
export type { AndroidFault } from "./android/android_faults.ts";
export type {
  AndroidCall,
  AndroidMobileOptions,
  AndroidReplyOptions,
  AndroidSession,
  AndroidV1Options,
  GoOfflineOptions,
  MockAndroidOptions,
} from "./android/android_options.ts";
export type { AndroidMessage } from "./android/_android_wire.ts";
export { type AndroidAppState, MockAndroidClient } from "./android/mock_android_client.ts";
export { CallLog, type CallLogOptions, type CallWaitOptions, type LoggedCall } from "./call_log.ts";
export type {
  DiscordFault,
  DiscordGatewayFault,
  DiscordRestFault,
  RestFaultTarget,
} from "./discord/discord_faults.ts";
export type {
  AddChannelOptions,
  AddRoleOptions,
  AddUserOptions,
  CommandValue,
  DiscordCall,
  DiscordInvocation,
  DiscordPlaceOptions,
  DiscordReply,
  DiscordUpload,
  MockDiscordOptions,
  RateLimitNextOptions,
  SendAsUserOptions,
  WaitForReplyOptions,
} from "./discord/discord_options.ts";
export {
  CHANNEL_TYPE,
  type DiscordAttachment,
  type DiscordChannel,
  type DiscordEmbed,
  type DiscordGuild,
  type DiscordMember,
  type DiscordMessage,
  type DiscordOverwrite,
  type DiscordReaction,
  type DiscordRole,
  type DiscordThreadMetadata,
  type DiscordUser,
  readMessageText,
} from "./discord/discord_types.ts";
export { MockDiscordServer } from "./discord/mock_discord_server.ts";
export { companionReply, type ReplyRequest } from "./ollama/companion_replies.ts";
export type { EmotionPattern, ModelReply, OllamaReplyRule, ScriptedToolCall } from "./ollama/model_reply.ts";
export {
  MockOllamaServer,
  type MockOllamaOptions,
  type OllamaCall,
  type OllamaPrompt,
} from "./ollama/mock_ollama_server.ts";
export type { TokenTiming } from "./ollama/token_timing.ts";
export type { OutageOptions } from "./_outage.ts";
export {
  type FaultInjectorOptions,
  FaultInjector,
  type FaultLike,
  type InjectedFault,
} from "./faults/fault_injector.ts";
export { type FaultEntry, FaultLog, type FaultLogOptions, type FaultSource } from "./faults/fault_log.ts";
export type { FaultSchedule, FaultWindow, GilbertElliott } from "./faults/fault_schedule.ts";
export {
  type Evidence,
  formatViolation,
  type FoundViolation,
  type Violation,
  ViolationLog,
  type ViolationLogOptions,
  type ViolationRule,
} from "./violations.ts";
export { MockVoiceServer } from "./voice/mock_voice_server.ts";
export type { RoomFault, SpeechFault, TranscriptionFault, VoiceFault } from "./voice/voice_faults.ts";
export type {
  MockVoiceOptions,
  SayOptions,
  TranscriptRule,
  VoiceCall,
  VoiceClip,
  VoiceReply,
  VoiceReplyOptions,
  VoiceTiming,
  VoiceUtterance,
} from "./voice/voice_options.ts";
export {
  type AddedToxic,
  FaultProxy,
  type FaultProxyOptions,
  type ProxyConnection,
} from "./faults/fault_proxy.ts";
export type {
  BandwidthToxic,
  BreakJsonToxic,
  ConnectionFault,
  CutLineToxic,
  CutToxic,
  DribbledBodyToxic,
  DuplicateToxic,
  GarbageToxic,
  LatencyToxic,
  LimitDataToxic,
  MalformedChunkToxic,
  ResetPeerToxic,
  SlicerToxic,
  SlowCloseToxic,
  SlowDripToxic,
  StallToxic,
  TimeoutToxic,
  Toxic,
} from "./faults/toxics.ts";
export type { GenerationFault, OllamaFault } from "./ollama/ollama_faults.ts";
export type { OllamaCapability, OllamaModel } from "./ollama/_ollama_models.ts";
export { type OllamaRecorder, recordOllama, type RecordOllamaOptions } from "./ollama/record_ollama.ts";
