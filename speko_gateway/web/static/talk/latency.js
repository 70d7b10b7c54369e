// Where the time of one answer went: a stacked bar with its numbers in words beside it.

const STAGES = [
  { key: "vadMs", name: "vad", label: "VAD", title: "noticing that the caller stopped" },
  { key: "sttMs", name: "stt", label: "STT", title: "finishing the transcript" },
  { key: "llmTtftMs", name: "llm", label: "LLM", title: "first word of the answer" },
  { key: "ttsTtfbMs", name: "tts", label: "TTS", title: "first sound of the answer" },
];

/**
 * The stages with a known time, and the rest of the total that no stage explains (waiting for the turn to end,
 * the network). Stages may overlap; the rest is never negative.
 */
export function stagesOf(latency) {
  const stages = STAGES.filter(({ key }) => latency[key] != null).map((stage) => ({ ...stage, ms: latency[stage.key] }));
  const known = stages.reduce((sum, { ms }) => sum + ms, 0);
  const rest = Math.max(0, (latency.totalMs ?? known) - known);
  if (rest < 1) return stages;
  return [...stages, { name: "rest", label: "other", title: "turn taking and transport", ms: rest }];
}

/** Build the strip for one turn, or null when nothing was measured. */
export function latencyStrip(latency, legs) {
  const stages = latency ? stagesOf(latency) : [];
  if (stages.length === 0) return null;
  const strip = element("div", "latency");
  // One stage alone would fill the bar whatever it took.
  if (stages.length > 1) strip.append(bar(stages));
  strip.append(numbers(stages, wholeOf(latency, stages), legs ?? {}));
  return strip;
}

/** The sum in words: a caller's turn is heard, an answer whose start is known is answered; else there is none. */
function wholeOf(latency, stages) {
  if (latency.totalMs != null) {
    return { label: "Answered in", ms: latency.totalMs, title: "end of the caller's speech to first sound" };
  }
  if (stages.some(({ name }) => name === "llm" || name === "tts")) return null;
  const ms = stages.reduce((sum, stage) => sum + stage.ms, 0);
  return { label: "Heard in", ms, title: "end of speech to its transcript" };
}

function bar(stages) {
  const track = element("div", "latency-bar");
  track.setAttribute("aria-hidden", "true");
  for (const stage of stages) {
    const part = element("span", `leg leg-${stage.name}`);
    part.style.flexGrow = String(Math.max(stage.ms, 1));
    track.append(part);
  }
  return track;
}

function numbers(stages, whole, legs) {
  const list = element("dl", "latency-numbers");
  if (whole) list.append(entry("total", whole.label, whole.ms, whole.title));
  for (const stage of stages) list.append(entry(stage.name, stage.label, stage.ms, describe(stage, legs)));
  return list;
}

function describe(stage, legs) {
  const leg = legs[stage.name];
  return leg ? `${stage.title}, ${leg.provider} ${leg.model}` : stage.title;
}

function entry(name, label, ms, title) {
  const group = element("div", `latency-entry leg-${name}`);
  const term = element("dt");
  const value = element("dd");
  group.title = title;
  term.textContent = label;
  value.textContent = `${Math.round(ms)} ms`;
  group.append(term, value);
  return group;
}

function element(tag, className = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  return node;
}
