// Elements as calls: el("p.why", "text") and el("button", {onclick}, "Say"). Text is never markup.
import { mend, sentence } from "./words.js";

export function el(kind, ...parts) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const part of parts.flat(Infinity)) {
    if (part === null || part === undefined || part === false) continue;
    if (part instanceof Node || typeof part !== "object") made.append(part);
    else set(made, part);
  }
  return made;
}

function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list" && name !== "form") made[name] = value;
    else made.setAttribute(name, value);
  }
}

let n = 0;
// A field with its label above and what it is for below.
export function field(label, control, hint = "", kind = "div.field") {
  control.id ||= `field-${++n}`;
  const told = hint && el("small", { id: `${control.id}-hint` }, hint);
  if (told) control.setAttribute("aria-describedby", told.id);
  return el(kind, el("label", { htmlFor: control.id }, label), control, told);
}

export function verdict(kind, headline, ...why) {
  const told = why.filter(Boolean).map((line) => (line instanceof Node ? line : el("p.why", line)));
  return el(`div.verdict.${kind}`, { role: kind === "bad" ? "alert" : "status" },
    el("p", el("strong", headline)), told);
}

// What went wrong and what mends it. An unanswered request is no refusal: it can be sent again.
export const trouble = (error) => verdict("bad", sentence(error.message), mend(error.code));

export function announce(text) {
  document.getElementById("announce").textContent = text;
}

// What is grave is asked twice, in place: the first press arms the button for some seconds.
export function sureButton(label, question, act) {
  const button = el("button.grave", { type: "button" }, label);
  let timer = 0;
  const calm = () => {
    clearTimeout(timer);
    button.classList.remove("sure");
    button.textContent = label;
  };
  button.addEventListener("click", async () => {
    if (!button.classList.contains("sure")) {
      button.classList.add("sure");
      button.textContent = question;
      announce(question);
      timer = setTimeout(calm, 6000);
      return;
    }
    calm();
    button.disabled = true;
    await act().finally(() => { button.disabled = false; });
  });
  button.addEventListener("blur", calm);
  return button;
}

export function download(name, blob) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
