// The audit: what was done and refused, and whether none of it was edited.
import { get } from "./api.js";
import { announce, el, trouble, verdict } from "./elements.js";
import { eventWords, sentence, when } from "./words.js";

export async function auditPage() {
  const body = el("tbody");
  const told = el("div");
  const more = el("button.plain", { type: "button", hidden: true }, "Show older");
  let last = null;
  const load = async () => {
    const { data, has_more } = await get(`audit?limit=30${last ? `&before=${last}` : ""}`);
    body.append(...data.map(line));
    last = data.at(-1)?.sequence ?? last;
    more.hidden = !has_more;
  };
  more.addEventListener("click", () => load().catch((error) => told.replaceChildren(trouble(error))));
  const check = el("button", { type: "button", onclick: () => verify(told) }, "Verify the chain");
  await load();
  const head = ["Entry", "When", "What", "About", "More"].map((word) => el("th", { scope: "col" }, word));
  const table = el("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Entries of the audit" },
    el("table.log", el("thead", el("tr", head)), body));
  return el("div.view", el("h1", "Audit"),
    el("p.lede", "Each entry holds the hash of the one before it, so that none can be changed, removed or slipped in unseen."),
    el("div.actions", check), told,
    el("section", body.children.length ? table : el("div.empty", el("p", "Nothing has happened yet.")), el("div.actions", more)));
}

async function verify(told) {
  told.replaceChildren(verdict("news", "Computing every hash anew…"));
  try {
    const { ok, faults, n_entries, newest_hash } = await get("audit/verification");
    announce(ok ? "The audit is whole" : "The audit was edited");
    told.replaceChildren(ok
      ? verdict("good", `All ${n_entries} entries are as they were written.`,
        el("p.why", "Newest hash: ", el("span.hash", newest_hash)),
        "Keep it elsewhere: it shows if the end is ever cut off.")
      : verdict("bad", "The audit was edited.", ...faults.map(sentence)));
  } catch (error) {
    told.replaceChildren(trouble(error));
  }
}

function line({ sequence, time_s, event, subject, detail }) {
  const refused = event === "refused";
  const what = refused ? `refused: ${eventWords(detail.asked ?? "")}` : eventWords(event);
  const { asked, rule, message, ...rest } = detail;
  const words = refused ? `${message} (${rule})`
    : Object.entries(rest).map(([name, value]) => `${name.replaceAll("_", " ")} ${short(value)}`).join(", ");
  return el(refused ? "tr.refused" : "tr", el("th", { scope: "row" }, sequence), el("td", when(time_s)),
    el("td.event", what), el("td", el("span.hash", subject)), el("td", words));
}

function short(value) {
  if (typeof value === "number") return Number(value.toPrecision(3));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}
