// Detect: drop a recording, read what was found, and what cannot be seen.
import { send } from "./api.js";
import { announce, el, trouble, verdict } from "./elements.js";
import { chance, percent, when } from "./words.js";

const MANIFEST = {
  valid: "Signed here, and of this very sound",
  other_audio: "Signed here, but for another sound: the recording was changed, or the statement is another clip's",
  unknown_key: "Signed, but not by this installation",
  forged: "Forged: the signature does not fit what is stated",
  unreadable: "Not a statement that can be read",
};

export async function detectPage(account) {
  const found = el("div", { "aria-live": "polite" });
  const pick = el("input.unseen", { type: "file", multiple: true, accept: "audio/*,.json", "aria-label": "Choose a recording" });
  const drop = el("div.drop", el("p", "Drop a recording here, with its statement (.manifest.json) if there is one."),
    el("button", { type: "button", onclick: () => pick.click() }, "Choose files"), pick);
  const take = (files) => look([...files], found, account);
  pick.addEventListener("change", () => take(pick.files));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  return el("div.view", el("h1", "Was this made here?"),
    el("p.lede", "The recording is examined for the watermark, its statement, and the log of what left. It is not kept."),
    drop, found);
}

async function look(files, found, account) {
  const statement = files.find((file) => file.name.endsWith(".json"));
  const recording = files.find((file) => file !== statement);
  if (!recording) {
    found.replaceChildren(verdict("bad", "A recording is needed.", "A statement alone says nothing of a sound."));
    return;
  }
  if (recording.size > account.largest_upload_bytes) {
    found.replaceChildren(verdict("bad", "The recording is too large.", `At most ${account.largest_upload_bytes / 2 ** 20} MiB are taken; cut out a few seconds.`));
    return;
  }
  found.replaceChildren(verdict("news", `Examining ${recording.name}…`));
  try {
    const fields = { recording, ...(statement && { manifest: await statement.text() }) };
    found.replaceChildren(...tell(await send("detections", fields), recording.name));
  } catch (error) {
    found.replaceChildren(trouble(error));
  }
}

function tell(finding, name) {
  const [headline, why] = judged(finding, name);
  announce(headline);
  return [
    verdict(finding.synthetic ? "bad" : "news", headline, why),
    el("dl.looks", looks(finding).map(([what, ...words]) => el("div", el("dt", what), el("dd", words)))),
    el("section", el("h2", "What this cannot see"), el("ul", finding.limits.map((line) => el("li", line)))),
  ];
}

// What it comes to. A clip of ours or its statement vouches; the watermark alone can be wrong.
function judged(finding, name) {
  const vouched = finding.trace !== null || finding.manifest?.state === "valid";
  if (vouched) return ["Made here.", `${name} is synthetic speech that this program made.`];
  if (finding.synthetic) {
    return ["Our watermark was found.", `${name} was probably made by this program. Up to one recording in a hundred of people's own speech is taken for marked too: ask for its statement before you rely on this.`];
  }
  if (finding.probability === null) {
    return ["No speech to judge.", `No speech was found in ${name}, and our watermark tells something in speech alone. Nothing else of ours was found.`];
  }
  return ["Nothing of ours was found.", `${name} carries no sign of this program. It may still be synthetic, or real.`];
}

function looks(finding) {
  const { trace, manifest, content_credential: credential } = finding;
  return [
    ["Watermark", ...watermark(finding)],
    ["Statement", manifest ? MANIFEST[manifest.state] ?? manifest.state : "None was given",
      manifest?.claim?.clip && el("small", `It speaks of clip ${manifest.claim.clip}.`)],
    ["Content credential", credential ? `In the file: ${credential}` : "None in the file",
      el("small", "It is lost when the file is converted, and anyone may sign one.")],
    ["Where it came from", trace ? el("span.hash", trace.clip_id) : "No clip that left here for you matches",
      trace && el("small", `Voice ${trace.voice_id}, ${when(trace.created_s)}; ${percent(trace.bit_error_rate)} of the fingerprint's bits differ (half would be chance).`),
      payload(finding)],
  ];
}

// The score tells something in speech alone.
function watermark({ probability, score, speed }) {
  const scored = `score ${score.toFixed(2)} of 1`;
  if (probability === null) return ["Not judged", el("small", `Without speech the ${scored} tells nothing.`)];
  const played = speed === 1 ? "" : ` It was found at ${speed} times the speed.`;
  return [el("span.chance", chance(probability)),
    el("small", `is the chance that it carries our watermark (${scored}).${played}`)];
}

// The keyed payload of the clip, where it could be read.
function payload(finding) {
  const chance = finding.trace?.payload_chance;
  return chance != null && el("small", `Its keyed payload was read: chance alone would show it with probability ${chance.toExponential(0)}.`);
}
