// Rules, events and measures in plain words.
const MENDS = {
  wrong_phrase: "Ask for a new phrase and read it word for word, in a quiet room.",
  wrong_nonce: "Ask for a new phrase; the last four words must all be said, in order.",
  wrong_name: "Ask for a new phrase and begin with the name.",
  phrase_spent: "A phrase is good for one answer and ten minutes. Ask for a new one.",
  consent_synthetic: "A consent has to be spoken by a person, live.",
  replayed_consent: "A recording can be used for one consent only. Ask for a new phrase and say it.",
  recording_unreadable: "Use a WAV, FLAC, MP3, Ogg or M4A recording of speech.",
  sample_too_short: "Record about fifteen seconds of speech.",
  sample_too_long: "Record less: about fifteen seconds are enough.",
  sample_clipped: "It was too loud for the microphone. Move back a little and record again.",
  sample_noisy: "Record in a quieter room, nearer to the microphone.",
  sample_synthetic: "The sample was made by a machine. Only a person's own speech can be used.",
  two_speakers: "Only one person may be heard in the sample.",
  another_speaker: "The sample must be of the person who said the consent.",
  name_taken: "Choose another name.",
  unreachable: "Look whether it is still running, then try again. What was recorded or written here is kept.",
  quota: "Wait until tomorrow, or let the operator raise the limit.",
};
export const mend = (code) => MENDS[code] ?? "";
export const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");

const EVENTS = {
  consent_asked: "a consent was asked for",
  consent_given: "a consent was given",
  consent_revoked: "a consent was revoked",
  enrolment_asked: "an enrolment was asked for",
  enrolment_cancelled: "an enrolment was cancelled",
  enrolment_resumed: "an enrolment was resumed",
  voice_enrolled: "a voice was enrolled",
  voice_deleted: "a voice was deleted",
  voice_forbidden: "a voice was forbidden",
  speech_started: "speech began",
  spoken: "a clip left",
  speech: "a clip was being made",
  detected: "a recording was examined",
};
export const eventWords = (event) => EVENTS[event] ?? event;

const GAP = "\u00a0"; // keeps a number and its unit on one line
export const number = (x) => Number(x).toLocaleString("en", { maximumFractionDigits: 1 });
export const when = (time_s) => new Date(time_s * 1000).toLocaleString("en", {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
});
export const day = (time_s) => new Date(time_s * 1000).toLocaleDateString("en", {
  year: "numeric", month: "long", day: "numeric",
});
export const percent = (x) => {
  if (x > 0.999) return `over 99.9${GAP}%`;
  if (x < 0.001) return `under 0.1${GAP}%`;
  return `${(100 * x).toFixed(1)}${GAP}%`;
};
// The chance of a mark is stated between these two; so few windows cannot show more.
export const chance = (x) => {
  const tenths = Math.round(1000 * x); // of a per cent, as shown: 0.01 may come a hair above it
  if (tenths >= 990) return `99${GAP}% or more`;
  if (tenths <= 10) return `1${GAP}% or less`;
  return percent(x);
};
