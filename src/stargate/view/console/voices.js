// The voices: how good each copy is, beside what it has to be compared with; delete and revoke.
import { get, remove } from "./api.js";
import { announce, el, sureButton, trouble } from "./elements.js";
import { day, number, percent } from "./words.js";

// The fixed scale of words, by the cosine at which each begins.
const SCALE = [
  [0.5, "a similar type of voice"],
  [0.642, "recognisable; a lenient voice check would accept it"],
  [0.779, "close; a strict voice check may accept it"],
];
const ROWS = [
  ["generic", "Generic voice"],
  ["nearest", "Nearest recorded voice"],
  ["blend", "Blend of the nearest"],
  ["copy", "This copy"],
  ["real", "The same person, for real"],
];

export async function voicesPage(account) {
  const list = el("div");
  const page = el("div.view", el("h1", "Voices"), list);
  await fill(list, account);
  return page;
}

async function fill(list, account) {
  const owner = account.role === "owner";
  const [{ data }, consents] = await Promise.all([
    get("voices"), owner ? get("voice_consents?limit=100") : { data: [] },
  ]);
  const again = () => fill(list, account);
  if (!data.length) {
    list.replaceChildren(el("div.empty", el("p", "There is no voice yet. It takes a spoken consent and about fifteen seconds of speech."),
      owner && el("a.button", { href: "#add" }, "Add a voice")));
    return;
  }
  const byId = Object.fromEntries(consents.data.map((consent) => [consent.id, consent]));
  list.replaceChildren(...data.map((voice) => card(voice, byId[voice.consent], owner, again)));
}

function card(voice, consent, owner, again) {
  const told = el("div");
  const act = (what, words) => async () => {
    try {
      await what();
      announce(words);
      await again();
    } catch (error) {
      told.replaceChildren(trouble(error));
    }
  };
  const drop = sureButton("Delete", `Delete ${voice.name} for good?`,
    act(() => remove(`voices/${voice.id}`), `${voice.name} is deleted`));
  const revoke = sureButton("Revoke consent", "Revoke, and delete every voice of it?",
    act(() => remove(`voice_consents/${voice.consent}`), "The consent is revoked"));
  return el("article.card", { "aria-label": voice.name },
    el("div",
      el("h2", voice.name),
      el("p.about", `Made ${day(voice.created_at)} by ${voice.engine} (${voice.level})`),
      consent && el("p.about", `${consent.name} agreed to: ${consent.purpose}`),
      consent && el("p.about", `Good until ${day(consent.expires_at)}`),
      el("div.actions", el("a.button", { href: `#speak/${encodeURIComponent(voice.name)}` }, "Speak"),
        owner && drop, owner && revoke), told),
    quality(voice.report));
}

function quality(report) {
  const found = report.quality;
  if (!found) {
    return el("div", el("h3", "How near it comes"),
      el("p", "Not measured: this engine hums, it copies no one."), sample(report.sample));
  }
  const rows = ROWS.filter(([name]) => name in found.cosine);
  return el("div",
    el("h3", `How near it comes: ${found.in_words}`),
    el("dl.scale", { "aria-label": "Likeness to held-out speech of the person, from 0 to 1" },
      rows.map(([name, words]) => row(name, words, found.cosine[name]))),
    el("p.words", "Likeness to speech of the person that the tuning never heard, judged by an encoder it never saw. "
      + `Lines: ${SCALE.map(([from, words]) => `from ${from} ${words}`).join("; ")}.`),
    el("p.words", measures(found)), sample(report.sample));
}

function row(name, words, value) {
  const copy = name === "copy" ? ".copy" : "";
  const fill = el("i");
  fill.style.width = `${Math.max(0, Math.min(1, value)) * 100}%`;
  const lines = SCALE.map(([from]) => {
    const line = el("b");
    line.style.left = `${from * 100}%`;
    return line;
  });
  return [el(`dt${copy}`, words), el(`dd.bar${copy}`, { "aria-hidden": "true" }, fill, lines),
    el(`dd.value${copy}`, value.toFixed(2))];
}

function measures(found) {
  const parts = [
    `Nearer than strangers in ${percent(found.above_share_of_strangers)} of pairs, than another recording of the `
      + `same person in ${percent(found.above_share_of_same_speaker_pairs)}`,
    found.wer !== null && `word errors ${percent(found.wer)}`,
    found.opinion !== null && `sound quality ${number(found.opinion)} of 5 (predicted)`,
    `${found.rtf.toFixed(2)} s of one core for a second of speech`,
  ];
  return `${parts.filter(Boolean).join("; ")}. ${found.not_measured[0].toUpperCase()}${found.not_measured.slice(1)}.`;
}

function sample(measured) {
  return measured && el("p.words", `Learnt from ${number(measured.speech_s)} s of speech, `
    + `${number(measured.snr_db)} dB above the noise.`);
}
