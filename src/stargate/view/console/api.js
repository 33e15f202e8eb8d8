// Talks to the API with a key that lives as long as this tab. No cookie is used, so no other page
// can act in a reader's name.
const KEY = "stargate-voice-key";

export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const key = () => sessionStorage.getItem(KEY) ?? "";
export const signIn = (given) => sessionStorage.setItem(KEY, given.trim());
export const signOut = () => sessionStorage.removeItem(KEY);

export async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${key()}`, ...options.headers };
  const answer = await fetch(`/v1/audio/${path}`, { ...options, headers }).catch(broken);
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

// What breaks off: stopped by whoever asked, or by the service that went away.
export function broken(error) {
  throw error.name === "AbortError" ? error : new Refusal(0, "unreachable", "The service does not answer.");
}

async function refusal(answer) {
  const { error } = await answer.json().catch(() => ({ error: null }));
  return new Refusal(answer.status, error?.code ?? "unknown", error?.message ?? answer.statusText);
}

export const get = async (path) => (await ask(path)).json();
export const remove = async (path) => (await ask(path, { method: "DELETE" })).json();
export const post = (path, body) => ask(path, {
  method: "POST", body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json" },
});
export const send = async (path, fields) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof File) form.append(name, value, value.name);
    else if (value instanceof Blob) form.append(name, value, "recording.wav");
    else form.append(name, value);
  }
  return (await ask(path, { method: "POST", body: form })).json();
};

// Server-sent events over fetch, since EventSource cannot send a key.
export async function* events(path, signal) {
  const reader = (await ask(path, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const event of whole) if (event.startsWith("data: ")) yield JSON.parse(event.slice(6));
  }
}
