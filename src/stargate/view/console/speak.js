// Speak: type, hear it as it is made, keep it with its signed statement.
import { ask, broken, get, post } from "./api.js";
import { announce, download, el, field, trouble, verdict } from "./elements.js";
import { Player } from "./player.js";
import { number } from "./words.js";
import { waveFile } from "./wave.js";

const RATE_HZ = 24_000;
const FORMATS = [["wav", "WAV, with its content credential"], ["flac", "FLAC"], ["mp3", "MP3"], ["opus", "Opus"], ["aac", "AAC"]];

export async function speakPage(account, wanted) {
  const { voices } = await get("voices");
  if (!voices.length) {
    return el("div.view", el("h1", "Speak"), el("div.empty", el("p", "There is no voice yet that could speak."),
      account.role === "owner" && el("a.button", { href: "#add" }, "Add a voice")));
  }
  const most = account.characters_per_request;
  const voice = el("select", voices.map((name) => el("option", { value: name, selected: name === wanted }, name)));
  const text = el("textarea", { required: true, maxLength: most, placeholder: "Dr. Smith paid $2.50 on the 21st." });
  const count = el("small");
  const speed = el("input", { type: "range", min: 0.5, max: 2, step: 0.05, value: 1 });
  const pace = el("output", "1.00");
  const kind = el("select", FORMATS.map(([name, words]) => el("option", { value: name }, words)));
  const listen = el("button", "Listen");
  const stop = el("button.plain", { type: "button", disabled: true }, "Stop");
  const make = el("button.plain", { type: "button" }, "Make a file");
  const told = el("div");
  let used = account.characters_used;
  const tell = () => { count.textContent = `${text.value.length} of ${most} characters; ${number(account.characters_per_day - used)} left today`; };
  const recount = async () => {
    used = (await get("account")).characters_used;
    tell();
  };
  text.addEventListener("input", tell);
  speed.addEventListener("input", () => { pace.textContent = Number(speed.value).toFixed(2); });
  tell();

  const body = (format) => ({ model: "-", voice: voice.value, input: text.value, speed: Number(speed.value), response_format: format });
  const guarded = (act) => async (event) => {
    event?.preventDefault();
    if (!form.reportValidity()) return;
    [listen, make].forEach((button) => { button.disabled = true; });
    told.replaceChildren(verdict("news", "The first words are being made…"));
    try {
      await act();
    } catch (error) {
      told.replaceChildren(error.name === "AbortError" ? verdict("news", "Stopped.", "What was heard is logged.") : trouble(error));
    }
    [listen, make].forEach((button) => { button.disabled = false; });
    stop.disabled = true;
    recount().catch(() => {}); // what went wrong is told already
  };
  const said = field("Text", text, "", "div.field.wide");
  said.append(count);
  const form = el("form", field("Voice", voice), said,
    el("div.fields", field(["Speed ", pace], speed, "1 is the voice's own"), field("Format of a file", kind)),
    el("div.actions", listen, stop, make), told);
  const stream = () => play(body("pcm"), stop, told);
  form.addEventListener("submit", guarded(stream));
  make.addEventListener("click", guarded(() => save(body(kind.value), kind.value, voice.value, told)));
  return el("div.view", el("h1", "Speak"),
    el("p.lede", "What is said is marked before it leaves: the watermark stays in the sound, the signed statement goes beside it."), form);
}

async function play(body, stop, told) {
  const player = new Player(RATE_HZ);
  const stopped = new AbortController();
  stop.disabled = false;
  stop.onclick = () => { stopped.abort(); player.stop(); };
  const begun = performance.now();
  const answer = await ask("speech", {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal: stopped.signal,
  });
  const clip = answer.headers.get("X-Clip-Id");
  const reader = answer.body.getReader();
  let first = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(broken);
    if (done) break;
    first ||= performance.now() - begun;
    player.push(value);
    told.replaceChildren(verdict("news", "Speaking…", `${number(player.seconds)} s so far`));
  }
  const { manifest } = await get(`clips/${clip}`);
  announce("The clip is complete");
  told.replaceChildren(verdict("good", `${number(player.seconds)} s of speech, watermarked and signed.`,
    `First sound after ${first < 100 ? "less than 0.1" : number(first / 1000)} s. Clip ${clip}.`,
    kept(clip, waveFile(player.pieces, RATE_HZ), "wav", manifest)));
}

async function save(body, format, voice, told) {
  const answer = await post("speech", body);
  const clip = answer.headers.get("X-Clip-Id");
  const blob = await answer.blob();
  const { manifest, duration_s } = await get(`clips/${clip}`);
  told.replaceChildren(verdict("good", `${number(duration_s)} s of speech in a file of ${number(blob.size / 1000)} kB, watermarked and signed.`,
    `Clip ${clip}.`, kept(clip, blob, format, manifest)));
}

function kept(clip, blob, format, manifest) {
  const statement = new Blob([JSON.stringify(manifest)], { type: "application/json" });
  const audio = el("audio", { controls: true, src: URL.createObjectURL(blob), "aria-label": "The clip" });
  return el("div", audio, el("div.actions",
    el("button", { type: "button", onclick: () => download(`${clip}.${format}`, blob) }, `Download ${format.toUpperCase()}`),
    el("button.plain", { type: "button", onclick: () => download(`${clip}.${format}.manifest.json`, statement) }, "Download its statement")));
}
