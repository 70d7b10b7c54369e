/** Talk to a Speko agent from a browser: types of `speko-client.js`, described in docs/browser.md. */

export type SpekoClientErrorCode =
  | "CONNECTION_FAILED"
  | "MICROPHONE_FAILED"
  | "NOT_CONNECTED"
  | "INVALID_MESSAGE"
  | "DISCONNECTED";

/** Thrown by `create()`, and by sending while nothing is connected. */
export declare class SpekoClientError extends Error {
  constructor(code: SpekoClientErrorCode, message: string, cause?: unknown);
  readonly code: SpekoClientErrorCode;
  /** The original error; for a closed socket it has a `closeCode`. */
  readonly cause?: unknown;
}

export type ConversationStatus = "connecting" | "connected" | "disconnecting" | "disconnected";
export type ConversationMode = "listening" | "speaking";
export type DisconnectionReason = "user" | "agent" | "error" | "timeout" | "unknown";

/** What the agent is doing; `away` while it is not in its LiveKit room. */
export type AgentState = "listening" | "thinking" | "speaking" | "away";

/** Replace the text of the message with the same `source` and `segmentId`; append messages without one. */
export interface ConversationMessage {
  source: "agent" | "user";
  text: string;
  isFinal: boolean;
  segmentId?: string;
}

export interface DisconnectionDetails {
  reason: DisconnectionReason;
  /** The transport's own word for it. */
  message?: string;
  /** The close code of the socket, on transports that have one. */
  closeCode?: number;
}

/** All default to true. */
export interface AudioConstraints {
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
  autoGainControl?: boolean;
}

export interface ConversationOverrides {
  agent?: { prompt?: string; firstMessage?: string; language?: string };
  tts?: { voiceId?: string; speed?: number };
}

/** Who served a part of a turn. */
export interface Leg {
  provider: string;
  model: string;
}

/** Milliseconds; null where not known. */
export interface TurnLatency {
  vadMs: number | null;
  sttMs: number | null;
  eouMs: number | null;
  llmTtftMs: number | null;
  ttsTtfbMs: number | null;
  totalMs: number | null;
}

/** A finished turn as it is stored; the last one of an index wins. */
export interface Turn {
  index: number;
  source: "agent" | "user" | "system";
  text: string;
  startedAt: string;
  endedAt: string;
  interrupted: boolean;
  legs: { stt?: Leg | null; llm?: Leg | null; tts?: Leg | null };
  latency: TurnLatency;
}

/** What the server says of the session before anything else. */
export interface ReadyDetails {
  sessionId?: string;
  agentName?: string | null;
  /** True where the offline voices serve. */
  sandbox?: boolean;
  inputSampleRate?: number;
  outputSampleRate?: number;
}

export interface Callbacks {
  onConnect?: (details: { conversationId: string }) => void;
  onDisconnect?: (details: DisconnectionDetails) => void;
  onMessage?: (message: ConversationMessage) => void;
  onStatusChange?: (status: ConversationStatus) => void;
  onModeChange?: (mode: ConversationMode) => void;
  /** What does not end the conversation; errors of the server have its machine word as `code`. */
  onError?: (error: Error & { code?: string }) => void;
  onReady?: (details: ReadyDetails) => void;
  /** Loudness from 0 to 1 of the side that is named, many times a second. */
  onLevel?: (levels: { caller?: number; agent?: number }) => void;
}

export interface Devices {
  /** False joins without a microphone, to listen and to type. Default true. */
  microphone?: boolean;
  inputDeviceId?: string;
  /** Ignored by browsers that do not let pages choose. */
  outputDeviceId?: string;
  audioConstraints?: AudioConstraints;
}

export interface ConversationOptions extends Callbacks, Devices {
  transportToken?: string;
  transportUrl?: string;
  /** @deprecated `transportToken`. */
  conversationToken?: string;
  /** @deprecated `transportUrl`. */
  livekitUrl?: string;
  overrides?: ConversationOverrides;
  onAgentState?: (state: AgentState) => void;
  onTurn?: (turn: Turn) => void;
  /** Brings `livekit-client` where the page has it already; by default it is loaded from beside this module. */
  loadLiveKit?: () => Promise<unknown>;
}

export type CreateOptions = ConversationOptions;

export interface ToolCall {
  callId: string;
  name: string;
  /** JSON text. */
  arguments: string;
}

export interface RealtimeConversationOptions extends Callbacks, Devices {
  sessionId: string;
  wsUrl: string;
  wsToken: string;
  expiresAt?: string;
  inputSampleRate?: 16000 | 24000;
  outputSampleRate?: 16000 | 24000;
  /** A tool of the session that the page carries out; answer with `sendToolResult`. */
  onToolCall?: (call: ToolCall) => void;
}

interface LiveConversation {
  getId(): string;
  isOpen(): boolean;
  setMicMuted(muted: boolean): Promise<void>;
  /** From 0 to 1; values outside are clamped. */
  setVolume(volume: number): void;
  /** Go on with another microphone. What goes wrong is told to `onError`. */
  setInputDevice(deviceId: string): Promise<void>;
  /** Go on with another loudspeaker; "" is the default one. */
  setOutputDevice(deviceId: string): Promise<void>;
  /** Resolves when the conversation is over. */
  endSession(): Promise<void>;
}

export declare class VoiceConversation implements LiveConversation {
  private constructor();
  /** Throws `SpekoClientError`. */
  static create(options: CreateOptions): Promise<VoiceConversation>;
  getId(): string;
  isOpen(): boolean;
  setMicMuted(muted: boolean): Promise<void>;
  setVolume(volume: number): void;
  setInputDevice(deviceId: string): Promise<void>;
  setOutputDevice(deviceId: string): Promise<void>;
  endSession(): Promise<void>;
  sendUserMessage(text: string): void;
  sendContextualUpdate(text: string): void;
}

/** `startSession` is `VoiceConversation.create`. */
export declare const Conversation: {
  startSession(options: CreateOptions): Promise<VoiceConversation>;
};

export declare class RealtimeVoiceConversation implements LiveConversation {
  private constructor();
  /** Throws `SpekoClientError`. */
  static create(options: RealtimeConversationOptions): Promise<RealtimeVoiceConversation>;
  getId(): string;
  isOpen(): boolean;
  setMicMuted(muted: boolean): Promise<void>;
  setVolume(volume: number): void;
  setInputDevice(deviceId: string): Promise<void>;
  setOutputDevice(deviceId: string): Promise<void>;
  endSession(): Promise<void>;
  interrupt(): void;
  sendToolResult(callId: string, output: string): void;
}
