// Add a voice in three steps: a phrase, the phrase spoken, a sample; then follow the enrolment.
import { events, get, post, send } from "./api.js";
import { announce, el, field, sureButton, trouble, verdict } from "./elements.js";
import { recorder } from "./recorder.js";
import { mend, number, when } from "./words.js";

const PURPOSES = "Be plain: reading my letters aloud, the narrator of our course";

export async function addPage(account) {
  const jobs = el("section", { "aria-label": "Enrolments" });
  const flow = el("ol.steps");
  const page = el("div.view", el("h1", "Add a voice"),
    el("p.lede", "The person whose voice it is has to be here. They say aloud that they agree, then speak for about fifteen seconds."),
    flow, jobs);
  const following = new AbortController();
  page.leave = () => following.abort();
  begin(flow, account, () => showJobs(jobs, following.signal));
  await showJobs(jobs, following.signal);
  return page;
}

function begin(flow, account, submitted) {
  const state = { consent: null };
  const steps = ["Who agrees, and to what", "Say the phrase", "Give a sample"].map((title) => {
    const body = el("div");
    return { body, item: el("li.later", el("h2", title), body) };
  });
  flow.replaceChildren(...steps.map(({ item }) => item));
  const go = (i) => steps.forEach(({ item }, at) => {
    item.className = at < i ? "done" : at === i ? "now" : "later";
  });

  const start = () => {
    go(0);
    steps.slice(1).forEach(({ body }) => body.replaceChildren());
    askFor(steps[0].body, (asked) => {
      state.consent = asked;
      steps[0].body.replaceChildren(el("p", `${asked.name}, for: ${asked.purpose}`));
      go(1);
      answer(steps[1].body, asked, start, (given) => {
        steps[1].body.replaceChildren(verdict("good", "The consent is accepted.",
          "The words were right, and no watermark was heard. Whether it is the same person is checked with the sample."));
        go(2);
        sample(steps[2].body, account, given, () => { start(); submitted(); });
      });
    });
  };
  start();
}

function askFor(body, done) {
  const name = el("input", { type: "text", required: true, maxLength: 100, autocomplete: "name" });
  const purpose = el("input", { type: "text", required: true, maxLength: 100 });
  const told = el("div");
  const form = el("form", field("Name of the person", name), field("What the voice is for", purpose, PURPOSES),
    el("div.actions", el("button", "Show the phrase")), told);
  form.addEventListener("submit", guarded(form, told, async () => {
    done(await (await post("voice_consents/phrases", { speaker: name.value, purpose: purpose.value })).json());
  }));
  body.replaceChildren(form);
}

function answer(body, asked, again, done) {
  let recording = null;
  const told = el("div");
  const check = el("button", { disabled: true }, "Check it");
  const held = recorder({ most_s: 60, onrecording: (blob) => { recording = blob; check.disabled = !blob; } });
  const form = el("form", el("blockquote.phrase", asked.phrase),
    el("p", "Read it aloud as it stands, in a quiet room. It is good for ten minutes and one answer."),
    held, el("div.actions", check, el("button.plain", { type: "button", onclick: again }, "Another phrase")), told);
  form.addEventListener("submit", guarded(form, told, async () => {
    told.replaceChildren(verdict("news", "Listening to what was said…"));
    try {
      done(await send("voice_consents", { name: asked.name, language: asked.language, phrase: asked.id, recording }));
    } catch (error) {
      if (error.code !== "unreachable") [check, held].forEach((spent) => spent.remove());
      throw error;
    }
  }));
  body.replaceChildren(form);
}

function sample(body, account, consent, done) {
  let recording = null;
  const told = el("div");
  const name = el("input", { type: "text", required: true, maxLength: 100, value: consent.name.split(" ")[0].toLowerCase() });
  const enrol = el("button", { disabled: true }, "Learn the voice");
  const held = recorder({ most_s: account.longest_sample_s, onrecording: (blob) => { recording = blob; enrol.disabled = !blob; } });
  const form = el("form",
    el("p", `Speak freely, or read anything: about fifteen seconds, at least ${number(account.least_speech_s)} s of speech, at most ${number(account.longest_sample_s)} s. One person, no music.`),
    held, el("div.actions"), field("Name of the voice", name), el("div.actions", enrol), told);
  form.addEventListener("submit", guarded(form, told, async () => {
    await send("enrolments", { name: name.value, consent: consent.id, audio_sample: recording });
    announce("The enrolment is in the queue");
    done();
  }));
  body.replaceChildren(form);
}

// Submits once at a time, and says in plain words why something was refused and what would mend it.
function guarded(form, told, act) {
  return async (event) => {
    event.preventDefault();
    const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
    buttons.forEach((button) => { button.disabled = true; });
    told.replaceChildren();
    try {
      await act();
    } catch (error) {
      told.replaceChildren(trouble(error));
    }
    buttons.forEach((button) => { button.disabled = false; });
  };
}

async function showJobs(section, signal) {
  const { data } = await get("enrolments");
  if (!data.length) return;
  section.replaceChildren(el("h2", "Enrolments"),
    el("p", "They go on when this page is closed, and after a restart of the service. The recording is kept encrypted until one ends, and erased then."),
    ...data.slice(0, 10).map((job) => follow(job, signal)));
}

function follow(job, signal) {
  const box = el("div.job", { "aria-label": `Enrolment of ${job.name}` });
  const again = (changed) => { draw(box, changed, again); watch(changed); };
  const watch = async (from) => {
    if (from.state !== "waiting" && from.state !== "running") return;
    try {
      for await (const now of events(`enrolments/${from.id}/events`, signal)) draw(box, now, again);
    } catch (error) {
      if (signal.aborted) return;
      setTimeout(() => watch(from), 3000);
    }
  };
  again(job);
  return box;
}

function draw(box, job, again) {
  const open = job.state === "waiting" || job.state === "running";
  const told = el("div");
  const step = async (what) => {
    try {
      again(await (await post(`enrolments/${job.id}/${what}`)).json());
    } catch (error) {
      told.replaceChildren(trouble(error));
    }
  };
  const cancel = sureButton("Cancel", "Cancel, and erase the recording?", () => step("cancel"));
  const ends = {
    done: () => verdict("good", "The voice is ready.", `It took ${number(job.cpu_s)} s of processor time and ${number(job.peak_bytes / 1e9)} GB of memory.`),
    refused: () => verdict("bad", `Refused: ${job.message}.`, mend(job.rule), "The recording is erased."),
    failed: () => verdict("bad", `It failed: ${job.message}.`, "The recording is kept, encrypted, so that it can be tried again."),
    cancelled: () => verdict("news", "Cancelled.", "The recording is erased."),
  };
  box.dataset.state = job.state;
  box.replaceChildren(
    el("div.head", el("strong", job.name), el("span", open ? `${job.step}, ${Math.round(job.share * 100)} %` : when(job.created_at))),
    open ? el("progress", { max: 1, value: job.share, "aria-label": `Progress of ${job.name}` }) : ends[job.state](),
    el("div.actions",
      job.state === "done" && el("a.button", { href: `#speak/${encodeURIComponent(job.name)}` }, "Speak"),
      job.state === "done" && el("a", { href: "#voices" }, "How good is it?"),
      job.state === "failed" && el("button", { type: "button", onclick: () => step("resume") }, "Try again"),
      (open || job.state === "failed") && cancel), told);
  if (!open) announce(`Enrolment of ${job.name}: ${job.state}`);
}
