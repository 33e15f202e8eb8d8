// Signs in with a key and shows the page that the address names.
import { get, key, signIn, signOut } from "./api.js";
import { addPage } from "./add.js";
import { auditPage } from "./audit.js";
import { detectPage } from "./detect.js";
import { el, field, trouble, verdict } from "./elements.js";
import { speakPage } from "./speak.js";
import { voicesPage } from "./voices.js";

const PAGES = { voices: voicesPage, add: addPage, speak: speakPage, detect: detectPage, audit: auditPage };
const OWNERS = new Set(["add", "audit"]);
const content = document.getElementById("content");
const tabs = document.getElementById("tabs");
const who = document.getElementById("who");
let turn = 0;

function takeKeyFromAddress() {
  const given = location.hash.match(/^#key=(.+)$/);
  if (!given) return;
  signIn(decodeURIComponent(given[1]));
  history.replaceState(null, "", location.pathname);
}

async function show() {
  const mine = ++turn;
  if (location.hash === "#content") return;
  const [name, wanted = ""] = location.hash.slice(1).split("/");
  const page = name in PAGES ? name : "voices";
  if (!key()) return showSignIn();
  content.setAttribute("aria-busy", "true");
  let made;
  try {
    const account = await get("account");
    showAccount(account, page);
    made = await PAGES[page](account, decodeURIComponent(wanted));
  } catch (error) {
    if (error.status === 401) return showSignIn("This key is not known here.");
    made = el("div.view", el("h1", "That did not work"), trouble(error),
      el("div.actions", el("button", { type: "button", onclick: show }, "Try again")));
  }
  if (mine === turn) put(made);
}

function put(made) {
  content.firstElementChild?.leave?.();
  content.replaceChildren(made);
  content.removeAttribute("aria-busy");
  document.title = `${made.querySelector("h1").textContent} - Stargate voices`;
}

function showAccount(account, page) {
  who.replaceChildren(el("span", `${account.tenant}, ${account.role}`),
    el("button.link", { type: "button", onclick: () => { signOut(); showSignIn(); } }, "Sign out"));
  who.hidden = tabs.hidden = false;
  for (const tab of tabs.querySelectorAll("a")) {
    const of = tab.getAttribute("href").slice(1);
    tab.hidden = OWNERS.has(of) && account.role !== "owner";
    if (of === page) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function showSignIn(problem = "") {
  signOut();
  turn += 1; // what is still on its way is not to be shown
  who.hidden = tabs.hidden = true;
  const given = el("input", { type: "password", required: true, autocomplete: "off", spellcheck: false, placeholder: "sk-…" });
  const form = el("form.signin", field("Key", given, "It is kept in this tab alone, until the tab is closed."),
    el("div.actions", el("button", "Sign in")), problem && verdict("bad", problem));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signIn(given.value);
    show();
  });
  put(el("div.view", el("h1", "Sign in"),
    el("p.lede", "Keys are made on the machine that serves this page: ", el("code", "stargate voice key owner"), "."), form));
  given.focus();
}

takeKeyFromAddress();
addEventListener("hashchange", () => { show(); content.focus(); });
show();
