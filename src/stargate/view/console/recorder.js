// A recording by microphone, or a file in its place: one field that holds one recording.
import { announce, el } from "./elements.js";
import { toInt16, waveFile } from "./wave.js";

const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const CLIPPED = 0.985;

export function recorder({ most_s, onrecording }) {
  const clock = el("span.clock", "0.0 s");
  const level = el("meter", { min: 0, max: 1, low: 0.02, high: 0.9, optimum: 0.3, value: 0, hidden: true,
    "aria-label": "Loudness" });
  const player = el("audio", { controls: true, hidden: true });
  const note = el("p", { hidden: true });
  const record = el("button", { type: "button" }, "Record");
  const pick = el("input.unseen", { type: "file", accept: "audio/*", "aria-label": "Choose a recording" });
  const choose = el("button.plain", { type: "button", onclick: () => pick.click() }, "Choose a file");
  let take = null;

  const say = (text) => { note.textContent = text; note.hidden = !text; };
  const hold = (blob, words) => {
    if (player.src) URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(blob);
    player.hidden = false;
    record.textContent = "Record again";
    say(words);
    onrecording(blob);
  };

  record.addEventListener("click", async () => {
    if (take) return finish();
    say("");
    try {
      take = await listen((heard) => show(heard));
    } catch (error) {
      say(explain(error));
      return;
    }
    record.textContent = "Stop";
    record.classList.add("live");
    player.hidden = true;
    level.hidden = false;
    onrecording(null);
    announce("Recording");
  });
  const show = ({ seconds, peak }) => {
    clock.textContent = `${seconds.toFixed(1)} s`;
    level.value = Math.sqrt(peak);
    if (seconds >= most_s) finish();
  };
  const finish = () => {
    const done = take?.stop();
    take = null;
    if (!done) return;
    record.classList.remove("live");
    level.hidden = true;
    announce(`Stopped after ${done.seconds.toFixed(0)} seconds`);
    hold(done.blob, done.clipped > 2 ? "It was too loud in places; move back a little and record again." : "");
  };
  pick.addEventListener("change", () => {
    const [file] = pick.files;
    if (!file) return;
    clock.textContent = "";
    hold(file, `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`);
  });
  return el("div.recorder",
    el("div.row", record, clock, el("span.or", "or"), choose, pick), level, player, note);
}

async function listen(tell) {
  if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
  const context = new AudioContext();
  await context.audioWorklet.addModule("recorder-worklet.js");
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
  context.createMediaStreamSource(stream).connect(tap);
  const pieces = [];
  let n = 0;
  let clipped = 0;
  tap.port.onmessage = ({ data }) => {
    const peak = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    clipped += peak > CLIPPED;
    pieces.push(toInt16(data));
    n += data.length;
    tell({ seconds: n / context.sampleRate, peak });
  };
  const stop = () => {
    tap.port.onmessage = null;
    stream.getTracks().forEach((track) => track.stop());
    context.close();
    return { blob: waveFile(pieces, context.sampleRate), seconds: n / context.sampleRate, clipped };
  };
  return { stop };
}

function explain(error) {
  return {
    NotAllowedError: "The browser was told not to let this page use the microphone. Allow it, or choose a file.",
    NotFoundError: "No microphone is there. Plug one in, or choose a file.",
    SecurityError: "Browsers give the microphone only to https pages and to this machine's own address. Choose a file.",
  }[error.name] ?? `The microphone cannot be used (${error.name}). Choose a file.`;
}
